"""The page of coverage: which values the cases have, and which each target is asked."""
