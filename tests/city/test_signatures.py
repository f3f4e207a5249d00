"""An issuer checks what its media signed: for this rider, this ride, this money, and only once."""

import pytest
from msgspec.structs import replace

from tongxing.city.signatures import SignaturesFound, SignaturesSeen, check_signatures
from tongxing.deciding import MediumToken
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
TOKEN = MediumToken(
    scheme="local:500000",
    medium_no=CODE,
    medium_kind="code",
    issuer="500000",
    product="ordinary",
    funding="account",
)
PHONE = MEDIA.phone(TOKEN)


def proof(
    amount_fen: int, time: str = "20260317082500", serial: int = 7, card: str = CARD
) -> CardProof:
    """What a genuine card signs."""
    factors = city_factor(bytes.fromhex(card[:4])), bytes.fromhex(card)
    key = MEDIA.vault.card_key("DTK", 0, 1, factors)
    assert not isinstance(key, Refusal)
    fields = TacFields(
        issuer_id=factors[0], card_factor=factors[1], number=card, key_version=1, algorithm=0,
        amount_fen=amount_fen, kind=9, terminal_no=bytes(6), serial=serial, time=time,
        counter_before=3, balance_before_fen=5_000,
    )  # fmt: skip
    suite = suite_of(0)
    assert suite is not None
    return CardProof(
        number=card, issuer_id=factors[0], card_factor=factors[1], key_version=1, algorithm=0,
        amount_fen=amount_fen, kind=9, terminal_no=bytes(6), serial=serial, time=time,
        counter=3, balance_before_fen=5_000, tac=suite.tac(key, tac_input(fields)),
    )  # fmt: skip


def record(charge_fen: int = 450, trip: str = "t1", **changes: object) -> Record:
    made = Record(
        record_id=f"{trip}.1", trip_id=trip, revision=1, acquirer="ACQ-500000",
        issuer="ISS-500000", medium_no=CARD, medium_kind="card", scheme="local:500000",
        funding="purse", city="500000", place="500000", mode="rail", operator="OP", line="rail-1",
        origin="a", destination="b", entered_s=ENTERED_S, exited_s=EXITED_S, how="both_taps",
        fare_fen=500, charge_fen=charge_fen, delta_fen=charge_fen, tariff="x",
        deny_list_version=0, taps=[TapRef("G1", 1, 1), TapRef("G2", 1, 1)],
    )  # fmt: skip
    return replace(made, **changes)


ENTRY, EXIT = proof(0, "20260317080000", 6), proof(450)


def check(*records: Record, riders: dict[str, str] | None = None) -> SignaturesFound:
    return check_signatures(records, MEDIA.vault, MEDIA.trust, riders or {})


def test_a_ride_that_its_card_signed_is_right() -> None:
    found = check(record(proofs=[ENTRY, EXIT]))
    assert (found.cards, found.wrong, found.unchecked) == (2, [], {})


WRONG = {
    "another code": replace(EXIT, tac=bytes(4)),
    "another amount than signed": replace(EXIT, amount_fen=449),
    "another card": proof(450, card=OTHER_CARD),
    "another number than the key's": replace(EXIT, number=OTHER_CARD),
    "another day": proof(450, "20260417082500"),
    "no moment": replace(EXIT, time="20260399082500"),
}


@pytest.mark.parametrize("why", WRONG)
def test_a_signature_of_something_else_is_wrong(why: str) -> None:
    assert check(record(proofs=[ENTRY, WRONG[why]])).wrong == ["t1.1"]


def test_a_charge_above_what_the_card_signed_is_wrong() -> None:
    assert check(record(9_900, proofs=[ENTRY, EXIT])).wrong == ["t1.1"]
    assert check(record(300, proofs=[ENTRY, EXIT])).wrong == [], "less was settled later"
    assert check(record(9_900, proofs=[EXIT])).wrong == [], "one of its taps was a token's"


def reused(*records: Record) -> list[str]:
    seen = SignaturesSeen()
    for one in records:
        seen.note(one)
    return seen.reused()


def test_one_signature_does_not_pay_for_many_rides() -> None:
    """A tap can end one ride and begin another; a third has nothing to do with it."""
    trips = [record(0, trip, proofs=[ENTRY]) for trip in ("t1", "t2", "t3")]
    assert reused(*trips) == ["t3.1"]
    assert reused(*trips[:2]) == []
    again = replace(trips[0], record_id="t1.2", revision=2)
    assert reused(trips[0], again, again, trips[1]) == []


def test_a_trip_that_was_withdrawn_counts_no_more() -> None:
    """A late tap made another trip of the same taps: three were shown, two are left."""
    trips = [record(0, trip, proofs=[ENTRY]) for trip in ("t1", "t2", "t3")]
    void = record(0, "t1", how="void", proofs=[ENTRY])
    assert reused(*trips, void) == reused(void, *trips) == []


def test_one_display_does_not_pay_for_many_rides() -> None:
    shown = PHONE.show(EXITED_S - 3)
    trips = [record(0, trip, codes=[shown], medium_no=CODE) for trip in ("t1", "t2", "t3")]
    assert reused(*trips) == ["t3.1"]


def test_any_medium_of_the_account_may_have_signed() -> None:
    riders = {CARD: "account-1", CODE: "account-1"}
    both = record(
        medium_no=CODE, funding="account", proofs=[ENTRY], codes=[PHONE.show(EXITED_S - 3)]
    )
    found = check(both, riders=riders)
    assert (found.cards, found.codes, found.wrong) == (1, 1, [])
    assert check(both, riders=riders | {CARD: "account-2"}).wrong == ["t1.1"]


def test_a_code_of_another_time_account_or_root_is_wrong() -> None:
    shown = PHONE.show(EXITED_S - 3)
    good = record(medium_no=CODE, funding="account", codes=[shown])
    assert check(good).codes == 1
    changed = shown[:-1] + bytes((shown[-1] ^ 1,))
    assert check(replace(good, codes=[changed])).wrong == ["t1.1"]
    assert check(replace(good, codes=[PHONE.show(EXITED_S + 3_600)])).wrong == ["t1.1"]
    assert check(replace(good, codes=[b"https://example.com"])).wrong == ["t1.1"]
    assert check(replace(good, medium_no="Q5000100000000022")).wrong == ["t1.1"]


def test_a_key_the_issuer_does_not_have_leaves_it_unchecked() -> None:
    found = check_signatures([record(proofs=[ENTRY, EXIT])], SoftwareVault({}), MEDIA.trust, {})
    assert (found.wrong, found.unchecked) == ([], {"KEYVAULT_KEY": 2})


def test_a_withdrawn_record_is_not_asked() -> None:
    void = record(0, proofs=[WRONG["another code"]], how="void")
    assert check(void).wrong == []
