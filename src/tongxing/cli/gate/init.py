"""`tongxing gate init`: a folder from which a gate runs at once, with the demo's keys, to learn
from and to change."""

from pathlib import Path

import click

from tongxing.cli.common import Words, say, settings
from tongxing.cli.gate.configured import CONFIG
from tongxing.cli.shell import command as command_of
from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Problem

WORDS = Words("gate")


@command_of()
@click.argument("folder", type=click.Path(path_type=Path), metavar="FOLDER")
@click.option("--city", "city", default="", metavar="CODE")
@click.option("--station", "station", default="", metavar="ID")
def command(folder: Path, city: str, station: str) -> None:
    from tongxing.cli.gate.trial import trial_at

    if (folder / CONFIG).exists():
        raise Problem("GATE_INIT_THERE", file=str(folder / CONFIG))
    trial = trial_at(settings().home, city, station)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "keys").mkdir(mode=0o700, exist_ok=True)
    for name, content in trial.keys.items():
        write_whole(folder / "keys" / name, content, private=True)
    text = WORDS("example", **trial.values)
    write_whole(folder / CONFIG, text.encode())
    say(WORDS("made", folder=folder))
    say(WORDS("next", file=folder / CONFIG))
