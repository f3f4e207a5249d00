#!/usr/bin/env python3
"""The one door of the project: ``python3 x.py demo``, ``x.py test``, ``x.py --help``.

Standard library only. This file keeps to a form that every Python 3 can read, so that an old one
gets a clear answer and not a syntax error; everything else stands in the folder ``door``.
"""

import os
import sys

OLDEST_PYTHON = (3, 11)


def enter():
    # type: () -> int
    """Check the Python, then hand over."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:3])
        sys.stderr.write(
            "error PYTHON_TOO_OLD: Python 3.11 or newer is needed, this is " + found + " ("
            "" + sys.executable + ") - run x.py with a newer one, for example: python3.11 x.py; "
            "\u8bf7\u6539\u7528 Python 3.11 \u6216\u66f4\u9ad8\u7248\u672c\n"
        )
        return 3
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from door.main import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(enter())
