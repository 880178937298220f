"""The pages about the tutorial: its statements as claims, and its recipes as readings."""
