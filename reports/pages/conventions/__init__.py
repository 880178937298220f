"""Pages of what words and calls mean in each framework: paddings, indices, and what the definition leaves open."""
