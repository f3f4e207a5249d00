"""`tongxing exchange status`: which files have no answer, which letters are not booked, which
registers the hub has not taken."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.exchange.dealing import dealings_of, kind_of_register, over_the_line
from tongxing.cli.shell import command as make_command
from tongxing.kernel.clock import stamp

if TYPE_CHECKING:
    from tongxing.city.hub_line.register_book import RegisterState

WORDS = Words("exchange")


@make_command()
@over_the_line
def command(
    city: str | None, url: str, hub_key: str, key_id: str, certificates: Path | None, tries: int
) -> int:
    with dealings_of(city, url, hub_key, key_id, certificates, tries) as (dealings, letters):
        counts, waiting = letters.counts(), letters.waiting()
        behind, registers = dealings.behind(), dealings.registers()
    if settings().json:
        emit_json({
            **counts,
            "at_hub": {name: found for name, found in behind.items() if isinstance(found, int)},
            "waiting": [
                {"member": one.member, "number": one.number, "kind": one.kind, "why": one.why}
                for one in waiting
            ],
            "registers": [one._asdict() for one in registers],
            "refusals": [
                found.as_json() for found in behind.values() if not isinstance(found, int)
            ],
        })  # fmt: skip
    else:
        say(WORDS("status.counts", **counts))
        for member, found in behind.items():
            if isinstance(found, int):
                say(WORDS("status.behind", member=member, count=found))
            else:
                why = found.message(settings().language)
                say(WORDS("status.unknown", member=member, why=why))
        if waiting:
            names = ("member", "number", "kind", "window", "code")
            rows = [(one.member, one.number, one.kind, one.window_id, one.why) for one in waiting]
            columns = [WORDS(f"column.{name}") for name in names]
            print_table(WORDS("status.waiting"), columns, rows, right=(1,))
        if registers:
            _show_registers(registers)
    is_level = all(found == 0 for found in behind.values())
    is_told = all(one.state != "waits" for one in registers)
    return 0 if is_level and is_told and not waiting and not counts["files_open"] else 1


def _show_registers(registers: Sequence["RegisterState"]) -> None:
    """Each register that was handed in or fetched, and how far it is."""
    names = ("register", "member", "version", "state", "since", "code")
    rows = [
        (
            kind_of_register(one.kind),
            one.owner,
            str(one.version),
            WORDS(f"status.register.{one.state}"),
            stamp(one.since_s),
            one.why,
        )
        for one in registers
    ]
    say(WORDS("status.registers"))
    print_table("", [WORDS(f"column.{name}") for name in names], rows)
