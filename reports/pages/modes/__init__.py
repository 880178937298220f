"""Pages about modes beside each other: what is inferred and what is run, eager and compiled."""
