"""The hub checks what media signed: every TAC and code of a file; every bit of a proof counts."""

from dataclasses import replace as with_fields
from datetime import timedelta

import pytest
from hub_world import BY_ID, RULES, PlainGround, rows_of
from msgspec.structs import replace

from tongxing.deciding import MediumToken
from tongxing.hub.admission import judge
from tongxing.hub.checks import Case
from tongxing.hub.signatures import SignatureWitness
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.terminal.reading import city_factor
from tongxing.media.crypto.suites import suite_of
from tongxing.media.keys.software import SoftwareVault
from tongxing.media.tac.fields import TacFields, tac_input
from tongxing.messages import CardProof, Record, TapRef
from tongxing.simulation.real_media import RunMedia
from tongxing.simulation.scenario import load_scenario

MEDIA = RunMedia(5, load_scenario())
DAY = load_scenario().first_day
ENTERED_S, EXITED_S = at(DAY, 8), at(DAY, 8, 25)
CARD, OTHER_CARD = "4000000000000017", "4000000000000025"
CODE = "Q5000100000000014"
PHONE = MEDIA.phone(
    MediumToken(
        scheme="local:500000",
        medium_no=CODE,
        medium_kind="code",
        issuer="500000",
        product="ordinary",
        funding="account",
    )
)


def proof(amount_fen: int, moment: str = "0825", serial: int = 7, card: str = CARD) -> CardProof:
    """What a genuine card signs at a time of the day."""
    factors = city_factor(bytes.fromhex(card[:4])), bytes.fromhex(card)
    key = MEDIA.vault.card_key("DTK", 0, 1, factors)
    suite = suite_of(0)
    assert suite is not None and not isinstance(key, Refusal)
    fields = TacFields(
        issuer_id=factors[0],
        card_factor=factors[1],
        number=card,
        key_version=1,
        algorithm=0,
        amount_fen=amount_fen,
        kind=9,
        terminal_no=bytes(6),
        serial=serial,
        time=f"{DAY:%Y%m%d}{moment}00",
        counter_before=serial,
        balance_before_fen=5_000,
    )
    return CardProof(
        number=card,
        issuer_id=factors[0],
        card_factor=factors[1],
        key_version=1,
        algorithm=0,
        amount_fen=amount_fen,
        kind=9,
        terminal_no=bytes(6),
        serial=serial,
        time=fields.time,
        counter=serial,
        balance_before_fen=5_000,
        tac=suite.tac(key, tac_input(fields)),
    )


ENTRY, EXIT = proof(0, "0800", 6), proof(450)


def ride(trip: str = "t1", charge_fen: int = 450, **changes: object) -> Record:
    made = Record(
        record_id=f"{trip}.1",
        trip_id=trip,
        revision=1,
        acquirer="ACQ-990100",
        issuer="ISS-990100",
        medium_no=CARD,
        medium_kind="card",
        scheme="t_union",
        funding="purse",
        city="990100",
        place="990100",
        mode="rail",
        operator="OP1",
        line="M1",
        origin="S1",
        destination="S9",
        entered_s=ENTERED_S,
        exited_s=EXITED_S,
        how="both_taps",
        fare_fen=500,
        charge_fen=charge_fen,
        delta_fen=charge_fen,
        tariff="T1",
        deny_list_version=0,
        taps=[TapRef(f"G-{trip}", 1, 1), TapRef(f"G-{trip}", 1, 2)],
    )
    return replace(made, **changes)


def witness() -> SignatureWitness:
    return SignatureWitness(MEDIA.vault, MEDIA.trust)


def verdicts(*records: Record, by: SignatureWitness | None = None) -> list[str]:
    case = Case(
        sender=BY_ID["ACQ-990100"],
        members=BY_ID,
        suspended=frozenset(),
        rules=RULES,
        ground=PlainGround(),
        received_s=at(DAY + timedelta(days=1), 6),
        known={},
        holders={},
        evidence=(by or witness()).evidence(records),
    )
    return [f"{item.status} {item.code}" for item in judge(rows_of(records), case)]


