"""The check of an adapter by itself, before any case runs."""
