"""The lanes of a site: a decision goes to the door first, where somebody waits; then to the screen.

What is wrong with a door is told on the screen of whoever it did not open to. Under the order
`open_all` the doors stand open until it ends; a gate that stops meanwhile leaves them so, and goes
by the order again when it starts.
"""

from tongxing.deciding.facts import Decision
from tongxing.gate.orders import OPEN_ALL, OrderBook
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
        self._orders: OrderBook | None = None
        for spec in plan.config.validator:
            if spec.relay is None:
                continue
            relay = relay_of(spec.relay, plan.written.file)
            terminals = [terminal_of(spec, role) for role in sides_of(spec)]
            door = Door(spec.id, terminals[0], relay, spec.relay.pulse_ms, self._door_told)
            self._doors.update(dict.fromkeys(terminals, door))

    def start(self, orders: OrderBook, now_s: int) -> None:
        """Let every door take orders. One that the last order let stand open is shut again if that
        has ended since: nobody was here to do it."""
        self._orders = orders
        for door in set(self._doors.values()):
            door.start()
            if orders.last == OPEN_ALL:
                door.stand(orders.mode(now_s) == OPEN_ALL, anew=True)
        self.look(now_s)

    def look(self, now_s: int) -> None:
        """Do what the city has ordered by now; to be asked every moment."""
        if self._orders is None:
            return
        mode = self._orders.mode(now_s)
        for door in set(self._doors.values()):
            door.stand(mode == OPEN_ALL)
        self._board.order(mode)

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
        if decision.reason == "GATE_MANUAL":
            self._board.call(terminal)

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
            if refusal is not None and refusal.code == "LANE_DOOR":
                self._board.notice(terminal, refusal)

        return told
