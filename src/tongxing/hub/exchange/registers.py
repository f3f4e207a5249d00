"""Registers at the counter: members hand theirs in and fetch what they may see of all there are.

What a kind holds, and whose it is, `hub.registers` knows; here any kind goes through. A version is
named by kind, owner and number of version, keeps its bytes for ever, and has a number that rises
with each that is taken, so that whoever fetches asks for what is new.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import LiteralString

from tongxing.hub.registers import KINDS
from tongxing.hub.store import Cursor
from tongxing.hub.store import members as member_table
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing
from tongxing.messages.envelope import Believed, believe
from tongxing.messages.register_pages import KeptRegister, RegisterPage

FOR_ALL = ("CityRegister", "NumberRegister", "CardRegister", "LossRegister", "DataList")
"""Kinds that every member may fetch: who takes part, whose cards there are, which are closed or
lost, what a ride costs. Of any other kind a member sees its own alone."""
PAGE_MOST = 200

_COLUMNS: LiteralString = (
    "turn.number, turn.kind, turn.owner, turn.version, told.published_s, turn.bytes, turn.sha256"
)
_FROM: LiteralString = (
    " FROM register_turn AS turn JOIN register_version AS told USING (kind, owner, version)"
)
_SEEN: LiteralString = " (turn.kind = ANY(%(open)s) OR turn.owner = %(member)s)"
_NEWEST: LiteralString = (
    " NOT EXISTS (SELECT 1 FROM register_version AS newer WHERE newer.kind = turn.kind"
    " AND newer.owner = turn.owner AND newer.version > turn.version)"
)

Take = Callable[[bytes, int], Refusal | None]


class RegisterCounter:
    """The counter for registers. `reading` opens one moment of the hub's books, `take` gives a
    message to the house, `trusted` knows who signs."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[Cursor]],
        take: Take,
        trusted: KeyRing,
    ) -> None:
        self._reading, self._take, self._trusted = reading, take, trusted

    def body_of(self, member: str, kind: str, message: bytes) -> bytes | Refusal:
        """The body of a sealed register, of which nothing was read yet but whose it is.

        Refuses what `believe` does (MESSAGE_KIND for another kind than the address says) and
        PARTICIPANT_MISMATCH when somebody else sealed it.
        """
        wanted = (kind,) if kind in KINDS else tuple(KINDS)
        believed: Believed | Refusal = believe(message, wanted, self._trusted)
        if isinstance(believed, Refusal):
            return believed
        if believed.kind != kind:
            return Refusal("MESSAGE_KIND", values={"expected": kind[:64], "found": believed.kind})
        if believed.sender != member:
            values = {"named": believed.sender, "expected": member}
            return Refusal("PARTICIPANT_MISMATCH", kind, values)
        return believed.body

    def take(
        self, name: tuple[str, str, int], message: bytes, received_s: int
    ) -> KeptRegister | Refusal:
        """Take a register whose kind, owner and version are `name`. The same again is answered the
        same, also when a newer one came since.

        Refuses what `RegisterDesk.take` does, REGISTER_CHANGED for a version that came with other
        content, HUB_BUSY.
        """
        known = self._found(name)
        if known is None:
            refusal = self._take(message, received_s)
            if refusal is not None:
                return refusal
            known = self._found(name)
            assert known is not None, name
        if known.sha256 != sha256_hex(message):
            values = {"kind": name[0], "found": name[2], "current": name[2]}
            return Refusal("REGISTER_CHANGED", name[1], values)
        return known

    def listed(self, member: str, after: int) -> RegisterPage | Refusal:
        """The newest versions that a member may see and that came after a number, at most
        `PAGE_MOST`. Refuses MEMBER_UNKNOWN."""
        given = {"member": member, "open": list(FOR_ALL), "after": after, "most": PAGE_MOST}
        with self._reading() as cursor:
            if not _takes_part(cursor, member):
                return Refusal("MEMBER_UNKNOWN", values={"member": member})
            rows = cursor.execute(
                f"SELECT {_COLUMNS}{_FROM} WHERE turn.number > %(after)s AND{_SEEN} AND{_NEWEST}"
                " ORDER BY turn.number LIMIT %(most)s",
                given,
            ).fetchall()
            last = cursor.execute(
                f"SELECT coalesce(max(turn.number), 0) FROM register_turn AS turn WHERE{_SEEN}",
                given,
            ).fetchone()
        assert last is not None
        return RegisterPage(
            member=member, last=int(last[0]), registers=[KeptRegister(*row) for row in rows]
        )

    def one(self, member: str, number: int) -> KeptRegister | Refusal:
        """A version by its number. Refuses REGISTER_UNKNOWN, also for what is not this member's to
        see."""
        with self._reading() as cursor:
            row = cursor.execute(
                f"SELECT {_COLUMNS}{_FROM} WHERE turn.number = %(number)s AND{_SEEN}",
                {"member": member, "open": list(FOR_ALL), "number": number},
            ).fetchone()
        if row is None:
            return Refusal("REGISTER_UNKNOWN", values={"number": number})
        return KeptRegister(*row)

    def content(self, number: int, start: int, most: int) -> bytes:
        """Bytes of a version that is there, from `start` (counted from 0) on."""
        with self._reading() as cursor:
            row = cursor.execute(
                f"SELECT substr(told.message, %s, %s){_FROM} WHERE turn.number = %s",
                (start + 1, most, number),
            ).fetchone()
        assert row is not None, number
        return bytes(row[0])

    def _found(self, name: tuple[str, str, int]) -> KeptRegister | None:
        with self._reading() as cursor:
            row = cursor.execute(
                f"SELECT {_COLUMNS}{_FROM}"
                " WHERE turn.kind = %s AND turn.owner = %s AND turn.version = %s",
                name,
            ).fetchone()
        return None if row is None else KeptRegister(*row)


def _takes_part(cursor: Cursor, member: str) -> bool:
    """Whether this is a member, or the city of one."""
    members = member_table.load_members(cursor)
    return member in members or any(one.city == member for one in members.values())
