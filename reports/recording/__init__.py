"""A run on disk: targets, options, sampling, session, resume."""
