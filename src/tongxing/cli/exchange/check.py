"""`tongxing exchange check`: whether a file is whole and each of its lines sound."""

from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, emit_json, note, progress, say, settings
from tongxing.cli.exchange.arguments import (
    KEYS,
    KIND,
    LAYOUTS,
    VARIANT,
    book_of,
    is_line_file,
    opened,
)  # fmt: skip
from tongxing.cli.exchange.given import lines_of
from tongxing.cli.exchange.telling import doubts, name_of, refusals, unverified
from tongxing.cli.shell import command as make_command
from tongxing.exchange.text_check import FAULTS_KEPT_MAX, Survey, survey
from tongxing.exchange.text_file import TextFile
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal

WORDS = Words("exchange")


@make_command()
@click.argument("file", type=READABLE_FILE)
@KIND
@VARIANT
@LAYOUTS
@KEYS
@click.option("--for", "receiver", metavar="MEMBER", default="")
def command(
    file: Path,
    kind: str | None,
    variant: str,
    layouts: Path | None,
    keys: Path | None,
    receiver: str,
) -> int:
    if is_line_file(file):
        return _check_lines(file, keys, receiver)
    book = book_of(layouts)
    with file.open("rb") as stream:
        found = opened(stream, file, kind, variant, book, WORDS("check.looking"))
        with progress(WORDS("check.reading"), file.stat().st_size) as done:
            seen = survey(found, book, done)
    if settings().json:
        emit_json(_plain(found, seen))
    else:
        _print(found, seen)
    return 1 if seen.bad else 0


def _plain(found: TextFile, seen: Survey) -> dict[str, object]:
    return {
        "kind": found.shape.code,
        "variant": found.shape.variant.name,
        "unverified": True,
        "date": found.head.day,
        "party": found.head.party,
        "records": found.head.count,
        "sound": seen.sound,
        "bad": seen.bad,
        "amount_fen": seen.amount_fen,
        "test_records": seen.test_records,
        "test_amount_fen": seen.test_amount_fen,
        "with_evidence": seen.with_evidence,
        "fault_count": seen.fault_count,
        "faults": [fault.as_json() for fault in seen.faults],
        "doubts": [one.as_json() | {"times": times} for one, times in seen.doubts.values()],
    }


def _print(found: TextFile, seen: Survey) -> None:
    layout, head = found.shape.layout, found.head
    values = {"code": layout.code, "name": name_of(layout), "variant": found.shape.variant.name}
    say(WORDS("head", day=head.day, party=head.party or "-", count=f"{head.count:,}", **values))
    if any(one.name == "amount" for one in found.shape.fields):
        fen = {"amount": yuan(seen.amount_fen), "test": yuan(seen.test_amount_fen)}
        say(WORDS("check.amount", tests=seen.test_records, **fen))
    if layout.evidence_bytes_max:
        say(WORDS("check.evidence", count=f"{seen.with_evidence:,}"))
    refusals(WORDS("check.faults"), seen.faults)
    if seen.fault_count > FAULTS_KEPT_MAX:
        say(WORDS("check.more", count=f"{seen.fault_count - FAULTS_KEPT_MAX:,}"))
    doubts(seen.doubts.values())
    say(WORDS("check.sum", sound=f"{seen.sound:,}", bad=f"{seen.bad:,}"))
    unverified(layout)


def _check_lines(file: Path, keys: Path | None, receiver: str) -> int:
    note(WORDS("check.child"))
    found = lines_of(file, keys, receiver)
    try:
        bad = [row for _, _, row in found.read() if isinstance(row, Refusal)]
    finally:
        found.close()
    if settings().json:
        emit_json({"head": found.head, "rows": found.rows, "sums": found.sums,
                   "sha256": found.sha256, "not_confined": found.not_confined, "bad": len(bad),
                   "faults": [one.as_json() for one in bad[:FAULTS_KEPT_MAX]]})  # fmt: skip
        return 1 if bad else 0
    head = found.head
    say(WORDS("lines.head", kind=WORDS(f"rows.{head.kind}"), sender=head.sender,
              receiver=head.receiver, file_id=head.file_id))  # fmt: skip
    say(WORDS("lines.rows", rows=f"{found.rows:,}", sha256=found.sha256))
    for name, total in found.sums.items():
        say(WORDS("lines.sum", name=name, total=f"{total:,}"))
    refusals(WORDS("check.faults"), bad[:FAULTS_KEPT_MAX])
    if found.not_confined:
        say(WORDS("lines.not_confined", names=", ".join(found.not_confined)))
    say(WORDS("check.sum", sound=f"{found.rows - len(bad):,}", bad=f"{len(bad):,}"))
    return 1 if bad else 0
