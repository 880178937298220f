"""The dimensions in which calls vary, their values, and the pairs of values that one call can have."""
