"""Cases as test vectors: files of inputs and expected results, for programs that can't run the suite.

Nothing here judges. ``vector`` makes the arrays of a case by the code that judges answers, so that the files and the
suite hold an answer to the same result.
"""
