"""Judging: make one verdict of each answer. Compare it, diagnose its difference, and look up what is accepted."""
