"""The child's side: one adapter in one process. Standard library and NumPy only, Python 3.10 and later."""
