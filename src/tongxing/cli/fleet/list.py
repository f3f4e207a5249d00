"""`tongxing fleet list`: the devices, their versions, and when each was last heard."""

import click

from tongxing.city.fleet import DeviceState
from tongxing.cli.arguments import moment
from tongxing.cli.common import Words, emit_json, listed, print_table, say, settings
from tongxing.cli.fleet.offices import fleet_desk
from tongxing.cli.shell import command as make_command

WORDS = Words("fleet")
_COLUMNS = ("device", "state", "heard", "software", "lists", "mode", "waiting", "missing", "disk")


@make_command()
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(city: str | None, now: str | None) -> None:
    now_s = moment(now, "--now")
    with fleet_desk(city) as (desk, _):
        devices = desk.devices(now_s)
    if settings().json:
        emit_json([_told(one) for one in devices])
        return
    if not devices:
        say(WORDS("list.none"))
        return
    print_table(
        WORDS("list.title"),
        [WORDS(f"column.{name}") for name in _COLUMNS],
        [_row(one, now_s) for one in devices],
        right=(6, 7, 8),
    )
    for one in devices:
        for kind in one.notices:
            say(WORDS("list.noticed", device=one.device.device, what=WORDS(f"notice.{kind}")))


def _state(one: DeviceState) -> str:
    if one.device.revoked_s is not None:
        return "revoked"
    if one.heartbeat is None and not one.late:
        return "new"
    return "late" if one.late else "well"


def _row(one: DeviceState, now_s: int) -> list[object]:
    state = WORDS(f"state.{_state(one)}")
    told = one.heartbeat
    if told is None or one.heard_s is None:
        return [one.device.device, state, WORDS("list.never"), "", "", "", "", "", ""]
    kept = listed(
        f"{name} {version}" + (WORDS("list.expired") if name in told.expired else "")
        for name, version in sorted(told.lists.items())
    )
    return [
        one.device.device,
        state,
        WORDS("list.ago", seconds=max(0, now_s - one.heard_s)),
        told.software,
        kept,
        WORDS(f"kind.{told.mode}") if WORDS.find(f"kind.{told.mode}") else told.mode,
        told.waiting_taps,
        one.missing,
        f"{told.free_bytes >> 20} MiB",
    ]


def _told(one: DeviceState) -> dict[str, object]:
    """One device for a program."""
    device = one.device
    return {
        "device": device.device,
        "site": device.site,
        "operator": device.operator,
        "terminals": list(device.terminals),
        "state": _state(one),
        "heard_s": one.heard_s,
        "clock_off_s": one.clock_off_s,
        "missing": one.missing,
        "notices": list(one.notices),
        "heartbeat": one.heartbeat,
    }
