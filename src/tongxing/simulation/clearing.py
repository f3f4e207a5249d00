"""The way from record files to settled money: files to the hub, verdicts back, windows, payments.

Here the simulation plays the post between houses, hub and bank. It passes on bytes at their time;
what is in them is the houses' business. Nothing here judges, nets or books.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tongxing.checkpoint import CHECKPOINT_FILE, VERIFIER_FILE
from tongxing.city import BankLine, acquirer_member, issuer_member
from tongxing.hub import MemberCity, Payment, WindowClosing, load_rulebook, window_of
from tongxing.hub.windows import window_times
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.messages import Statement, unseal
from tongxing.network import load_registry
from tongxing.simulation.bank import Bank, read_status
from tongxing.simulation.carrier import Carrier
from tongxing.simulation.hosting import Host, Pending
from tongxing.simulation.house import House
from tongxing.simulation.houses import Houses
from tongxing.simulation.hubdesk import HubDesk
from tongxing.simulation.keys import HUB, key_ring
from tongxing.simulation.papers import Papers
from tongxing.simulation.timeline import Timeline

WORKING_CAPITAL_FEN = 100_000_000
"""What acquirers and operators have at the bank beside these books, for windows that turn round."""

_ASK_AGAIN_S = 3_600
_HUB_WORKS_S = 3_000
_INTERBANK_PHASES = (1, 2)


@dataclass(slots=True)
class ClearingFigures:
    """What went through the hub. `refusals` must stay empty in a sound run."""

    files: int = 0
    payments: int = 0
    windows: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


class Clearing:
    """The hub and the bank of a run, and the post between them and the houses."""

    def __init__(
        self,
        desk: Host[HubDesk],
        seed: int,
        houses: Houses,
        timeline: Timeline,
        carrier: Carrier,
        papers: Papers,
    ) -> None:
        self.bank = Bank("simulated bank")
        self.figures = ClearingFigures()
        self.carrier = carrier
        self.open_payments: set[str] = set()
        self.files_on_the_way = 0
        self.own_funds_fen: dict[str, int] = {}
        self.statements: list[Statement] = []
        self._desk = desk
        self._rules = load_rulebook()
        self._statement_keys = key_ring(seed, [HUB])
        self._houses = houses
        self._timeline = timeline
        self._papers = papers
        self._planned_windows: set[str] = set()

    def enrol(self, operators: Iterable[str], floats_fen: Mapping[str, int]) -> None:
        """Take in the members, and open everybody's bank account; `floats_fen` is by issuer."""
        now_s, registry = self._timeline.now_s, load_registry()
        cities = [
            MemberCity(
                code,
                registry.place_name(code, "zh"),
                registry.place_name(code, "en"),
                code in self._houses.streets,
            )
            for code in self._houses.codes
        ]
        refusal = self._desk.call(HubDesk.enrol, cities, now_s)
        if refusal is not None:
            raise Problem(refusal.code, refusal.where, **dict(refusal.values))
        self.bank.deposit(HUB, 0, now_s, "settlement")
        for code in self._houses.codes:
            self.bank.deposit(issuer_member(code), floats_fen[code], now_s, "passengers' money")
        acquirers = [acquirer_member(code) for code in self._houses.streets]
        for party in (*acquirers, *operators):
            self.bank.deposit(party, WORKING_CAPITAL_FEN, now_s, "own funds")
            self.own_funds_fen[party] = WORKING_CAPITAL_FEN

    def pay_in(self, code: str, amount_fen: int) -> None:
        """Passengers of an issuer have topped up: its bank account gets the money."""
        if amount_fen:
            issuer, now_s = issuer_member(code), self._timeline.now_s
            self.bank.deposit(issuer, amount_fen, now_s, "top-ups")

    def at_bank_fen(self) -> dict[str, int]:
        """What the hub's books say lies at the bank."""
        return {HUB: self._desk.call(HubDesk.at_bank_fen)}

    def collect_records(self, code: str) -> bool:
        """Ask a city for its next record file and post it; whether there was one."""
        found = self._houses.ask(code, House.record_file, self._timeline.now_s).result()
        if found is not None:
            self.files_on_the_way += 1
            self._post_file(code, *found)
        return found is not None

    @property
    def settled(self) -> bool:
        """Whether every file has its verdict and every window all its payments."""
        return not (self.files_on_the_way or self._planned_windows or self.open_payments)

    def _post_file(self, code: str, manifest: bytes, data: bytes) -> None:
        """Send a file on its way; a lost one is sent again after a while."""
        now_s = self._timeline.now_s
        arrivals = self.carrier.arrivals(acquirer_member(code), now_s)
        if not arrivals:
            self._timeline.plan(now_s + _ASK_AGAIN_S, self._post_file, code, manifest, data)
        for arrives_s in arrivals[:1]:
            self._timeline.plan(arrives_s, self._hub_receives, code, manifest, data, True)
        for arrives_s in arrivals[1:]:
            self._timeline.plan(arrives_s, self._hub_receives, code, manifest, data, False)

    def _hub_receives(self, code: str, manifest: bytes, data: bytes, first: bool) -> None:
        """Lay a file on the hub's desk; it has its time to judge it."""
        now_s = self._timeline.now_s
        if first:
            self.figures.files += 1
            self._expect_window(window_of(now_s, self._rules))
        judged = self._desk.send(HubDesk.receive_file, manifest, data, now_s)
        later_s = now_s + _HUB_WORKS_S
        self._timeline.plan(later_s, self._hub_answers, code, manifest, data, judged, first)

    def _hub_answers(
        self,
        code: str,
        manifest: bytes,
        data: bytes,
        judged: Pending[bytes | Refusal],
        first: bool,
    ) -> None:
        """Send the verdicts; a city that hears nothing sends its file again, for the same ones."""
        verdicts, now_s = judged.result(), self._timeline.now_s
        if isinstance(verdicts, Refusal):
            self._note(code, verdicts)
            return
        arrivals = self.carrier.arrivals(acquirer_member(code), now_s)
        if not arrivals and first:
            again = self._desk.send(HubDesk.receive_file, manifest, data, now_s)
            later_s = now_s + _ASK_AGAIN_S
            self._timeline.plan(later_s, self._hub_answers, code, manifest, data, again, first)
        for arrives_s in arrivals:
            self._timeline.plan(arrives_s, self._city_hears, code, verdicts, first)
            first = False

    def _city_hears(self, code: str, verdicts: bytes, first: bool) -> None:
        now_s = self._timeline.now_s
        self._note(code, self._houses.ask(code, House.apply_verdicts, verdicts, now_s).result())
        self.files_on_the_way -= first

    def _expect_window(self, window_id: str) -> None:
        if window_id in self._planned_windows or window_id in self.figures.windows:
            return
        self._planned_windows.add(window_id)
        times = window_times(window_id, self._rules)
        self._timeline.plan(times.statement_s, self._close_window, window_id)
        for phase, when_s in (
            (1, times.debtors_pay_s),
            (2, times.creditors_paid_s),
            (3, times.operators_paid_s),
        ):
            self._timeline.plan(when_s, self._pay, window_id, phase)

    def _close_window(self, window_id: str) -> None:
        """Close a window and hand its documents to the houses and to the folder of papers."""
        now_s = self._timeline.now_s
        closing = self._desk.call(HubDesk.close_window, window_id, now_s)
        if isinstance(closing, Refusal):
            self._note(window_id, closing)
            return
        self._planned_windows.discard(window_id)
        self.figures.windows.append(window_id)
        self.open_payments |= {item.instruction.instruction_id for item in closing.payments}
        self._write_papers(closing)
        waiting = []
        for code in self._houses.codes:
            for sender, verdicts in closing.late_verdicts:
                if sender == acquirer_member(code):
                    answer = self._houses.ask(code, House.apply_verdicts, verdicts, now_s)
                    waiting.append((sender, answer))
            for issuer, detail in _of(code, closing.issuer_details):
                answer = self._houses.ask(code, House.apply_issuer_detail, detail, now_s)
                waiting.append((issuer, answer))
            for member, detail in _of(code, closing.case_details):
                answer = self._houses.ask(code, House.apply_case_detail, detail, now_s)
                waiting.append((member, answer))
            for member, statement in _of(code, closing.statements):
                answer = self._houses.ask(code, House.apply_statement, statement, now_s)
                waiting.append((member, answer))
        for member, answer in waiting:
            self._note(member, answer.result())

    def _pay(self, window_id: str, phase: int) -> None:
        """Take the payments of one phase to the bank, and its reports to all it concerns."""
        now_s = self._timeline.now_s
        lines: dict[str, list[BankLine]] = {code: [] for code in self._houses.codes}
        for payment in self._desk.call(HubDesk.payments_to_send, window_id):
            if payment.instruction.phase != phase:
                continue
            instruction_id = payment.instruction.instruction_id
            report = self.bank.execute(payment.message, now_s)
            self._papers.write(window_id, f"{instruction_id}.status.xml", report)
            confirmed = self._desk.call(HubDesk.confirm_payment, report, now_s)
            if isinstance(confirmed, Refusal):
                self._note(instruction_id, confirmed)
                continue
            if reason := read_status(report).get(instruction_id, ""):
                self.figures.refusals.append(f"{instruction_id}: {reason}")
                continue
            self.open_payments.discard(instruction_id)
            self.figures.payments += 1
            for code, line in _bank_lines(payment, now_s):
                lines[code].append(line)
        waiting = [
            (code, self._houses.ask(code, House.settle, own)) for code, own in lines.items() if own
        ]
        for code, answer in waiting:
            for refusal in answer.result():
                self._note(code, refusal)

    def _write_papers(self, closing: WindowClosing) -> None:
        window_id = closing.window_id
        if closing.checkpoint is not None:
            self._papers.write(window_id, CHECKPOINT_FILE, closing.checkpoint.content)
            self._papers.write("", VERIFIER_FILE, f"{closing.checkpoint.verifier}\n".encode())
        for member, content in closing.statements.items():
            self._papers.write(window_id, f"{member}.statement", content)
            opened = unseal(content, Statement, self._statement_keys)
            assert not isinstance(opened, Refusal), opened
            self.statements.append(opened[1])
        for member, content in closing.account_statements.items():
            self._papers.write(window_id, f"{member}.camt.053.xml", content)
        for member, content in closing.sheets.items():
            self._papers.write(window_id, f"{member}.csv", content)
        for language in ("zh", "en"):
            for member, text in closing.texts(language).items():
                self._papers.write(window_id, f"{member}.{language}.txt", text.encode())
        for issuer, content in closing.issuer_details.items():
            self._papers.write(window_id, f"{issuer}.detail", content)
        for payment in closing.payments:
            name = f"{payment.instruction.instruction_id}.xml"
            self._papers.write(window_id, name, payment.message)

    def _note(self, where: str, refusal: Refusal | None) -> None:
        if refusal is not None:
            self.figures.refusals.append(f"{where}: {refusal.code}")


def _of(code: str, documents: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
    """The documents of a city's own members."""
    own = (issuer_member(code), acquirer_member(code))
    return [(member, documents[member]) for member in own if member in documents]


def _bank_lines(payment: Payment, now_s: int) -> list[tuple[str, BankLine]]:
    """A payment as it stands on the bank statement of the city it concerns."""
    instruction = payment.instruction
    amount_fen = instruction.amount_fen
    debtor, creditor = instruction.debtor, instruction.creditor
    if instruction.phase in _INTERBANK_PHASES:
        member, signed_fen = (debtor, -amount_fen) if creditor == HUB else (creditor, amount_fen)
        party = member
    elif debtor.startswith("ACQ-"):
        member, party, signed_fen = debtor, creditor, -amount_fen
    else:
        member, party, signed_fen = creditor, debtor, amount_fen
    line = BankLine(
        reference=instruction.instruction_id,
        window_id=instruction.window_id,
        party=party,
        amount_fen=signed_fen,
        value_s=now_s,
    )
    return [(member.partition("-")[2], line)]
