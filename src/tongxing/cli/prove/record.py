"""`tongxing prove record`: makes the proof of a record from the books, or checks it without."""

from pathlib import Path

import click

from tongxing.checkpoint import Proven, check_proof, open_checkpoint
from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, emit_json, granted, note, print_table, say, settings
from tongxing.cli.prove.given import given_keys, note_in, placed
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.kernel.files import write_whole
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Problem

WORDS = Words("prove")


@make_command()
@click.argument("record_id", metavar="ID")
@click.option("--proof", type=READABLE_FILE, metavar="FILE")
@click.option("--checkpoint", type=READABLE_FILE, metavar="FILE")
@click.option("--key", metavar="KEY")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
def command(
    record_id: str, proof: Path | None, checkpoint: Path | None, key: str | None, out: Path | None
) -> int:
    if proof is None:
        if checkpoint is not None or key is not None:
            raise usage_problem(click.get_current_context(), "missing", text="--proof")
        _make(record_id, out)
        return 0
    if out is not None:
        raise usage_problem(click.get_current_context(), "extra", text="--out")
    keys, published = given_keys(key), None
    if checkpoint is not None:
        published = note_in(checkpoint)
        granted(placed(open_checkpoint(published, keys), str(checkpoint)))
    found = check_proof(note_in(proof), record_id, keys, published)
    proven = granted(placed(found, str(proof)))
    if settings().json:
        emit_json(_plain(proven, published is not None))
    else:
        _show(proven, published is not None)
    return 0


def _make(record_id: str, out: Path | None) -> None:
    """Write the proof file from the books, or put it on standard output."""
    from tongxing.cli.books import books_at
    from tongxing.proving import prove_record

    dsn, home = settings().dsn, settings().home
    if not dsn and not (home / "postgres").exists():
        raise Problem("NOTHING_TO_PROVE", str(home))
    if out is not None and not out.parent.is_dir():
        raise Problem("FILE_NOT_FOUND", str(out.parent))
    with books_at(dsn, home) as database:
        content = granted(prove_record(database, record_id))
    if out is None:
        click.echo(content.decode(), nl=False)
    else:
        write_whole(out, content)
        note(WORDS("record.written", file=out))


def _show(proven: Proven, is_published: bool) -> None:
    entry, verdict = proven.entry, proven.entry.verdict
    rows = [
        ("window", entry.window_id),
        ("verdict", f"{WORDS(f'record.status.{verdict.status}')} {verdict.code}"),
        ("bearer", WORDS.find(f"record.bearer.{verdict.bearer}") or verdict.bearer),
        ("members", f"{entry.issuer or '-'} → {entry.acquirer or '-'}"),
        ("charge", yuan(entry.charge_fen)),
        ("delta", yuan(entry.delta_fen)),
        *(("share", f"{share.operator} {yuan(share.share_fen)}") for share in verdict.shares),
        ("sha256", entry.record_sha256),
        ("checkpoint", proven.sha256),
    ]
    columns = [WORDS("record.column.what"), WORDS("record.column.says")]
    title = WORDS("record.title", record=verdict.record_id)
    print_table(title, columns, [(WORDS(f"record.row.{name}"), value) for name, value in rows])
    place = {"row": proven.index + 1, "size": proven.checkpoint.records.size}
    say(WORDS("record.proven", hub=proven.checkpoint.hub, window=entry.window_id, **place))
    say(WORDS("record.published" if is_published else "record.own_checkpoint"))
    say(WORDS("record.not_proven"))


def _plain(proven: Proven, is_published: bool) -> dict[str, object]:
    return {
        "record_id": proven.entry.verdict.record_id,
        "proven": True,
        "published_checkpoint": is_published,
        "hub": proven.checkpoint.hub,
        "window_id": proven.checkpoint.window_id,
        "index": proven.index,
        "size": proven.checkpoint.records.size,
        "root": proven.checkpoint.records.root.hex(),
        "checkpoint_sha256": proven.sha256,
        "entry": proven.entry,
    }
