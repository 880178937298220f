"""The slips: functions, each of which answers a call wrongly in one way.

The first sentence of a slip's docstring says what the wrong implementation does.
"""
