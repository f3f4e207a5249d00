"""What was charged against what should have been: the oracle, the cards and the bank as witnesses.

Three witnesses who know nothing of one another: the oracle has only the truth list, the cards only
what gates wrote on them, the bank only its orders. Each is held against the books, to the fen. And
what cards and codes signed is checked by their issuers, with keys that no gate has.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tongxing.city import SignaturesFound
from tongxing.simulation.deciding_again import GatesDecidedAgain
from tongxing.simulation.oracle import Expected, ExpectedRide

SHOWN_MAX = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """One payer, purse or bank account on which a witness and the books disagree."""

    witness: str
    name: str
    expected_fen: int
    booked_fen: int
    note: str = ""


def against_oracle(
    expected: Mapping[str, Expected], charged_fen: Mapping[str, int]
) -> tuple[int, list[Difference]]:
    """How many payers were compared, and those whose money differs; `expected` is by city."""
    should: dict[str, int] = {}
    for answer in expected.values():
        for payer, fen in answer.by_payer_fen.items():
            should[payer] = should.get(payer, 0) + fen
    differing = _differences("oracle", should, charged_fen)
    if differing:
        rides = [ride for answer in expected.values() for ride in answer.rides]
        differing = [_explained(difference, rides) for difference in differing]
    return len({*should, *charged_fen}), differing


def against_held(
    expected: Mapping[str, Expected], held_fen: Mapping[str, int]
) -> tuple[int, list[Difference]]:
    """How many payers with half trips that wait were compared, and those whose hold differs."""
    should: dict[str, int] = {}
    for answer in expected.values():
        for half in answer.held:
            should[half.payer] = should.get(half.payer, 0) + half.held_fen
    return len({*should, *held_fen}), _differences("held", should, held_fen)


def against_cards(
    on_card_fen: Mapping[str, int], booked_fen: Mapping[str, int]
) -> tuple[int, list[Difference]]:
    """How many purses were compared, and those whose card and books disagree."""
    return len(on_card_fen), _differences("card", on_card_fen, booked_fen)


def against_bank(
    at_bank_fen: Mapping[str, int], booked_fen: Mapping[str, int]
) -> tuple[int, list[Difference]]:
    """How many bank accounts were compared, and those that differ from their ledger account."""
    return len({*at_bank_fen, *booked_fen}), _differences("bank", at_bank_fen, booked_fen)


def against_gates(found: Mapping[str, GatesDecidedAgain]) -> tuple[int, list[Difference]]:
    """How many taps the cities decided about again, and those of which they say something else than
    the gate did."""
    differing = [
        Difference("gate", tap, 0, 0, told)
        for city in sorted(found)
        for tap, told in found[city].differing
    ]
    return sum(one.taps for one in found.values()), differing


def against_signatures(found: Mapping[str, SignaturesFound]) -> tuple[int, list[Difference]]:
    """How many signatures of cards and codes their issuers found right, and the records in which
    one was wrong or could not be checked; `found` is by issuing city."""
    wrong = [
        Difference("signature", record_id, 0, 0)
        for city in sorted(found)
        for record_id in found[city].wrong
    ]
    unchecked = [
        Difference("signature", city, 0, 0, f"{count} {code}")
        for city in sorted(found)
        for code, count in sorted(found[city].unchecked.items())
    ]
    return sum(one.checked for one in found.values()), [*wrong, *unchecked]


def _differences(
    witness: str, expected: Mapping[str, int], booked: Mapping[str, int]
) -> list[Difference]:
    return [
        Difference(witness, name, expected.get(name, 0), booked.get(name, 0))
        for name in sorted({*expected, *booked})
        if expected.get(name, 0) != booked.get(name, 0)
    ]


def _explained(difference: Difference, rides: list[ExpectedRide]) -> Difference:
    """The same difference, with the oracle's reasons for that payer's rides."""
    why = [
        f"{ride.how} {ride.charge_fen}: {ride.why}"
        for ride in rides
        if difference.name in (ride.medium_no, ride.account)
    ]
    return Difference(
        difference.witness,
        difference.name,
        difference.expected_fen,
        difference.booked_fen,
        " | ".join(why),
    )
