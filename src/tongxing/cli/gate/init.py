"""`tongxing gate init`: a folder from which a gate runs at once, with the demo's keys, to learn
from and to change."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tongxing.cli.common import Words, say, settings
from tongxing.cli.gate.configured import CONFIG
from tongxing.cli.shell import command as command_of
from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Problem, Refusal

if TYPE_CHECKING:
    from tongxing.cli.gate.trial import Trial
    from tongxing.gate.identity import DeviceFacts

WORDS = Words("gate")
_OWN = ("site.key", "city.json")
"""The keys that a device which has enrolled has itself."""


@command_of()
@click.argument("folder", type=click.Path(path_type=Path), metavar="FOLDER")
@click.option("--city", "city", default="", metavar="CODE")
@click.option("--station", "station", default="", metavar="ID")
@click.option(
    "--device",
    "device",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
)
def command(folder: Path, city: str, station: str, device: Path | None) -> None:
    from tongxing.cli.gate.trial import trial_at

    if (folder / CONFIG).exists():
        raise Problem("GATE_INIT_THERE", file=str(folder / CONFIG))
    facts = None if device is None else _facts(device, city)
    trial = trial_at(settings().home, city if facts is None else facts.city, station)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "keys").mkdir(mode=0o700, exist_ok=True)
    for name, content in trial.keys.items():
        if facts is None or name not in _OWN:
            write_whole(folder / "keys" / name, content, private=True)
    who = WORDS("keys.own")
    if device is not None:
        seen_from_it = Path(os.path.relpath(device.resolve(), folder.resolve())).as_posix()
        who = WORDS("keys.device", folder=seen_from_it)
    text = WORDS("example", **trial.values, **_lanes(trial, facts), who=who.strip())
    write_whole(folder / CONFIG, text.encode())
    say(WORDS("made", folder=folder))
    say(WORDS("next", file=folder / CONFIG))


def _facts(device: Path, city: str) -> "DeviceFacts":
    """Who a machine has become. Raises Problem, also where it is another city's."""
    from tongxing.gate.identity import load_identity

    found = load_identity(device)
    if isinstance(found, Refusal):
        raise Problem(found.code, found.where, **found.values)
    if city not in ("", found.facts.city):
        raise Problem("GATE_DEVICE_OTHER", "--city", found=city, expected=found.facts.city)
    return found.facts


def _lanes(trial: "Trial", facts: "DeviceFacts | None") -> dict[str, str]:
    """The name of the site and its lanes. Of a device with several terminals the first lets in, the
    second lets out at the far end of the line, so that a whole ride can be tried; others let in."""
    if facts is None:
        return {
            "name": trial.values["site"],
            "terminal": f"{trial.values['site']}.lane-1",
            "more": "",
        }
    first, *others = facts.terminals
    more = [
        WORDS(
            "another",
            terminal=terminal,
            role="exit" if number == 0 else "entry",
            line=trial.values["line"],
            station=trial.values["far" if number == 0 else "station"],
        )
        for number, terminal in enumerate(others)
    ]
    return {"name": facts.device, "terminal": first, "more": "".join(more)}
