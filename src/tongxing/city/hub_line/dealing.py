"""One round of a city with its hub: what waits is sent, what came is kept and booked.

Done again after a crash at any point, it ends the same: files go out as the stored bytes, a letter
is kept before it is booked, and booking twice changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tongxing.city.hub_line.line import HubLine
from tongxing.city.hub_line.register_book import RegisterState
from tongxing.city.hub_line.registers import RegisterDealings, RegistersDealt, is_line_away
from tongxing.city.hub_line.store import LetterBook, Waiting
from tongxing.city.hub_line.unheard import no_answer
from tongxing.city.members import acquirer_member, issuer_member
from tongxing.city.service import City
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages.letters import Letter

Book = Callable[[bytes, int], Refusal | None]

_ORDER = ("verdicts", "carried_verdicts", "issuer_detail", "case_detail", "statement")
"""Kinds that are booked, in this order within a window: a statement counts what went before."""


@dataclass
class Dealt:
    """What a round did. `refusals` are those of hub, line and own books, each with where it arose;
    a round that has one is tried again later. What became of `registers` is told apart: of theirs
    only those of the acquirer keep files back."""

    sent: list[str] = field(default_factory=list)
    fetched: int = 0
    booked: int = 0
    suspended: bool = False
    refusals: list[Refusal] = field(default_factory=list)
    registers: RegistersDealt = field(default_factory=RegistersDealt)

    def troubles(self) -> list[Refusal]:
        """What was refused of files, letters and registers, each once."""
        of_registers = [one for one in self.registers.refusals if one not in self.refusals]
        return [*of_registers, *self.refusals]

    def refuse(self, where: str, refusal: Refusal) -> None:
        """Note a refusal, with where it arose."""
        place = f"{where} {refusal.where}".strip()
        self.refusals.append(Refusal(refusal.code, place, refusal.values))


class HubDealings:
    """One city's dealings. `lines` has one line for each of its members that deals with the hub;
    `registers` are those with registers, None where somebody carries them by hand."""

    def __init__(
        self,
        city: City,
        letters: LetterBook,
        lines: Mapping[str, HubLine],
        registers: RegisterDealings | None = None,
    ) -> None:
        self._city, self._letters, self._lines = city, letters, lines
        self._registers = registers
        self._books: Mapping[str, Book] = {
            "verdicts": city.apply_verdicts,
            "carried_verdicts": city.apply_verdicts,
            "issuer_detail": city.apply_issuer_detail,
            "case_detail": city.apply_case_detail,
            "statement": city.apply_statement,
        }

    @property
    def members(self) -> tuple[str, str]:
        """The city's acquirer and issuer."""
        return acquirer_member(self._city.code), issuer_member(self._city.code)

    def send(self, now_s: int) -> Dealt:
        """Hand in registers that are new, then every file without an answer, then what waits to be
        presented, and book the verdicts. It ends at the first file that is not answered: they form
        a chain. While the hub lacks the newest register of the acquirer no file goes, for it would
        be judged by an old one."""
        dealt = Dealt(registers=self.send_registers(now_s))
        acquirer = self.members[0]
        if acquirer in dealt.registers.untaken or dealt.registers.is_away:
            dealt.refusals += dealt.registers.refusals
            return dealt
        line = self._lines[acquirer]
        while True:
            for file in self._letters.open_files():
                answer = line.send(file.file_id, file.manifest, file.data)
                refusal: Refusal | None
                if isinstance(answer, Refusal):
                    refusal = answer
                else:
                    dealt.sent.append(file.file_id)
                    refusal = self._city.apply_verdicts(answer, now_s)
                if refusal is not None:
                    dealt.refuse(file.file_id, refusal)
                    return dealt
            if self._city.record_file(now_s) is None:
                return dealt

    def fetch(self, now_s: int) -> Dealt:
        """Keep every letter and register that is new, then book what can be booked."""
        dealt = Dealt()
        for member, line in self._lines.items():
            refusal = self._fetch(member, line, now_s, dealt)
            if refusal is not None:
                dealt.refuse(member, refusal)
        for letter in sorted(self._letters.waiting(), key=_turn):
            refusal = self._books[letter.kind](letter.content, now_s)
            if refusal is None:
                dealt.booked += 1
                self._letters.mark(letter, "booked", "", now_s)
                continue
            dealt.refuse(f"{letter.member} {letter.number}", refusal)
            self._letters.mark(letter, "waits", refusal.code, now_s)
        if not is_line_away(dealt.refusals):
            dealt.registers = self.fetch_registers(now_s)
        return dealt

    def send_registers(self, now_s: int) -> RegistersDealt:
        """Hand in registers that are new, and nothing else."""
        return RegistersDealt() if self._registers is None else self._registers.send(now_s)

    def fetch_registers(self, now_s: int) -> RegistersDealt:
        """Keep the registers that are new at the hub, and nothing else."""
        return RegistersDealt() if self._registers is None else self._registers.fetch(now_s)

    def registers(self) -> list[RegisterState]:
        """How far each register is."""
        return [] if self._registers is None else self._registers.states()

    def behind(self) -> Mapping[str, int | Refusal]:
        """How many letters the hub has for each member that are not here, or why nobody knows."""
        found: dict[str, int | Refusal] = {}
        for member, line in self._lines.items():
            here = self._letters.last(member)
            page = line.letters(here)
            found[member] = page if isinstance(page, Refusal) else page.last - here
        return found

    def _fetch(self, member: str, line: HubLine, now_s: int, dealt: Dealt) -> Refusal | None:
        while True:
            after = self._letters.last(member)
            page = line.letters(after)
            if isinstance(page, Refusal):
                return page
            dealt.suspended |= page.suspended
            if page.member != member or not _in_order(page.letters, after):
                return no_answer("other", "letters")
            if page.last < after:
                return Refusal("HUB_LETTERS_LOST", values={"last": page.last, "here": after})
            for letter in page.letters:
                content = line.fetch(letter)
                if isinstance(content, Refusal):
                    return content
                if (len(content), sha256_hex(content)) != (letter.bytes, letter.sha256):
                    return no_answer("other", f"letter {letter.number}")
                state = "waits" if letter.kind in self._books else "kept"
                self._letters.keep(member, letter, content, state, now_s)
                dealt.fetched += 1
            if not page.letters:
                return None


def _in_order(letters: list[Letter], after: int) -> bool:
    """Whether numbers go on without a hole: a letter that is missing must not be passed over."""
    numbers = [letter.number for letter in letters]
    return numbers == list(range(after + 1, after + 1 + len(numbers)))


def _turn(letter: Waiting) -> tuple[str, int, str, int]:
    return letter.window_id, _ORDER.index(letter.kind), letter.member, letter.number
