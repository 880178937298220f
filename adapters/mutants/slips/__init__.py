"""The slips: each module holds functions, each of which answers a call wrongly in one way."""
