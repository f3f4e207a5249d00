"""The upload of a running gate: the device's uplink, one step after the other.

It asks the gate's own thread for what it needs, so that no passenger waits for the network, and
hands the gate the city's time. A gate whose machine has not enrolled has none, and keeps its taps.
"""

from collections.abc import Callable
from functools import partial

from tongxing.gate.lines import DeviceLine
from tongxing.gate.running.calling import line_of
from tongxing.gate.running.plan import Plan
from tongxing.gate.running.runner import Runner
from tongxing.gate.uplink import Uplink, UplinkSetup
from tongxing.kernel.reasons import Problem, Refusal


class DeviceUplink:
    """What a runner calls again and again; `close` ends its threads and its line. `make` gives the
    uplink of a runner, whose time it goes by."""

    def __init__(self, make: Callable[[Runner], Uplink], line: DeviceLine) -> None:
        self._make, self._line = make, line
        self._uplink: Uplink | None = None

    def __call__(self, runner: Runner) -> bool:
        """One step; whether the city answered."""
        if self._uplink is None:
            self._uplink = self._make(runner)
        stepped = self._uplink.step(runner.ask)
        if stepped.went_well and runner.means is not None:
            runner.ask(partial(runner.means.settled, refused=frozenset(stepped.refused)))
        return stepped.online

    def close(self) -> None:
        """Let go of the line."""
        self._line.close()
        if self._uplink is not None:
            self._uplink.close()


def uplink_of(
    plan: Plan,
    chance: Callable[[], float],
    new_epoch: Callable[[], int],
    software: str,
) -> DeviceUplink | None:
    """The uplink of the device that this gate runs on, None where it has not enrolled. Raises
    Problem with what `line_of` refuses, when a file has changed since the plan was loaded."""
    if plan.device is None:
        return None
    line = line_of(plan.written, plan.device)
    if isinstance(line, Refusal):
        raise Problem(line.code, line.where, **line.values)

    def make(runner: Runner) -> Uplink:
        setup = UplinkSetup(
            key=plan.key,
            city_keys=plan.city_keys,
            software=software,
            clock=runner.now_s,
            chance=chance,
            new_epoch=new_epoch,
            timed=runner.means,
        )
        return Uplink(setup, line)

    return DeviceUplink(make, line)
