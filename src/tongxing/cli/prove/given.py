"""What the offline commands are given: the hub's public key, notes and proofs in files."""

from pathlib import Path

from tongxing.checkpoint import VERIFIER_FILE, Succession, read_succession
from tongxing.checkpoint.notes import NOTE_BYTES_MAX
from tongxing.checkpoint.succession import FILE_CHARS_MAX
from tongxing.cli.common import granted, settings
from tongxing.kernel.reasons import Problem


def given_keys(given: str | None) -> Succession:
    """The keys that were given, else those beside the statements of the home folder.

    Raises Problem(VERIFIER_MISSING) and as `read_succession` refuses.
    """
    kept = settings().home / "statements" / VERIFIER_FILE
    if given is None and not kept.is_file():
        raise Problem("VERIFIER_MISSING", str(kept))
    path = kept if given is None else Path(given)
    text = given or ""
    try:
        if path.is_file():
            with path.open(encoding="utf-8", errors="replace") as file:
                text = file.read(FILE_CHARS_MAX)
    except OSError as error:
        raise Problem("VERIFIER_MISSING", f"{path}: {error.strerror}") from error
    return granted(read_succession(text))


def note_in(path: Path) -> bytes:
    """What a checkpoint or proof file holds; of one that is too large to be one, only so much that
    it is refused."""
    with path.open("rb") as file:
        return file.read(NOTE_BYTES_MAX + 1)
