"""Try an adapter by itself, before any case runs."""
