"""The lanes of a site: a decision goes to the door first, where somebody waits; then to the screen.

What is wrong with a door is told on the screen of whoever it did not open to.
"""

from tongxing.gate.facts import Decision
from tongxing.gate.running.board import Board
from tongxing.gate.running.checking import sides_of, terminal_of
from tongxing.gate.running.doors import Door, Told, relay_of
from tongxing.gate.running.plan import Plan
from tongxing.kernel.reasons import Refusal


class Lanes:
    """Doors and screens, by terminal."""

    def __init__(self, plan: Plan, board: Board) -> None:
        self._board = board
        self._doors: dict[str, Door] = {}
        for spec in plan.config.validator:
            if spec.relay is None:
                continue
            relay = relay_of(spec.relay, plan.written.file)
            door = Door(spec.id, relay, spec.relay.pulse_ms, self._door_told)
            for role in sides_of(spec):
                self._doors[terminal_of(spec, role)] = door

    def start(self) -> None:
        """Let every door take orders."""
        for door in set(self._doors.values()):
            door.start()

    def stop(self) -> None:
        """Let every door carry out what was ordered, then end."""
        for door in set(self._doors.values()):
            door.stop()

    def tell(self, terminal: str, decision: Decision) -> None:
        """What a lane does with a decision; called after the journal has it."""
        door = self._doors.get(terminal)
        if decision.opened and door is not None:
            door.open(terminal)
        self._board.decided(terminal, decision)

    def objection(self, terminal: str) -> Refusal | None:
        """Why nobody may be decided about here at this moment: somebody passes from the other
        side."""
        door = self._doors.get(terminal)
        if door is None or not door.is_held_for_another(terminal):
            return None
        return Refusal("LANE_OTHER_SIDE")

    def _door_told(self, terminal: str) -> Told:
        def told(refusal: Refusal | None) -> None:
            self._board.trouble(terminal, "door", refusal)
            if refusal is not None:
                self._board.notice(terminal, refusal)

        return told
