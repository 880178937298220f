"""``python -m reports``: the commands of ``reports.commands.verbs``."""

from __future__ import annotations

import signal
import sys

from reports.commands.verbs import main

__all__ = ("main",)

if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # end quietly when a reader such as head closes the pipe
    sys.exit(main())
