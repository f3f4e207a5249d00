"""`tongxing upgrade bulk`: an authority's file of category cards is taken."""

from pathlib import Path

import click

from tongxing.city.upgrading.bulk import BulkTaken, take_file
from tongxing.city.upgrading.bulk_file import FILE_BYTES_MAX
from tongxing.cli.arguments import READABLE_FILE, moment
from tongxing.cli.common import (
    Words,
    emit_json,
    granted,
    in_both,
    print_table,
    progress,
    say,
    settings,
)
from tongxing.cli.fares.arguments import expect_folder
from tongxing.cli.shell import command as make_command
from tongxing.cli.upgrade.offices import office_of
from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Problem, reason
from tongxing.messages import KeyRing

WORDS = Words("upgrade")
_SHOWN_MAX = 20
_KEY_HEX = 64


@make_command()
@click.argument("file", type=READABLE_FILE, metavar="FILE")
@click.option("--signature", "signature", type=READABLE_FILE, metavar="FILE")
@click.option("--authority", "authority", metavar="NAME", required=True)
@click.option("--key", "key", type=READABLE_FILE, metavar="FILE", required=True)
@click.option("--staff", "staff", metavar="ID", required=True)
@click.option("--rejects", "rejects", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(
    file: Path,
    signature: Path | None,
    authority: str,
    key: Path,
    staff: str,
    rejects: Path | None,
    city: str | None,
    now: str | None,
) -> None:
    now_s = moment(now, "--now")
    expect_folder(rejects)
    signed = signature or file.with_name(f"{file.name}.sig")
    if not signed.is_file():
        raise Problem("FILE_NOT_FOUND", str(signed))
    keys = KeyRing({authority: _public_key(key)})
    if file.stat().st_size > FILE_BYTES_MAX:
        raise Problem("UPGRADE_FILE_SIZE", file.name, limit=FILE_BYTES_MAX // 1024 // 1024)
    content = file.read_bytes()
    lines = content.count(b"\n")
    with office_of(city) as office, progress(WORDS("bulk.progress"), max(1, lines - 2)) as advance:
        taken = take_file(office, content, signed.read_bytes(), keys, staff, now_s, advance)
        done = granted(taken)
    if rejects is not None:
        write_whole(rejects, done.reject_file())
    if settings().json:
        counts = {"lines": done.lines, "linked": done.linked, "repeated": done.repeated}
        counts |= {"rejected": done.rejected}
        named = {"authority": done.authority, "batch": done.batch, "sha256": done.sha256}
        shown = [{"line": one.line, "reason": one.reason} for one in done.rejects]
        emit_json({**named, **counts, "rejects": shown, "already": done.already})
        return
    _print(done, rejects)


def _print(done: BulkTaken, rejects: Path | None) -> None:
    key = "bulk.already" if done.already else "bulk.done"
    say(WORDS(key, batch=done.batch, authority=done.authority))
    counts = {"linked": done.linked, "repeated": done.repeated, "rejected": done.rejected}
    say(WORDS("bulk.counts", lines=done.lines, **counts))
    if done.rejects:
        language = settings().language
        print_table(
            WORDS("bulk.rejects"),
            [WORDS("column.line"), WORDS("column.reason"), WORDS("column.said")],
            [
                [one.line, one.reason, reason(one.reason).next_step(language, {})]
                for one in done.rejects[:_SHOWN_MAX]
            ],
            right=(0,),
        )
    if rejects is not None:
        say(WORDS("bulk.written", file=rejects))


def _public_key(file: Path) -> bytes:
    """The 32 bytes of a public key, from 64 hex digits. Raises Problem(ARG_INVALID)."""
    text = file.read_bytes()[: _KEY_HEX + 2].strip()
    try:
        found = bytes.fromhex(text.decode("ascii"))
    except (UnicodeDecodeError, ValueError):
        found = b""
    if len(found) != _KEY_HEX // 2:
        detail = in_both("detail", "upgrade", "bulk.bad_key")
        raise Problem("ARG_INVALID", "--key", text=file.name, **detail)
    return found
