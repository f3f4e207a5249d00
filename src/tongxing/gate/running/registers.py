"""The registers of displays of a running gate: those it asks, and the one it may hold itself.

A gate that holds its station's register asks it like everybody else does. What happens to registers
is gathered here and noted when nobody stands at a lane.
"""

import secrets
from collections.abc import Callable, Mapping

from tongxing.gate.events import EventLog
from tongxing.gate.replay import Mode, ModeChanged, ReplayEvent, ReplayModes, ReplayRules
from tongxing.gate.running.config import RegisterSpec
from tongxing.gate.running.plan import Plan
from tongxing.gate.sharing import Address, DisplayDesk, RegisterServer
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.readers.tcp import parse_address

_NUMBER_BYTES = 12


class Registers:
    """Whom a site asks about displays. Everything but `mode` is for the gate's own thread."""

    def __init__(
        self,
        plan: Plan,
        places: Mapping[Mode, tuple[Address, str]],
        rules: ReplayRules,
        server: RegisterServer | None,
    ) -> None:
        """Use `Registers.open`."""
        self._server = server
        self._happened: list[ReplayEvent] = []
        self._modes = ReplayModes(list(places), rules)
        self.desk = DisplayDesk(
            places,
            self._modes,
            plan.key,
            plan.registers,
            lambda: secrets.token_hex(_NUMBER_BYTES),
            self._happened.append,
        )

    @classmethod
    def open(cls, plan: Plan, clock: Callable[[], int]) -> "Registers | Refusal | None":
        """As the configuration has it; None where nobody is asked. Refuses GATE_REGISTER_TAKEN when
        the register cannot be held at its address."""
        spec = plan.config.replay
        if spec is None:
            return None
        places: dict[Mode, tuple[Address, str]] = {}
        budget_ms, server = dict(ReplayRules().budget_ms), None
        for mode, one in _modes(plan):
            address = parse_address(one.address)
            assert not isinstance(address, Refusal), "checked when the file was read"
            places[mode] = address, one.name
            budget_ms[mode] = one.wait_ms or budget_ms[mode]
            if one.name == plan.config.site.name:
                try:
                    server = RegisterServer(address, plan.key, plan.registers, clock)
                except OSError as error:
                    values = {"address": one.address, "detail": error.strerror or str(error)}
                    return Refusal("GATE_REGISTER_TAKEN", plan.written.at("replay"), values)
        return cls(plan, places, ReplayRules(budget_ms), server)

    @property
    def mode(self) -> Mode:
        """Which register answers now. Any thread may ask."""
        return self._modes.mode

    def tend(self, events: EventLog, now_s: int) -> Refusal | None:
        """Tell the registers again what they have not answered, and note what happened. Refuses
        what the journal refuses; it is noted later then."""
        self.desk.catch_up(now_s)
        if not self._happened:
            return None
        refusal = events.add([_told(one) for one in self._happened])
        if refusal is None:
            self._happened.clear()
        return refusal

    def close(self) -> None:
        """Ask nobody and answer nobody any more."""
        self.desk.close()
        if self._server is not None:
            self._server.close()


def _modes(plan: Plan) -> list[tuple[Mode, RegisterSpec]]:
    spec = plan.config.replay
    assert spec is not None
    found: list[tuple[Mode, RegisterSpec | None]] = [
        ("CENTRAL", spec.city),
        ("STATION", spec.station),
    ]
    return [(mode, one) for mode, one in found if one is not None]


def _told(event: ReplayEvent) -> tuple[str, int, Mapping[str, str]]:
    """What a city is told of it."""
    if isinstance(event, ModeChanged):
        values = {"before": event.before, "after": event.after, "because": event.because}
        return "replay_mode", event.at_s, values
    display = event.display
    return (
        "passed_twice",
        event.at_s,
        {
            "medium_no": display.medium_no,
            "issued_s": str(display.issued_s),
            "elsewhere": event.elsewhere,
        },
    )
