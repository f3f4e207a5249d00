"""What a run has to say at its end: rides, money, who owes whom, what went wrong and was borne.

Everything in here but `seconds` follows from the plan alone, so two runs of one plan say the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tongxing.city import acquirer_member, issuer_member
from tongxing.kernel.ids import digest
from tongxing.kernel.proofs import Proof
from tongxing.messages import Statement
from tongxing.simulation.clearing import ClearingFigures
from tongxing.simulation.comparison import Difference
from tongxing.simulation.faults import FaultCounts
from tongxing.simulation.house import HalfTripTotal, ModeTotal, VerdictTotal
from tongxing.simulation.street import StreetFigures


@dataclass(frozen=True, slots=True)
class CityTotal:
    """One city's travel and money. `half_trips` says how they ended and what is still held for,
    `answers` what passengers and staff heard who said something of one. `owes_fen` and `gets_fen`
    are what it settled with the hub."""

    code: str
    opened: int
    refused: dict[str, int]
    modes: list[ModeTotal]
    half_trips: list[HalfTripTotal]
    answers: dict[str, int]
    top_ups_fen: int
    verdicts: list[VerdictTotal]
    owes_fen: int = 0
    gets_fen: int = 0


@dataclass(frozen=True, slots=True)
class Checks:
    """What was held against what. A run is sound when nothing differs and everything is settled.

    `held_records` wait at the hub for a person to look at them, with `held_fen` in them: evidence
    that came in part first can look wrong. That is a duty, not a difference.
    """

    settled: bool
    held_records: int
    held_fen: int
    rejected_records: int
    proofs: int
    proofs_broken: list[str]
    payers_compared: int
    holders_compared: int
    purses_compared: int
    bank_accounts_compared: int
    signatures_checked: int
    taps_decided_again: int
    differences: list[Difference]
    refusals: list[str]

    @property
    def sound(self) -> bool:
        """Whether everything that must hold does, and there was something to hold."""
        compared = self.payers_compared and self.purses_compared and self.bank_accounts_compared
        return (
            bool(compared and self.proofs)
            and self.settled
            and not (self.proofs_broken or self.differences or self.refusals)
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """The end of a run, for people and for machines."""

    taps: int
    trips: int
    half_trips: int
    held_half_trips: int
    held_half_fen: int
    fare_fen: int
    charge_fen: int
    cities: list[CityTotal]
    windows: list[str]
    record_files: int
    payments: int
    paid_to_operators_fen: dict[str, int]
    cross_city_fen: dict[str, dict[str, int]]
    faults: dict[str, int]
    checks: Checks
    papers_sha256: str
    seconds: dict[str, float] = field(default_factory=dict)

    def as_plain(self) -> dict[str, Any]:
        """The same as mappings, lists, text and numbers, with the verdict of the checks."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        plain["sound"] = self.checks.sound
        return plain


def summarise(
    figures: Mapping[str, StreetFigures],
    modes: Mapping[str, list[ModeTotal]],
    half_trips: Mapping[str, list[HalfTripTotal]],
    verdicts: Mapping[str, list[VerdictTotal]],
    statements: Sequence[Statement],
    clearing: ClearingFigures,
    faults: FaultCounts,
    papers_sha256: Mapping[str, str],
    checks: Checks,
) -> Summary:
    """Put the summary together; `statements` are those of every member and window."""
    cities = [
        _city_total(
            code, figures.get(code), modes[code], half_trips[code], verdicts[code], statements
        )
        for code in sorted({*figures, *modes})
    ]
    totals = [mode for city in cities for mode in city.modes]
    held = [half for city in cities for half in city.half_trips if half.how == "held"]
    return Summary(
        taps=sum(city.opened + sum(city.refused.values()) for city in cities),
        trips=sum(mode.trips for mode in totals),
        half_trips=sum(mode.half_trips for mode in totals),
        held_half_trips=sum(half.trips for half in held),
        held_half_fen=sum(half.fen for half in held),
        fare_fen=sum(mode.fare_fen for mode in totals),
        charge_fen=sum(mode.charge_fen for mode in totals),
        cities=cities,
        windows=sorted({statement.window_id for statement in statements}),
        record_files=clearing.files,
        payments=clearing.payments,
        paid_to_operators_fen=_payouts(statements),
        cross_city_fen=_cross_city(statements),
        faults=dict(faults.by_kind),
        checks=checks,
        papers_sha256=digest(*(f"{name} {papers_sha256[name]}" for name in sorted(papers_sha256))),
    )


def broken(proofs: Sequence[Proof]) -> list[str]:
    """The proofs that do not hold, by truth, name and house."""
    return [f"{proof.truth} {proof.name} {proof.house}" for proof in proofs if not proof.holds]


def _city_total(
    code: str,
    figures: StreetFigures | None,
    modes: list[ModeTotal],
    half_trips: list[HalfTripTotal],
    verdicts: list[VerdictTotal],
    statements: Sequence[Statement],
) -> CityTotal:
    travel = None if figures is None else figures.travel
    own = (issuer_member(code), acquirer_member(code))
    nets_fen = [item.net_fen for item in statements if item.member in own]
    return CityTotal(
        code=code,
        opened=0 if travel is None else travel.opened,
        refused={} if travel is None else dict(sorted(travel.refused.items())),
        modes=modes,
        half_trips=half_trips,
        answers={} if figures is None else dict(sorted(figures.forgotten.answers.items())),
        top_ups_fen=0 if travel is None else travel.topped_up_fen,
        verdicts=verdicts,
        owes_fen=-sum(net for net in nets_fen if net < 0),
        gets_fen=sum(net for net in nets_fen if net > 0),
    )


def _payouts(statements: Sequence[Statement]) -> dict[str, int]:
    paid: dict[str, int] = {}
    for statement in statements:
        for share in statement.operator_payouts:
            paid[share.operator] = paid.get(share.operator, 0) + share.share_fen
    return dict(sorted(paid.items()))


def _cross_city(statements: Sequence[Statement]) -> dict[str, dict[str, int]]:
    """What each issuer's passengers rode for with each acquirer: issuer, then acquirer."""
    matrix: dict[str, dict[str, int]] = {}
    for statement in statements:
        if not statement.member.startswith("ISS-"):
            continue
        row = matrix.setdefault(statement.member, {})
        for line in statement.lines:
            if line.kind == "trips":
                row[line.counterparty] = row.get(line.counterparty, 0) - line.amount_fen
    return {issuer: dict(sorted(row.items())) for issuer, row in sorted(matrix.items())}
