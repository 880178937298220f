"""A case and the laws of its shapes. A worker imports this: standard library and NumPy only."""
