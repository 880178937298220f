"""The page of coverage: the values that the cases have, and the values that each target is asked."""
