"""What the offline commands are given: the hub's public key, notes and proofs in files."""

from pathlib import Path

from tongxing.checkpoint import VERIFIER_FILE, Verifier, read_verifier
from tongxing.checkpoint.notes import NOTE_BYTES_MAX
from tongxing.cli.common import granted, settings
from tongxing.kernel.reasons import Problem

_KEY_CHARS_MAX = 1_024


def given_verifier(given: str | None) -> Verifier:
    """The key that was given, else the one beside the statements of the home folder.

    Raises Problem(VERIFIER_MISSING) or VERIFIER_MALFORMED.
    """
    kept = settings().home / "statements" / VERIFIER_FILE
    if given is None and not kept.is_file():
        raise Problem("VERIFIER_MISSING", str(kept))
    path = kept if given is None else Path(given)
    text = given or ""
    try:
        if path.is_file():
            with path.open(encoding="ascii", errors="replace") as file:
                text = file.read(_KEY_CHARS_MAX)
    except OSError as error:
        raise Problem("VERIFIER_MISSING", f"{path}: {error.strerror}") from error
    return granted(read_verifier(text))


def note_in(path: Path) -> bytes:
    """What a checkpoint or proof file holds; of one that is too large to be one, only so much that
    it is refused."""
    with path.open("rb") as file:
        return file.read(NOTE_BYTES_MAX + 1)
