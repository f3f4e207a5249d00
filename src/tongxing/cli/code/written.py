"""Where the code commands put files: what lies there is not lost unless the caller said so.

Nothing but a regular file is ever replaced, and errors tell the name as it was typed.
"""

import errno
from pathlib import Path

from tongxing.cli.code.given import given_code
from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.code.layout import parse_code

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def refuse_existing(path: Path, may_replace: bool) -> None:
    """Raises Problem(CODE_FILE_EXISTS) for a regular file that nobody said may go."""
    if path.is_file() and not may_replace:
        raise Problem("CODE_FILE_EXISTS", str(path))


def refuse_input(path: Path, given: Path) -> None:
    """Raises Problem(CODE_OUT_IS_INPUT) when what is to be written is what was read."""
    if path.exists() and given.exists() and path.samefile(given):
        raise Problem("CODE_OUT_IS_INPUT", str(path))


def holds_ride_code(path: Path) -> bool:
    """Whether a file is a ride code in a form that is read back (an SVG drawing is not)."""
    try:
        given = given_code(path)
    except (Problem, OSError):
        return False
    return not isinstance(given if isinstance(given, Refusal) else parse_code(given), Refusal)


def put(path: Path, content: bytes) -> None:
    """Write a file whole. Raises Problem(CODE_FILE_UNWRITABLE), or OSError for a full disk."""
    try:
        write_whole(path, content)
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise Problem("CODE_FILE_UNWRITABLE", str(path)) from error
