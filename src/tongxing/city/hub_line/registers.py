"""A city's registers and its hub: what is new goes there, what is new there is kept here.

Acquirer, issuer and city are three names of one house, and each seals what is its own: there is a
line for each name, and one key speaks for all three. Done again after a crash, a round ends the
same: what goes out was put down before, and lies there until the hub has taken it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from tongxing.city.hub_line.line import RegisterLine
from tongxing.city.hub_line.register_book import Outgoing, RegisterBook, RegisterState
from tongxing.city.hub_line.unheard import no_answer
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import HUB_SENDER, KeyRing, SigningKey
from tongxing.messages.envelope import as_told, believe, read_body
from tongxing.messages.register_pages import KeptRegister

_OF_THE_REGISTER = ("REGISTER_", "LINES_", "MESSAGE_BODY")
"""What the hub refuses by such a code will never be taken: a newer version may pass it by."""

NO_LINE = ("HTTP_AWAY", "HTTP_CERTIFICATE", "HTTP_ANSWER")


def is_line_away(refusals: Sequence[Refusal]) -> bool:
    """Whether nobody answered, or nobody who is believed."""
    return any(one.code in NO_LINE for one in refusals)


class _Version(msgspec.Struct):
    """All that is looked at of a register that is only kept."""

    version: int


_VERSIONS = msgspec.json.Decoder(_Version)


@dataclass
class RegistersDealt:
    """What a round did with registers: those that were taken and fetched, by kind and owner, and
    what was refused. `untaken` are the owners of which the hub lacks the newest version, where it
    takes registers over the line at all."""

    sent: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    untaken: set[str] = field(default_factory=set)

    @property
    def is_away(self) -> bool:
        """Whether the line was away."""
        return is_line_away(self.refusals)

    def refuse(self, where: str, refusal: Refusal) -> None:
        """Note a refusal, with the register that it is about."""
        place = f"{where} {refusal.where}".strip()
        self.refusals.append(Refusal(refusal.code, place, refusal.values))


class RegisterDealings:
    """One city's dealings. `lines` has a line for each of its three names; what others publish is
    fetched over the one of `reader`. `key` is the city's own, `hub` knows the hub's."""

    def __init__(
        self,
        book: RegisterBook,
        key: SigningKey,
        lines: Mapping[str, RegisterLine],
        reader: str,
        hub: KeyRing,
    ) -> None:
        self._book, self._key, self._lines = book, key, lines
        self._reader, self._hub = reader, hub

    def send(self, now_s: int) -> RegistersDealt:
        """Hand in every version that the hub has not taken, those of a register in order. Whatever
        is away ends the round; one that is refused keeps only its own register back."""
        dealt, held = RegistersDealt(), set[tuple[str, str]]()
        self._book.collect(self._key, now_s)
        for one in self._book.waiting():
            if (one.kind, one.owner) in held:
                continue
            line = self._lines.get(one.owner)
            found: KeptRegister | Refusal = (
                Refusal("REGISTER_OWNER", values={"sender": one.owner, "kind": one.kind})
                if line is None
                else line.send_register(one.kind, one.version, one.message)
            )
            if not isinstance(found, Refusal):
                self._book.mark(one, "taken", "", now_s)
                dealt.sent.append(f"{one.kind} {one.owner}")
            elif not self._passed(one, found, dealt, now_s):
                held.add((one.kind, one.owner))
                if is_line_away([found]):
                    break
        dealt.untaken = {
            one.owner for one in self.states() if one.state == "waits" and one.why != "API_PATH"
        }
        return dealt

    def fetch(self, now_s: int) -> RegistersDealt:
        """Keep what is new of others and of the hub. One that is not what the list says is not
        kept, told, and asked for again the next time."""
        dealt = RegistersDealt()
        after = start = self._book.last()
        done_to: int | None = None
        while True:
            page = self._lines[self._reader].registers(after)
            if not isinstance(page, Refusal) and page.last < start:
                after = start = 0  # restored from a backup: numbers may mean others now
                page = self._lines[self._reader].registers(0)
            if isinstance(page, Refusal):
                dealt.refuse("registers", page)
                break
            for register in page.registers:
                refusal = self._kept(register, dealt, now_s)
                if refusal is not None:
                    dealt.refuse(f"{register.kind} {register.owner}", refusal)
                    done_to = after if done_to is None else done_to
                after = max(after, register.number)
            if not page.registers:
                break
        self._book.look_on(after if done_to is None else done_to)
        return dealt

    def states(self) -> list[RegisterState]:
        """How far each register is."""
        return self._book.states()

    def _passed(self, one: Outgoing, refusal: Refusal, dealt: RegistersDealt, now_s: int) -> bool:
        """Note that a version was refused; True when a newer one may pass it by. That the hub has a
        newer one than an old one of ours is nobody's trouble."""
        code = str(refusal.values.get("code", refusal.code))
        is_old_news = code == "REGISTER_ROLLBACK" and not one.is_newest
        if not is_old_news:
            dealt.refuse(f"{one.kind} {one.owner} {one.version}", refusal)
        is_passed = code.startswith(_OF_THE_REGISTER) and not one.is_newest
        self._book.mark(one, "passed" if is_passed else "waits", code, now_s)
        return is_passed

    def _kept(self, register: KeptRegister, dealt: RegistersDealt, now_s: int) -> Refusal | None:
        if register.owner in self._lines:
            return None  # our own, which is here as it was made
        version, sha256 = self._book.version_here(register.kind, register.owner)
        if register.version <= version:
            if register.sha256 == sha256:
                return None
            code = "REGISTER_CHANGED" if register.version == version else "REGISTER_ROLLBACK"
            values = {"kind": register.kind, "found": register.version, "current": version}
            return Refusal(code, register.owner, values)
        message = self._lines[self._reader].fetch_register(register)
        if isinstance(message, Refusal):
            return message
        refusal = self._unsound(register, message)
        if refusal is None:
            self._book.keep(register, message, now_s)
            dealt.fetched.append(f"{register.kind} {register.owner}")
        return refusal

    def _unsound(self, register: KeptRegister, message: bytes) -> Refusal | None:
        """Why a message is not the register that the list names; the hub's own has to bear its seal
        besides."""
        is_hubs = register.owner == HUB_SENDER
        told = believe(message, (register.kind,), self._hub) if is_hubs else as_told(message)
        if isinstance(told, Refusal):
            return told
        named = (register.kind, register.owner, register.bytes, register.sha256)
        if (told.kind, told.sender, len(message), sha256_hex(message)) != named:
            return no_answer("other", f"register {register.number}")
        body = read_body(told.body, _VERSIONS)
        if isinstance(body, Refusal):
            return body
        if body.version != register.version:
            return no_answer("other", f"register {register.number}")
        return None
