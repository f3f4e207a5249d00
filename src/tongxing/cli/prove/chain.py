"""`tongxing prove chain`: checks the checkpoints of several windows, without the books."""

from pathlib import Path

import click

from tongxing.checkpoint import Link, check_chain, first_of_all
from tongxing.checkpoint.succession import KeyChange, short
from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, emit_json, granted, print_table, say, settings
from tongxing.cli.prove.given import given_keys, note_in
from tongxing.cli.shell import command as make_command

WORDS = Words("prove")
_SHOWN_HEX = 16


@make_command()
@click.argument("files", type=READABLE_FILE, nargs=-1, required=True, metavar="FILE...")
@click.option("--key", metavar="KEY")
def command(files: tuple[Path, ...], key: str | None) -> int:
    notes = {str(file): note_in(file) for file in files}
    keys = given_keys(key)
    links = granted(check_chain(notes, keys))
    changes = [change for change in keys.changes if change.from_window <= _last_of(links)]
    if settings().json:
        emit_json({
            "holds": True,
            "from_the_first": first_of_all(links[0]),
            "links": _plain(links),
            "keys": [_plain_change(change) for change in changes],
        })  # fmt: skip
    else:
        _show(links)
        for change in changes:
            name = "chain.emergency" if change.is_emergency else "chain.planned"
            by = " / ".join(change.persons)
            say(WORDS(name, key=short(change.new), window=change.from_window, by=by))
        say(WORDS("chain.not_proven"))
    return 0


def _last_of(links: list[Link]) -> str:
    return links[-1].checkpoint.window_id


def _plain_change(change: KeyChange) -> dict[str, object]:
    return {
        "key": change.new.text,
        "from_window": change.from_window,
        "emergency": change.is_emergency,
        "persons": change.persons,
    }


def _show(links: list[Link]) -> None:
    names = ("window", "records", "files", "papers", "root", "rulebook")
    rows = [
        (
            link.checkpoint.window_id,
            f"{link.checkpoint.records.size:,}",
            f"{link.checkpoint.files.size:,}",
            f"{link.checkpoint.papers.size:,}",
            f"{link.checkpoint.records.root.hex()[:_SHOWN_HEX]}…",
            link.checkpoint.rulebook_version,
        )
        for link in links
    ]
    columns = [WORDS(f"chain.column.{name}") for name in names]
    print_table(WORDS("chain.title"), columns, rows, right=(1, 2, 3))
    say(WORDS("chain.holds", count=len(links), hub=links[0].checkpoint.hub))
    say(WORDS("chain.from_the_first" if first_of_all(links[0]) else "chain.from_the_middle"))


def _plain(links: list[Link]) -> list[dict[str, object]]:
    return [
        {
            "file": link.where,
            "window_id": link.checkpoint.window_id,
            "records": link.checkpoint.records.size,
            "root": link.checkpoint.records.root.hex(),
            "files": link.checkpoint.files.size,
            "files_root": link.checkpoint.files.root.hex(),
            "papers": link.checkpoint.papers.size,
            "papers_root": link.checkpoint.papers.root.hex(),
            "previous_sha256": link.checkpoint.previous_sha256,
            "sha256": link.sha256,
            "rulebook": link.checkpoint.rulebook_version,
        }
        for link in links
    ]
