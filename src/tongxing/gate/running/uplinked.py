"""The upload of a running gate: the device's uplink, one step after the other.

It asks the gate's own thread for what it needs, so that no passenger waits for the network. A gate
whose machine has not enrolled has none, and keeps its taps.
"""

from collections.abc import Callable

from tongxing.gate.link import Link
from tongxing.gate.running.plan import Plan
from tongxing.gate.running.runner import Runner
from tongxing.gate.uplink import Uplink, UplinkSetup


class DeviceUplink:
    """What a runner calls again and again; `close` ends its threads."""

    def __init__(self, uplink: Uplink) -> None:
        self._uplink = uplink

    def __call__(self, runner: Runner) -> bool:
        """One step; whether the city answered."""
        return self._uplink.step(runner.ask).online

    def close(self) -> None:
        """Let go of the line."""
        self._uplink.close()


def uplink_of(
    plan: Plan,
    clock: Callable[[], int],
    chance: Callable[[], float],
    new_epoch: Callable[[], int],
    software: str,
) -> DeviceUplink | None:
    """The uplink of the device that this gate runs on, None where it has not enrolled."""
    if plan.device is None:
        return None
    ca = plan.config.keys.ca
    setup = UplinkSetup(
        key=plan.key,
        city_keys=plan.city_keys,
        software=software,
        clock=clock,
        chance=chance,
        new_epoch=new_epoch,
    )
    line = Link(plan.device.facts.address, plan.written.file(ca) if ca else None)
    return DeviceUplink(Uplink(setup, line))
