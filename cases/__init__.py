"""What is asked: the operators' calls, as data, free of any framework.

A worker imports ``cases.case``, ``cases.shapes``, ``cases.rules`` and ``cases.fill`` and has only NumPy, so those
modules import nothing else; reading YAML (``cases.schema``, ``cases.load``) is the parent's work.
"""
