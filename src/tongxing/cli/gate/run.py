"""`tongxing gate run`: one site at work until it is told to stop."""

import errno
import secrets
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, note, say
from tongxing.cli.gate.configured import plan_at
from tongxing.cli.shell import command as command_of
from tongxing.kernel.reasons import Problem

if TYPE_CHECKING:
    from tongxing.gate.running import Runner
    from tongxing.gate.running.config import ScreenSpec

WORDS = Words("gate")
_EPOCH_BITS = 62


@command_of()
@click.option("--config", "config", type=READABLE_FILE, required=True, metavar="FILE")
def command(config: Path) -> None:
    import tongxing
    from tongxing.gate.running import Runner
    from tongxing.gate.running.uplinked import uplink_of
    from tongxing.rider.desks import wall_clock

    plan = plan_at(config)
    screen = plan.config.screen
    taken = None if screen is None else _bound(screen, config)
    uplink = uplink_of(plan, secrets.SystemRandom().random, _new_epoch, tongxing.__version__)
    runner = Runner(plan, wall_clock, _new_epoch(), uplink)
    work = _work_of(runner, screen, taken)
    refusal = runner.start()
    if refusal is not None:
        raise Problem(refusal.code, refusal.where, **dict(refusal.values))
    try:
        say(WORDS("running", site=plan.config.site.name, count=len(plan.validators)))
        work()
    except KeyboardInterrupt:
        pass  # being told to stop is the ordinary end of a service
    finally:
        note(WORDS("stopping"))
        runner.stop()
        if uplink is not None:
            uplink.close()
    say(WORDS("stopped"))


def _new_epoch() -> int:
    return secrets.randbits(_EPOCH_BITS) + 1


def _work_of(
    runner: "Runner", screen: "ScreenSpec | None", taken: socket.socket | None
) -> Callable[[], object]:
    """Serves the screens, or waits where there are none. All that it needs is loaded here, before
    anybody is let through: a signal in the midst of that would end the process at once."""
    if screen is None or taken is None:
        return threading.Event().wait
    from tongxing.lane.app import create_lane_app
    from tongxing.lane.events import Ending
    from tongxing.web.serving import serve
    from tongxing.web.surrounding import LOOPBACK

    ending = Ending()
    hosts = {*LOOPBACK, screen.address, *screen.hosts}
    app = create_lane_app(runner, ending, hosts)
    return lambda: serve(app, taken, _say_where, leaving=ending.end)


def _say_where(address: str) -> None:
    say(WORDS("screens", address=address))


def _bound(screen: "ScreenSpec", config: Path) -> socket.socket:
    """The socket of the screens. Raises Problem when it cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            screen.address, screen.port, type=socket.SOCK_STREAM
        )[0]
        taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
    except OSError as error:
        code = "PORT_IN_USE" if error.errno == errno.EADDRINUSE else "PORT_FORBIDDEN"
        where = f"{screen.address}:{screen.port}"
        raise Problem(code, where, port=screen.port, option=f"{config} [screen]") from error
    return taken
