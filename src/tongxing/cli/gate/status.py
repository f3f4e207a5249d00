"""`tongxing gate status`: how a gate on this machine is. Exit code 1 when it needs somebody."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, emit_json, listed, print_table, say, settings
from tongxing.cli.gate.configured import written_at
from tongxing.cli.shell import command as command_of
from tongxing.kernel.clock import stamp
from tongxing.kernel.reasons import Problem, Refusal, reason
from tongxing.messages.lists import DENY

if TYPE_CHECKING:
    from tongxing.gate.running.health import Status

WORDS = Words("gate")


@command_of()
@click.option("--config", "config", type=READABLE_FILE, required=True, metavar="FILE")
def command(config: Path) -> int:
    from tongxing.gate.running.health import FRESH_S, read_status

    written = written_at(config)
    found = read_status(written.file(written.config.status))
    if isinstance(found, Refusal):
        raise Problem(found.code, found.where)
    age_s = int(datetime.now(UTC).timestamp()) - found.written_s
    state = found.state if found.state != "running" or age_s <= FRESH_S else "silent"
    if settings().json:
        import msgspec

        emit_json({**msgspec.to_builtins(found), "state": state, "age_s": age_s})
    else:
        _show(found, state, age_s)
    ready = all(reader.ready for reader in found.readers)
    well = ready and not found.troubles and not expired_of(found)
    return 0 if state == "running" and well else 1


def versions_of(found: "Status") -> dict[str, object]:
    """The versions of lists that a status names; none in one of an older gate."""
    versions = found.lists.get("versions")
    return versions if isinstance(versions, dict) else {}


def expired_of(found: "Status") -> list[str]:
    """The names of lists past their last day, as a status names them."""
    expired = found.lists.get("expired")
    return [str(name) for name in expired] if isinstance(expired, list) else []


def _show(found: "Status", state: str, age_s: int) -> None:
    say(WORDS(f"state.{state}", site=found.site, age=age_s, pid=found.pid))
    say(WORDS("since", since=stamp(found.started_s), clock=stamp(found.written_s)))
    if found.clock_jump_ms:
        say(WORDS("jumped", seconds=f"{found.clock_jump_ms / 1000:+.1f}"))
    say(WORDS("taps", taps=f"{found.taps:,}", opened=f"{found.opened:,}"))
    if found.last_tap is not None:
        tap = found.last_tap
        text = reason(tap.reason).text(settings().language, {})
        say(WORDS("last", time=stamp(tap.time_s), terminal=tap.terminal, reason=text))
    lists = found.lists
    say(WORDS("lists", deny=lists.get("deny_list", 0), tariff=lists.get("tariff") or "-"))
    published = {name: of for name, of in versions_of(found).items() if name != DENY}
    if published:
        told = listed(f"{name} {version}" for name, version in published.items())
        say(WORDS("published", lists=told))
    if expired_of(found):
        say(WORDS("expired", lists=listed(expired_of(found))))
    say(WORDS("unsent", count=f"{found.unsent:,}"))
    contact = stamp(found.last_contact_s) if found.last_contact_s else "-"
    say(WORDS("contact", time=contact))
    if found.entry is not None:
        entry = found.entry
        erased = stamp(entry.erased_s) if entry.erased_s else "-"
        values = {"policy": entry.policy, "until": entry.until, "known": entry.known}
        say(WORDS(f"entry.{entry.state}", **values, erased=erased))
        if entry.trouble and entry.state in ("asking", "silent"):
            say(_trouble(entry.trouble))
    if found.order != "normal":
        say(WORDS(f"order.{found.order}"))
    if found.replay:
        say(WORDS(f"replay.{found.replay}"))
    if found.epoch:
        say(WORDS("storage", epoch=found.epoch, cause=WORDS(f"cause.{found.epoch_cause}")))
    for terminal in found.calls:
        say(WORDS("calling", terminal=terminal))
    rows = [
        (reader.name, WORDS("reader.ready") if reader.ready else _trouble(reader.trouble))
        for reader in found.readers
    ]
    rows += [
        (terminal, _trouble(code))
        for terminal, codes in found.troubles.items()
        for code in codes
        if not any(reader.trouble == code for reader in found.readers)
    ]
    if rows:
        print_table(WORDS("title.readers"), [WORDS("column.part"), WORDS("column.state")], rows)


def _trouble(code: str) -> str:
    if not code:
        return WORDS("reader.starting")
    return f"{code}: {reason(code).text(settings().language, {})}"