def test_every_signature_of_a_file_is_checked() -> None:
    seen = witness()
    coded = ride("t2", medium_no=CODE, medium_kind="code", funding="account",
                 codes=[PHONE.show(EXITED_S - 3)])  # fmt: skip
    assert verdicts(ride(proofs=[ENTRY, EXIT]), coded, by=seen) == ["accepted 0000"] * 2
    assert (seen.checked, seen.unchecked) == (3, 0)


WRONG = {
    "another amount than signed": replace(EXIT, amount_fen=449),
    "another card": proof(450, card=OTHER_CARD),
    "another number than the key's": replace(EXIT, number=OTHER_CARD),
    "another time of the day": proof(450, "1825"),
    "no moment": replace(EXIT, time="20260399082500"),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_proof_of_something_else_waits_for_evidence(why: str) -> None:
    assert verdicts(ride(proofs=[ENTRY, WRONG[why]])) == ["held 1001"]


def test_every_bit_of_what_a_card_signed_counts() -> None:
    """TAC, amount, serial, terminal and kind: one bit changed, and the code is wrong. The counter
    and the balance are not signed; they are the purse chain's to judge."""
    changed = [replace(EXIT, tac=_flip(EXIT.tac, bit)) for bit in range(32)]
    changed += [replace(EXIT, terminal_no=_flip(EXIT.terminal_no, bit)) for bit in range(48)]
    changed += [replace(EXIT, serial=EXIT.serial ^ 1 << bit) for bit in range(32)]
    changed += [replace(EXIT, amount_fen=EXIT.amount_fen ^ 1 << bit) for bit in range(31)]
    changed += [replace(EXIT, kind=EXIT.kind ^ 1 << bit) for bit in range(8)]
    records = [ride(f"t{n}", proofs=[ENTRY, one]) for n, one in enumerate(changed)]
    assert sorted(witness().faults(records)) == sorted(record.record_id for record in records)


def _flip(content: bytes, bit: int) -> bytes:
    found = bytearray(content)
    found[bit // 8] ^= 1 << bit % 8
    return bytes(found)


def test_every_byte_of_a_ride_code_counts() -> None:
    shown = PHONE.show(EXITED_S - 3)
    records = [
        ride(f"t{place}", medium_no=CODE, medium_kind="code", funding="account",
             codes=[_flip(shown, place * 8 + place % 8)])
        for place in range(len(shown))
    ]  # fmt: skip
    faults = witness().faults(records)
    assert len(faults) == len(records)
    assert {fault.code for fault in faults.values()} == {"1018"}
    assert verdicts(records[0]) == ["rejected 1018"]


def test_a_code_of_another_time_or_account_is_refused() -> None:
    good = ride(medium_no=CODE, medium_kind="code", funding="account", taps=[TapRef("G", 1, 1)],
                codes=[PHONE.show(EXITED_S - 3)])  # fmt: skip
    assert verdicts(good) == ["accepted 0000"]
    assert verdicts(replace(good, codes=[PHONE.show(EXITED_S + 3_600)])) == ["rejected 1018"]
    assert verdicts(replace(good, medium_no="Q5000100000000022")) == ["rejected 1018"]


def test_one_display_stands_for_two_rides_and_no_third() -> None:
    shown = PHONE.show(EXITED_S - 3)
    trips = [ride(f"t{n}", medium_no=CODE, medium_kind="code", funding="account", codes=[shown])
             for n in range(3)]  # fmt: skip
    assert verdicts(*trips) == ["accepted 0000", "accepted 0000", "rejected 1018"]
    withdrawn = replace(trips[0], record_id="t0.2", revision=2, how="void")
    assert witness().faults([*trips, withdrawn]) == {}


def test_a_charge_above_what_the_card_signed_waits() -> None:
    assert verdicts(ride(proofs=[ENTRY, proof(440)])) == ["held 1001"]
    assert verdicts(ride(charge_fen=400, proofs=[ENTRY, EXIT])) == ["accepted 0000"]


def test_what_nobody_here_can_check_is_counted_and_not_judged() -> None:
    blind = with_fields(witness(), vault=SoftwareVault({}))
    assert verdicts(ride(proofs=[ENTRY, replace(EXIT, tac=bytes(4))]), by=blind) == [
        "accepted 0000"
    ]
    assert (blind.checked, blind.unchecked) == (0, 2)
