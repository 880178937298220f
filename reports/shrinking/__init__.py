"""The smallest call that shows what a larger one showed."""
