"""What a closed window hands out: every document, made at once from the netting.

Pure but for the signature, which is deterministic: closing the same window again would give the
same bytes, and that is how a replay proves itself.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tongxing.hub.instructions import Instruction, instructions_of
from tongxing.hub.iso20022 import account_statement, payment_message
from tongxing.hub.members import Member
from tongxing.hub.netting import Netting
from tongxing.hub.notes import NO_NOTES, Notes, held_csv, marks_csv
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.settlement import Payment
from tongxing.hub.statement_page import as_html
from tongxing.hub.statements import as_csv, as_text, in_words, statement_of
from tongxing.hub.store.checkpoints import KeptCheckpoint
from tongxing.hub.windows import WindowState, WindowTimes
from tongxing.kernel.texts import LANGUAGES, load_catalogue
from tongxing.messages import CaseDetail, IssuerDetail, Record, SigningKey, Statement, seal

STATEMENT = "statement"
ISSUER_DETAIL = "issuer_detail"
CAMT_053 = "camt.053"
CSV = "csv"
MARKS = "marks.csv"
HELD = "held.csv"
TEXT = "text."
PAGE = "page."
CARRIED_VERDICTS = "carried_verdicts"
CASE_DETAIL = "case_detail"
KINDS = (
    STATEMENT,
    ISSUER_DETAIL,
    CASE_DETAIL,
    CAMT_053,
    CSV,
    MARKS,
    HELD,
    *(form + language for form in (TEXT, PAGE) for language in LANGUAGES),
)

Documents = Mapping[tuple[str, str], bytes]


def in_order(late: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
    """Late verdicts by the second of their decision, with which the names they are kept by end."""
    return sorted(late.items(), key=lambda item: (int(re.split("[-/]", item[0])[-1]), item[0]))


@dataclass(frozen=True, slots=True)
class WindowClosing:
    """A window after its closing: its state now, its documents by kind and party, its payments,
    and what was signed of it (None for a window older than checkpoints).

    Asked for again, documents and checkpoint are the same bytes.
    """

    window_id: str
    state: WindowState
    documents: Mapping[str, Mapping[str, bytes]]
    payments: tuple[Payment, ...]
    checkpoint: KeptCheckpoint | None = None

    @property
    def statements(self) -> Mapping[str, bytes]:
        """The sealed `Statement` of every member."""
        return self.documents[STATEMENT]

    @property
    def issuer_details(self) -> Mapping[str, bytes]:
        """The sealed `IssuerDetail` of every issuer whose passengers rode in another city."""
        return self.documents[ISSUER_DETAIL]

    @property
    def case_details(self) -> Mapping[str, bytes]:
        """The sealed `CaseDetail` of every member with news or money of cases."""
        return self.documents[CASE_DETAIL]

    @property
    def late_verdicts(self) -> list[tuple[str, bytes]]:
        """The sealed `VerdictFile` of every decision about records that waited or were frozen, with
        its sender, in the order in which they were made."""
        found = in_order(self.documents[CARRIED_VERDICTS])
        return [(party.partition("/")[0], content) for party, content in found]

    @property
    def account_statements(self) -> Mapping[str, bytes]:
        """The camt.053 of every member."""
        return self.documents[CAMT_053]

    @property
    def sheets(self) -> Mapping[str, bytes]:
        """The CSV of every member."""
        return self.documents[CSV]

    def texts(self, language: str) -> Mapping[str, str]:
        """The statement of every member as people read it, in zh or en."""
        return {
            party: content.decode() for party, content in self.documents[TEXT + language].items()
        }


@dataclass(frozen=True, slots=True)
class Produced:
    """All that a closing makes, before it is kept."""

    documents: Documents
    instructions: tuple[Instruction, ...]
    messages: Mapping[str, bytes]


def produce(
    window_id: str,
    netting: Netting,
    from_elsewhere: Mapping[str, Iterable[Record]],
    case_details: Mapping[str, CaseDetail],
    notes: Mapping[str, Notes],
    members: Mapping[str, Member],
    times: WindowTimes,
    rules: Rulebook,
    key: SigningKey,
) -> Produced:
    """Every document and payment of a window. `from_elsewhere` are the accepted records of each
    issuer's passengers in other cities, in their order; `case_details` is what is told of cases;
    `notes` is what statements say beside their money."""
    statements = [statement_of(member, window_id, netting, times) for member in members.values()]
    names = {member.member_id: member.name_zh for member in members.values()}
    documents: dict[tuple[str, str], bytes] = {}
    for statement in statements:
        noted = notes.get(statement.member, NO_NOTES)
        for kind, content in _forms(statement, noted, members, names, times, rules.version, key):
            documents[kind, statement.member] = content
    for issuer, records in from_elsewhere.items():
        detail = IssuerDetail(window_id=window_id, issuer=issuer, records=list(records))
        documents[ISSUER_DETAIL, issuer] = seal(detail, key)
    for member, told in case_details.items():
        documents[CASE_DETAIL, member] = seal(told, key)
    model = rules.settlement.model
    instructions = instructions_of(window_id, netting, statements, times, model)
    messages = {
        item.instruction_id: payment_message(item, times.statement_s, names)
        for item in instructions
    }
    return Produced(documents, tuple(instructions), messages)


def _forms(
    statement: Statement,
    notes: Notes,
    members: Mapping[str, Member],
    names: Mapping[str, str],
    times: WindowTimes,
    rulebook_version: str,
    key: SigningKey,
) -> Iterable[tuple[str, bytes]]:
    """One statement in all its forms, and what it notes as tables where there is any."""
    yield STATEMENT, seal(statement, key)
    yield CAMT_053, account_statement(statement, times, names)
    yield CSV, as_csv(statement, members)
    if notes.marks:
        yield MARKS, marks_csv(statement, notes.marks)
    if notes.waiting:
        yield HELD, held_csv(statement, notes.waiting)
    texts = load_catalogue("tongxing.hub")
    for language in LANGUAGES:
        text = as_text(statement, members, rulebook_version, language, texts, notes)
        yield TEXT + language, text.encode()
        words = in_words(statement, members, rulebook_version, language, texts, notes)
        yield PAGE + language, as_html(words, language).encode()
