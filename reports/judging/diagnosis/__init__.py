"""From a difference to the transform that explains it."""
