"""Ride codes shown again: one display stands for two rides at most, whoever presents them.

A tap may end one ride and begin another, so two trips may name the same code; a third has nothing
to do with it. Which two stand does not depend on the order of rows: those that the hub knows, then
those that began first.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from tongxing.hub.admission import Judgement, judge
from tongxing.hub.checks import Case
from tongxing.hub.evidence import Fault
from tongxing.hub.rows import Row
from tongxing.messages import Record

RIDES_OF_A_DISPLAY = 2
SHOWN_AGAIN = Fault("1018", "shown for too many rides")
_MARK_BYTES = 16

Displays = Mapping[bytes, Sequence[str]]
"""The trips that are known of each display, by its mark."""


def marks_of(record: Record) -> list[bytes]:
    """The displays that a record names: 128 bits of the SHA-256 of each code."""
    return [hashlib.sha256(code).digest()[:_MARK_BYTES] for code in record.codes]


def withdrawn_in(records: Iterable[Record]) -> set[str]:
    """The trips that these records withdraw."""
    return {record.trip_id for record in records if record.how == "void"}


def shown_again(
    records: Iterable[Record], known: Displays, withdrawn: Collection[str]
) -> list[str]:
    """The records whose display stands for two other rides already, in order of name. Trips that
    are withdrawn do not count."""
    began: dict[bytes, dict[str, int]] = {}
    named: dict[str, list[str]] = {}
    for record in records:
        if record.codes and record.how != "void" and record.trip_id not in withdrawn:
            named.setdefault(record.trip_id, []).append(record.record_id)
            for mark in marks_of(record):
                trips = began.setdefault(mark, {})
                first_s = trips.get(record.trip_id, record.entered_s)
                trips[record.trip_id] = min(first_s, record.entered_s)
    beyond: set[str] = set()
    for mark, trips in began.items():
        before = [trip for trip in known.get(mark, ()) if trip not in withdrawn]
        new = sorted((at_s, trip) for trip, at_s in trips.items() if trip not in before)
        room = max(0, RIDES_OF_A_DISPLAY - len(before))
        beyond.update(trip for _, trip in new[room:])
    return sorted(record_id for trip in beyond for record_id in named[trip])


def judge_displays(rows: Sequence[Row], case: Case, known: Displays) -> list[Judgement]:
    """As `judge`, with displays shown again as wrong codes. A row that would withdraw a trip counts
    only if it comes to stand: else the file is judged again, and at last without any."""
    records = [row.record for row in rows if row.record is not None]
    withdrawn = withdrawn_in(records)
    while True:
        evidence = case.evidence
        again = dict.fromkeys(shown_again(records, known, withdrawn), SHOWN_AGAIN)
        signatures = {**again, **evidence.signatures}
        case = replace(case, evidence=replace(evidence, signatures=signatures))
        judgements = judge(rows, case)
        standing = [item for item in judgements if item.standing is not None]
        stood = withdrawn_in(item.row.record for item in standing if item.row.record is not None)
        if withdrawn <= stood:
            return judgements
        withdrawn = stood if withdrawn == withdrawn_in(records) else set()
