"""The values that a call can have, and which pairs of them are possible."""
