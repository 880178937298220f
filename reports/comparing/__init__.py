"""What changed between two runs: answer by answer, in groups, and as a page."""
