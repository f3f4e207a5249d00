"""Where a vehicle is: its computer writes the id of the stop into a file; its validators follow.

Until a stop is known that the line serves, nobody is asked to pay for a ride from somewhere else.
"""

from collections.abc import MutableMapping
from dataclasses import replace
from pathlib import Path

from tongxing.deciding.facts import ValidatorFacts
from tongxing.gate.running.board import Board
from tongxing.gate.running.checking import sides_of, terminal_of
from tongxing.gate.running.plan import Plan
from tongxing.kernel.reasons import Refusal

_STOP_MAX = 100


class Stops:
    """The stop of a vehicle's validators, in the mapping that their site decides by."""

    def __init__(
        self, plan: Plan, validators: MutableMapping[str, ValidatorFacts], board: Board
    ) -> None:
        self._file: Path | None = None
        if plan.config.stop:
            self._file = plan.written.file(plan.config.stop)
        self._lines = plan.fares.network.lines
        self._validators, self._board = validators, board
        self._moving = {
            terminal_of(spec, role)
            for spec in plan.config.validator
            for role in sides_of(spec)
            if self._file is not None and spec.vehicle and not spec.station
        }
        self._wrong: dict[str, Refusal] = {}

    def look(self) -> None:
        """Read the file again."""
        if self._file is None or not self._moving:
            return
        try:
            stop = self._file.read_text(encoding="utf-8").strip()[:_STOP_MAX]
        except (OSError, UnicodeDecodeError):
            stop = ""
        for terminal in self._moving:
            facts = self._validators[terminal]
            wrong = None
            if stop not in self._lines[facts.line].stations:
                wrong = Refusal("LANE_STOP_UNKNOWN", terminal, {"stop": stop or "-"})
            elif stop != facts.station:
                self._validators[terminal] = replace(facts, station=stop)
            self._note(terminal, wrong)

    def objection(self, terminal: str) -> Refusal | None:
        """Why nothing may be decided at this terminal now."""
        return self._wrong.get(terminal)

    def _note(self, terminal: str, wrong: Refusal | None) -> None:
        if wrong is None:
            self._wrong.pop(terminal, None)
        else:
            self._wrong[terminal] = wrong
        self._board.trouble(terminal, "stop", wrong)
