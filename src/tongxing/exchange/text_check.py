"""A whole text file looked through: how many lines are sound, what is wrong, what is doubtful.

Also whether the evidence speaks for another variant than the header does: the sources contradict
one another there, and nobody should have to find out by money that does not add up.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tongxing.exchange.evidence import read_evidence
from tongxing.exchange.layouts import LayoutBook, Shape
from tongxing.exchange.text_file import Line, TextFile
from tongxing.kernel.reasons import Refusal

FAULTS_KEPT_MAX = 50


@dataclass(slots=True)
class Survey:
    """What was found. `faults` are the first ones, `fault_count` all; `doubts` has each kind of
    doubt once, at its first place, with how often. `amount_fen` adds up the field ``amount`` of
    the sound lines, test records apart."""

    sound: int = 0
    bad: int = 0
    fault_count: int = 0
    faults: list[Refusal] = field(default_factory=list)
    doubts: dict[str, tuple[Refusal, int]] = field(default_factory=dict)
    amount_fen: int = 0
    test_amount_fen: int = 0
    test_records: int = 0
    with_evidence: int = 0

    def take(self, line: Line) -> None:
        """Count one line."""
        if line.faults:
            self.bad += 1
            self.fault_count += len(line.faults)
            self.faults += line.faults[: max(0, FAULTS_KEPT_MAX - len(self.faults))]
        else:
            self.sound += 1
            is_test = line.cells.get("test_flag") == b"1"
            self.test_records += is_test
            amount_fen = int(line.cells.get("amount", b"0"))
            self.test_amount_fen += amount_fen if is_test else 0
            self.amount_fen += 0 if is_test else amount_fen
        self.with_evidence += bool(line.evidence.strip(b" "))
        for doubt in line.doubts:
            self.doubt(doubt)

    def doubt(self, doubt: Refusal) -> None:
        """Count one doubt."""
        first, times = self.doubts.get(doubt.code, (doubt, 0))
        self.doubts[doubt.code] = (first, times + 1)


def survey(
    found: TextFile, book: LayoutBook, done: Callable[[int], None] = lambda _: None
) -> Survey:
    """Look through all lines of a file."""
    seen = Survey()
    for doubt in found.doubts:
        seen.doubt(doubt)
    others = [
        shape
        for shape in book.shapes(found.shape.code, found.head.day)
        if shape.variant.name != found.shape.variant.name
    ]
    speaks = dict.fromkeys([shape.variant.name for shape in others], True)
    readable = lines = 0
    for line in found.lines(done):
        seen.take(line)
        if found.shape.layout.evidence_bytes_max and line.cells:
            lines += 1
            unread = any(doubt.code == "EXCHANGE_EVIDENCE" for doubt in line.doubts)
            readable += bool(line.evidence) and not unread
            for shape in others:
                name = shape.variant.name
                speaks[name] = speaks[name] and _speaks_for(shape, line.content)
    if lines and not readable and any(speaks.values()):
        other = next(name for name, fits in speaks.items() if fits)
        values = {"variant": found.shape.variant.name, "other": other}
        seen.doubt(Refusal("EXCHANGE_CONTRADICTION", found.name, values))
    return seen


def _speaks_for(shape: Shape, content: bytes) -> bool:
    """Whether there is evidence at the place where another variant has it."""
    evidence = content[shape.record_length :].rstrip(b" ")
    return bool(evidence) and read_evidence(evidence) is not None
