"""The pages of the tutorial's claims and readings."""
