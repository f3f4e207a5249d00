"""Real ride codes at a gate: verified alone, used once, kept whole in the tap."""

from dataclasses import replace as with_setup
from pathlib import Path

import pytest
from media_world import CODE, EIGHT, MEDIA, World, open_world
from msgspec.structs import replace

from tongxing.gate import MediaSetup, announce
from tongxing.media.code.issue import Authorisation, authorise
from tongxing.media.code.travel import INSIDE, Travel, make_travel
from tongxing.media.code.verify import Trust
from tongxing.media.crypto.providers import simulated_signer
from tongxing.simulation.real_media import Phone

PHONE = MEDIA.phone(CODE)
OTHER = MEDIA.phone(replace(CODE, medium_no="Q5000100000000022"))


def reason_of(world: World, raw: bytes, now_s: int, terminal: str = "in") -> str:
    return world.site.present_code(raw, terminal, now_s).reason


def test_a_code_opens_and_stays_whole_in_the_tap(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    raw = PHONE.show(EIGHT)
    decision = world.site.present_code(raw, "in", EIGHT + 3)
    assert decision.opened
    (tap,) = world.taps()
    assert (tap.code, tap.medium_no, tap.funding) == (raw, CODE.medium_no, "account")
    assert (tap.scheme, tap.issuer, tap.product) == (CODE.scheme, CODE.issuer, CODE.product)
    assert world.told == [decision]


def test_one_display_is_for_one_person_once(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    raw = PHONE.show(EIGHT)
    assert reason_of(world, raw, EIGHT + 3) == "OPEN"
    assert reason_of(world, raw, EIGHT + 40, "in2") == "QR_REPLAYED"
    assert reason_of(world, OTHER.show(EIGHT), EIGHT + 40) == "OPEN"


CLOCKS = [
    (0, "OPEN"),
    (60, "OPEN"),
    (61, "QR_EXPIRED"),
    (86_400, "QR_EXPIRED"),
    (-90, "OPEN"),
    (-91, "QR_CLOCK_SKEW"),
    (-86_400, "QR_CLOCK_SKEW"),
]


@pytest.mark.parametrize(("age_s", "reason"), CLOCKS)
def test_a_code_is_good_for_its_minute(tmp_path: Path, age_s: int, reason: str) -> None:
    world = open_world(tmp_path)
    assert reason_of(world, PHONE.show(EIGHT - age_s), EIGHT) == reason


NOT_CODES = {
    "nothing": (b"", "QR_LENGTH"),
    "a web page": (b"https://example.com/ride?id=1", "QR_NOT_TRANSIT"),
    "a visiting card": (b"BEGIN:VCARD\nFN:A\nEND:VCARD", "QR_NOT_TRANSIT"),
    "a payment": (b"https://qr.alipay.com/fkx01", "QR_NOT_TRANSIT"),
    "far too long": (bytes(7_000), "QR_LENGTH"),
}


@pytest.mark.parametrize("what", NOT_CODES)
def test_what_is_no_ride_code_is_told_as_what_it_is(tmp_path: Path, what: str) -> None:
    raw, reason = NOT_CODES[what]
    world = open_world(tmp_path)
    decision = world.site.present_code(raw, "in", EIGHT)
    assert decision.reason == reason
    (tap,) = world.taps()
    assert (tap.outcome, tap.reason, tap.medium_no, tap.code) == ("refused", reason, "unread", b"")
    for language in ("zh", "en"):
        said = announce(decision, language)[0]
        assert said.text
        assert said.next_step


def test_a_changed_code_opens_nothing(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    good = PHONE.show(EIGHT)
    for place in range(0, len(good), 7):
        bad = bytearray(good)
        bad[place] ^= 0x10
        assert not world.site.present_code(bytes(bad), "in", EIGHT).opened, place
    assert reason_of(world, good, EIGHT) == "OPEN"


def test_another_root_is_not_trusted(tmp_path: Path) -> None:
    def nobody(setup: MediaSetup) -> MediaSetup:
        return with_setup(setup, trust=Trust(roots={9: MEDIA.trust.roots[1]}))

    world = open_world(tmp_path, change=nobody)
    assert reason_of(world, PHONE.show(EIGHT), EIGHT) == "QR_KEY_UNKNOWN"


def test_an_issuer_that_is_not_on_the_list_is_refused(tmp_path: Path) -> None:
    def without(setup: MediaSetup) -> MediaSetup:
        trust = Trust(roots=MEDIA.trust.roots, issuers=frozenset({"01011000"}))
        return with_setup(setup, trust=trust)

    world = open_world(tmp_path, change=without)
    assert reason_of(world, PHONE.show(EIGHT), EIGHT) == "QR_ISSUER_UNKNOWN"


def test_a_denied_account_is_refused(tmp_path: Path) -> None:
    world = open_world(tmp_path, denied=(CODE.medium_no,))
    assert reason_of(world, PHONE.show(EIGHT), EIGHT) == "MEDIUM_LOST"
    (tap,) = world.taps()
    assert tap.medium_no == CODE.medium_no


def test_a_denied_card_account_opens_nothing(tmp_path: Path) -> None:
    """Field 5 may name a card of the same account: when that is denied, so is the code."""
    card_number = "3104920100000000014"
    raw = display(card_account="0" + card_number)
    assert reason_of(open_world(tmp_path), raw, EIGHT) == "OPEN"
    (tmp_path / "denied").mkdir()
    world = open_world(tmp_path / "denied", denied=(card_number,))
    assert reason_of(world, raw, EIGHT) == "MEDIUM_LOST"


def test_a_code_that_says_it_is_inside_begins_no_ride(tmp_path: Path) -> None:
    raw = display(custom=make_travel(Travel(1, INSIDE, sequence=3)))
    world = open_world(tmp_path)
    assert reason_of(world, raw, EIGHT) == "QR_SEQUENCE"
    assert reason_of(world, raw, EIGHT, "out") == "OPEN"


def test_a_display_is_still_used_up_after_a_restart(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    raw = PHONE.show(EIGHT)
    assert reason_of(world, raw, EIGHT + 3) == "OPEN"
    world.journal.close()
    again = open_world(tmp_path)
    assert reason_of(again, raw, EIGHT + 40, "in2") == "QR_REPLAYED"


def display(limit_fen: int = 20_000, card_account: str = "", custom: bytes = b"") -> bytes:
    """A display of the same account with something else granted."""
    granted = Authorisation(
        payment_account=CODE.medium_no[1:],
        card_account=card_account or "0000" + CODE.medium_no[1:],
        platform_id="50016900",
        user_key=simulated_signer().public_of(PHONE.private),
        ends_s=EIGHT + 86_400,
        limit_fen=limit_fen,
        custom=custom,
    )
    issuer = MEDIA.signer_of("issuer", CODE.issuer)
    authorisation = authorise(issuer, PHONE.authorisation[:117], granted)
    assert isinstance(authorisation, bytes)
    return Phone(authorisation, PHONE.private).show(EIGHT)


def test_a_ride_that_may_cost_more_than_the_code_allows_is_not_begun(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    raw = display(limit_fen=100)
    assert reason_of(world, raw, EIGHT) == "QR_OVER_LIMIT"
    assert reason_of(world, raw, EIGHT, "out") == "OPEN", "where it began only the account knows"
