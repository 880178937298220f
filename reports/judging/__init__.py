"""One verdict for each answer: compare, diagnose, and look up what is accepted."""
