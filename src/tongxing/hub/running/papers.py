"""What a day hands out, by the file it lies in: verdicts, statements, checkpoint, payments.

All of it is read from the books, so it can be written again at any time, the same.
"""

from collections.abc import Callable, Iterable, Iterator

from tongxing.checkpoint import CHECKPOINT_FILE, VERIFIER_FILE
from tongxing.hub.closing import (
    CAMT_053,
    CARRIED_VERDICTS,
    CASE_DETAIL,
    CSV,
    HELD,
    ISSUER_DETAIL,
    KINDS,
    MARKS,
    PAGE,
    STATEMENT,
    TEXT,
)
from tongxing.hub.running.folders import REPORT, safe
from tongxing.hub.store import Cursor
from tongxing.hub.store import checkpoints as checkpoint_table
from tongxing.hub.store import days as day_table
from tongxing.hub.store import payments as payment_table
from tongxing.hub.store import windows as window_table
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.texts import LANGUAGES

PUBLIC = "public"
KEYS = f"out/{PUBLIC}/{VERIFIER_FILE}"
"""The hub's public keys. It grows with each change, so it is in no day's list."""
_NAMES = {
    STATEMENT: "statement",
    ISSUER_DETAIL: "issuer-detail",
    CASE_DETAIL: "cases",
    CAMT_053: "camt.053.xml",
    CSV: "statement.csv",
    MARKS: "marks.csv",
    HELD: "held.csv",
    **{TEXT + language: f"statement.{language}.txt" for language in LANGUAGES},
    **{PAGE + language: f"statement.{language}.html" for language in LANGUAGES},
}

Paper = tuple[str, bytes]
"""A file under ``out`` or ``bank/out``, by its path from the hub's folder, and its bytes."""

Maker = Callable[[Cursor, str], Iterator[Paper]]


def answers(cursor: Cursor, window_id: str) -> Iterator[Paper]:
    """The verdicts of a window: of every file, and of records that were decided later."""
    for sender, file_id, content in day_table.verdict_files(cursor, window_id):
        yield f"out/{safe(sender)}/{window_id}/verdicts/{safe(file_id)}", content
    later = window_table.load_documents(cursor, window_id, [CARRIED_VERDICTS])[CARRIED_VERDICTS]
    for party, content in later.items():
        sender, _, name = party.partition("/")
        yield f"out/{safe(sender)}/{window_id}/verdicts/{safe(name.replace('/', '-'))}", content


def documents(cursor: Cursor, window_id: str) -> Iterator[Paper]:
    """What a closed window says to each member, and what everybody may read of it."""
    for kind, by_party in window_table.load_documents(cursor, window_id, KINDS).items():
        for party, content in by_party.items():
            yield f"out/{safe(party)}/{window_id}/{_NAMES[kind]}", content
    kept = checkpoint_table.load_checkpoint(cursor, window_id)
    if kept is not None:
        yield f"out/{PUBLIC}/{window_id}/{CHECKPOINT_FILE}", kept.content


def payments(cursor: Cursor, window_id: str) -> Iterator[Paper]:
    """The messages of a window's payments."""
    for payment in payment_table.load_payments(cursor, window_id):
        yield payment_path(window_id, payment.instruction.instruction_id), payment.message


def payment_path(window_id: str, name: str) -> str:
    """Where the message of a payment lies."""
    return f"bank/out/{window_id}/{safe(name)}{REPORT}"


def list_of(papers: Iterable[Paper]) -> bytes:
    """Path and SHA-256 of each paper, as ``sha256sum --check`` reads them."""
    lines = [f"{sha256_hex(content)}  {path}\n" for path, content in papers]
    return "".join(sorted(lines, key=lambda line: line.partition("  ")[2])).encode()
