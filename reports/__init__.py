"""How the answers differ: judging, comparing, diagnosing, and the reports that people and CI read."""
