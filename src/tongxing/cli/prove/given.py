"""What the offline commands are given: the hub's public key, notes and proofs in files."""

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from tongxing.checkpoint import VERIFIER_FILE, Succession, read_succession
from tongxing.checkpoint.notes import NOTE_BYTES_MAX
from tongxing.checkpoint.succession import FILE_CHARS_MAX
from tongxing.cli.common import granted, settings
from tongxing.kernel.reasons import Problem, Refusal

Answer = TypeVar("Answer")


def given_keys(given: str | None) -> Succession:
    """The keys that were given, else those beside the statements of the home folder.

    Raises Problem(VERIFIER_MISSING) and as `read_succession` refuses.
    """
    kept = settings().home / "statements" / VERIFIER_FILE
    if given is None and not kept.is_file():
        raise Problem("VERIFIER_MISSING", str(kept))
    path = kept if given is None else Path(given)
    text, where = given or "", "--key"
    try:
        if path.is_file():
            where = str(path)
            with path.open(encoding="utf-8", errors="replace") as file:
                text = file.read(FILE_CHARS_MAX)
    except OSError as error:
        raise Problem("VERIFIER_MISSING", f"{path}: {error.strerror}") from error
    return granted(placed(read_succession(text), where))


def placed(found: Answer | Refusal, where: str) -> Answer | Refusal:
    """An answer; a refusal that does not say where it arose says `where`, the file or the key."""
    if isinstance(found, Refusal) and not found.where:
        return replace(found, where=where)
    return found


def note_in(path: Path) -> bytes:
    """What a checkpoint or proof file holds; of one that is too large to be one, only so much that
    it is refused."""
    with path.open("rb") as file:
        return file.read(NOTE_BYTES_MAX + 1)
