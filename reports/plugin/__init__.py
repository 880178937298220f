"""pytest's side: hooks, items, progress."""
