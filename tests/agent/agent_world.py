"""An agent over a software card, and pages of several origins that ask it."""

import itertools
from dataclasses import dataclass, field
from typing import Any

from starlette.testclient import TestClient

from tongxing.agent.app import SESSION, create_agent
from tongxing.agent.holding import Holder, LentCard
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.chip import MemoryStore, SoftwareCard, personalise
from tongxing.media.card.chip.trial import trial_profile
from tongxing.media.card.link import CardGone

NUMBER = "3199010000000000013"
SELECT = "00A4040008A00000063201010500"
BALANCE = "805C030204"
PAGE, FOREIGN = "https://rider.example", "https://foreign.example"
PORT = 8471
CODE = "12345678"


def numbers(length: int) -> bytes:
    """Random bytes that are the same in each run."""
    return bytes(next(_DRAWN) & 0xFF for _ in range(length))


_DRAWN = itertools.count(1)


@dataclass
class Table:
    """A reader with a software card on it, or none."""

    card: SoftwareCard
    lies_there: bool = True
    leaves_at: str = ""
    opened: int = 0
    closed: int = 0
    heard: list[str] = field(default_factory=list)

    def open(self) -> LentCard | Refusal:
        if not self.lies_there:
            return Refusal("READER_NO_CARD", values={"reader": "Table"})
        self.opened += 1
        self.card.reset()
        return _Lent(self)


class _Lent:
    def __init__(self, table: Table) -> None:
        self._table = table

    def transmit(self, command: bytes) -> bytes:
        self._table.heard.append(command.hex().upper())
        if self._table.leaves_at and command.hex().upper().startswith(self._table.leaves_at):
            raise CardGone("CARD_REMOVED")
        return self._table.card.transmit(command)

    def close(self) -> None:
        self._table.closed += 1


def new_table() -> Table:
    image = personalise(trial_profile(NUMBER, balance_fen=6_070))
    return Table(SoftwareCard(MemoryStore(image), numbers))


class World:
    """An agent, its card, its clock, and a browser that asks it."""

    def __init__(self, origins: tuple[str, ...] = (PAGE,), pairing: str = "") -> None:
        self.table, self.now_s = new_table(), 0.0
        self.holder = Holder(self.table.open, frozenset(origins), pairing, numbers, 60.0)
        app = create_agent(self.holder, "Table", PORT, lambda: self.now_s)
        self.client = TestClient(app, base_url=f"http://127.0.0.1:{PORT}")

    def ask(
        self, method: str, path: str, body: object = None, *, origin: str = PAGE,
        session: str = "", **headers: str,
    ) -> Any:  # fmt: skip
        sent = {"origin": origin, SESSION: session, **headers}
        sent = {name: value for name, value in sent.items() if value}
        return self.client.request(method, path, json=body, headers=sent)

    def session(self, origin: str = PAGE, pairing: str = "") -> str:
        answer = self.ask("POST", "/session", {"pairing": pairing}, origin=origin)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["session"])

    def apdu(self, session: str, text: object, origin: str = PAGE) -> Any:
        return self.ask("POST", "/apdu", {"hex": text}, session=session, origin=origin)


def code_of(answer: Any, status: int) -> str:
    """The code of a refusal in the one JSON shape."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    found = answer.json()
    shape = {"code", "message_zh", "message_en", "next_step_zh", "next_step_en", "where"}
    assert set(found) == shape and found["message_zh"] and found["next_step_en"]
    return str(found["code"])
