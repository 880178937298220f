"""What the adapters of frameworks share: the writer of programs, and the conversion of layouts and indices."""
