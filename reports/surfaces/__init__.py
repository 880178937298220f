"""Surfaces: each framework's own functions with their own words, measured, read and translated.

``catalogue/`` names the functions and their arguments. ``measure`` asks the frameworks what the words mean. ``reading``
and ``meaning`` turn a call that a user wrote into a case, and ``saying`` writes the case in other frameworks.
"""
