"""A phone asks for ride codes: it proves its key, and gets what the rules allow, nothing else."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
from codes_world import (
    ANNA,
    BEN,
    CARD,
    DAY_S,
    EIGHT,
    ISSUER,
    ROOT,
    Handset,
    Somebody,
    World,
    granted,
    open_gate,
    open_world,
    refused,
)

from tongxing.city.codes import CodeDesk, CodeIssuer, renewed
from tongxing.city.codes import issuer as issuers
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.layout import RideCode, parse_code
from tongxing.storage import Database


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    opened = open_world(database)
    yield opened
    opened.office.close()


def read(raw: bytes) -> RideCode:
    code = parse_code(raw)
    assert isinstance(code, RideCode), code
    return code


@pytest.mark.req("R-013")
def test_a_phone_is_authorised_and_its_codes_open_a_gate_for_a_week(
    world: World, tmp_path: Path
) -> None:
    phone = Handset(ANNA)
    found = granted(phone.ask(world.desk, EIGHT))
    assert (found.ends_s, found.renew_from_s) == (EIGHT + 7 * DAY_S, EIGHT + 5 * DAY_S)
    assert (found.validity_s, found.refresh_s, found.code_type) == (60, 30, "ride")
    gate = open_gate(tmp_path)
    for days in (0, 3, 6):
        now_s = EIGHT + days * DAY_S
        assert gate.show(phone.show(now_s), now_s).opened, days
    late = EIGHT + 7 * DAY_S
    assert gate.show(phone.show(late), late).reason == "QR_TICKET_EXPIRED"
    code = read(phone.show(EIGHT))
    assert (code.payment_account, code.limit_fen, code.validity_s) == (ANNA, 2_000, 60)
    assert (code.issuer_id, code.platform_id) == ("01016900", "50016900")
    world.proofs_hold()


def test_field_5_names_the_bound_card_and_without_one_the_account(world: World) -> None:
    bound, bare = Handset(ANNA, 1), Handset(BEN, 2)
    granted(bound.ask(world.desk, EIGHT))
    granted(bare.ask(world.desk, EIGHT))
    assert read(bound.show(EIGHT)).card_number == CARD
    assert read(bare.show(EIGHT)).card_account == "0000" + BEN
    assert read(bare.show(EIGHT)).card_number is None


def test_two_phones_at_the_same_second_are_one_passenger(world: World, tmp_path: Path) -> None:
    one, other = Handset(ANNA, 1), Handset(ANNA, 2)
    granted(one.ask(world.desk, EIGHT))
    world.deny(CARD, "MEDIUM_LOST")
    granted(other.ask(world.desk, EIGHT))
    gate = open_gate(tmp_path)
    assert gate.show(one.show(EIGHT), EIGHT).opened
    assert gate.show(other.show(EIGHT), EIGHT + 5, "in2").reason == "QR_REPLAYED"


def test_a_product_is_what_the_books_say_and_never_a_guess(world: World) -> None:
    phone = Handset(BEN)
    granted(phone.ask(world.desk, EIGHT))
    assert read(phone.show(EIGHT)).account_type == 1
    with world.office.writing() as cursor:
        cursor.execute(
            "UPDATE medium SET product = 'unheard_of' WHERE medium_no = %s", (f"Q{BEN}",)
        )
    granted(phone.ask(world.desk, EIGHT + 60))
    assert read(phone.show(EIGHT + 60)).account_type == 0


def test_a_new_account_gets_a_day_and_renews_after_half_of_it(world: World) -> None:
    world.folk.known[BEN] = Somebody(opened_s=EIGHT - DAY_S)
    found = granted(Handset(BEN).ask(world.desk, EIGHT))
    assert (found.ends_s, found.renew_from_s) == (EIGHT + DAY_S, EIGHT + DAY_S // 2)


def test_what_is_still_fresh_is_given_again_and_later_anew(world: World) -> None:
    phone = Handset(ANNA)
    first = granted(phone.ask(world.desk, EIGHT))
    assert phone.ask(world.desk, first.renew_from_s - 1) == first
    assert world.count("code_authorisation") == 1
    second = granted(phone.ask(world.desk, first.renew_from_s))
    assert second.ends_s == first.renew_from_s + 7 * DAY_S
    assert second.authorisation != first.authorisation
    assert world.count("code_nonce") == 0


def test_a_changed_account_is_told_by_its_basis_and_granted_anew_at_once(world: World) -> None:
    phone = Handset(ANNA)
    first = granted(phone.ask(world.desk, EIGHT))
    (basis,) = {one.basis for one in world.desk.types(ANNA, EIGHT) if one.code_type == "ride"}
    assert basis == first.basis
    world.deny(CARD, "MEDIUM_LOST")
    (basis,) = {one.basis for one in world.desk.types(ANNA, EIGHT) if one.code_type == "ride"}
    assert basis != first.basis
    assert granted(phone.ask(world.desk, EIGHT + 60)).basis == basis
    assert read(phone.show(EIGHT + 60)).card_number is None


Changed = Callable[[Handset, str, bytes], tuple[str, str, str, bytes, str, bytes]]
OFF_CURVE = bytes.fromhex("02" + "00" * 31 + "05")
FORGED: dict[str, tuple[Changed, str]] = {
    "a signature by another key": (
        lambda p, n, s: (p.account, p.device_id, "ride", p.public, n, Handset(ANNA, 2).answer(n)),
        "CODE_PROOF",
    ),
    "a signature with one bit turned": (
        lambda p, n, s: (p.account, p.device_id, "ride", p.public, n, s[:-1] + bytes((s[-1] ^ 1,))),
        "CODE_PROOF",
    ),
    "a signature of zeros": (
        lambda p, n, s: (p.account, p.device_id, "ride", p.public, n, bytes(64)),
        "CODE_PROOF",
    ),
    "another kind than signed": (
        lambda p, n, s: (p.account, p.device_id, "changtong", p.public, n, s),
        "CODE_PROOF",
    ),
    "another phone than signed": (
        lambda p, n, s: (p.account, "f" * 32, "ride", p.public, n, s),
        "CODE_PROOF",
    ),
    "somebody else's account": (
        lambda p, n, s: (BEN, p.device_id, "ride", p.public, n, s),
        "CODE_PROOF",
    ),
    "another one's public key": (
        lambda p, n, s: (p.account, p.device_id, "ride", Handset(ANNA, 2).public, n, s),
        "CODE_PROOF",
    ),
    "a point off the curve": (
        lambda p, n, s: (p.account, p.device_id, "ride", OFF_CURVE, n, s),
        "CODE_USER_KEY",
    ),
    "a key of 65 bytes": (
        lambda p, n, s: (p.account, p.device_id, "ride", b"\x04" + bytes(64), n, s),
        "CODE_USER_KEY",
    ),
    "no key": (lambda p, n, s: (p.account, p.device_id, "ride", b"", n, s), "CODE_USER_KEY"),
    "a key of the prefix 05": (
        lambda p, n, s: (p.account, p.device_id, "ride", b"\x05" + p.public[1:], n, s),
        "CODE_USER_KEY",
    ),
    "half a signature": (
        lambda p, n, s: (p.account, p.device_id, "ride", p.public, n, s[:32]),
        "CODE_INPUT",
    ),
    "a device id in capitals": (
        lambda p, n, s: (p.account, "F" * 32, "ride", p.public, n, s),
        "CODE_INPUT",
    ),
    "a nonce with a line end": (
        lambda p, n, s: (p.account, p.device_id, "ride", p.public, n + "\n", s),
        "CODE_INPUT",
    ),
    "an account of letters": (
        lambda p, n, s: ("x" * 16, p.device_id, "ride", p.public, n, s),
        "CODE_INPUT",
    ),
    "full-width digits": (
        lambda p, n, s: ("５" * 16, p.device_id, "ride", p.public, n, s),
        "CODE_INPUT",
    ),
    "a kind with a blank": (
        lambda p, n, s: (p.account, p.device_id, "ri de", p.public, n, s),
        "CODE_INPUT",
    ),
}


def test_what_is_no_proof_gets_nothing(world: World) -> None:
    phone = Handset(ANNA)
    nonce = world.desk.nonce(ANNA, EIGHT)
    assert isinstance(nonce, str)
    proof = phone.answer(nonce)
    for what, (changed, code) in FORGED.items():
        found = world.desk.authorise(*changed(phone, nonce, proof), EIGHT)
        assert refused(found) == code, what
    assert world.count("code_device") == world.count("code_authorisation") == 0
    assert world.count("code_nonce") == 1, "the question stays open"


def test_a_question_is_answered_once_in_time_and_by_its_own_account(world: World) -> None:
    phone, desk = Handset(ANNA), world.desk
    nonce = desk.nonce(ANNA, EIGHT)
    assert isinstance(nonce, str)
    asked = (ANNA, phone.device_id, "ride", phone.public, nonce, phone.answer(nonce))
    assert refused(desk.authorise(*asked, EIGHT + 121)) == "CODE_NONCE"
    granted(desk.authorise(*asked, EIGHT + 120))
    assert refused(desk.authorise(*asked, EIGHT + 120)) == "CODE_NONCE", "replayed"
    stranger = Handset(BEN, 3)
    of_anna = desk.nonce(ANNA, EIGHT)
    assert isinstance(of_anna, str)
    foreign = (BEN, stranger.device_id, "ride", stranger.public, of_anna, stranger.answer(of_anna))
    assert refused(desk.authorise(*foreign, EIGHT)) == "CODE_NONCE"
    invented = "0" * 64
    made_up = (ANNA, phone.device_id, "ride", phone.public, invented, phone.answer(invented))
    assert refused(desk.authorise(*made_up, EIGHT)) == "CODE_NONCE"


def test_questions_of_an_account_do_not_pile_up(world: World) -> None:
    for number in range(25):
        assert isinstance(world.desk.nonce(ANNA, EIGHT + number), str)
    assert world.count("code_nonce") == 10
    assert refused(world.desk.nonce("9" * 16, EIGHT)) == "RIDER_UNKNOWN"
    assert refused(world.desk.nonce("1; DROP TABLE rider", EIGHT)) == "CODE_INPUT"


STOPS: dict[str, tuple[Callable[[World], object], str]] = {
    "a closed account": (
        lambda w: w.folk.known.update({ANNA: Somebody(closed_s=EIGHT)}),
        "CODE_ACCOUNT_CLOSED",
    ),
    "an account of nobody": (lambda w: w.folk.known.pop(ANNA), "RIDER_UNKNOWN"),
    "an anonymous one": (lambda w: w.folk.known.update({ANNA: Somebody(level=0)}), "CODE_LEVEL"),
    "a code reported lost": (lambda w: w.deny(f"Q{ANNA}", "MEDIUM_LOST"), "CODE_DENIED"),
}


@pytest.mark.parametrize("why", STOPS)
def test_an_account_that_may_not_ride_gets_no_codes(world: World, why: str) -> None:
    stop, code = STOPS[why]
    phone = Handset(ANNA)
    nonce = world.desk.nonce(ANNA, EIGHT)
    assert isinstance(nonce, str)
    stop(world)
    asked = (ANNA, phone.device_id, "ride", phone.public, nonce, phone.answer(nonce))
    assert refused(world.desk.authorise(*asked, EIGHT)) == code
    assert {refused(one.why) for one in world.desk.types(ANNA, EIGHT)} == {code}
    assert world.count("code_authorisation") == 0


def test_a_debt_beyond_the_limit_stops_the_renewal_and_says_so(world: World) -> None:
    phone = Handset(ANNA)
    first = granted(phone.ask(world.desk, EIGHT))
    with world.office.writing() as cursor:
        cursor.execute("UPDATE rider SET balance_fen = -2001 WHERE rider_id = %s", (ANNA,))
    found = phone.ask(world.desk, first.renew_from_s)
    assert refused(found) == "CODE_DENIED"
    assert isinstance(found, Refusal)
    assert found.where == "ACCOUNT_OVERDRAWN"
    assert "余额" in found.message("zh")
    with world.office.writing() as cursor:
        cursor.execute("UPDATE rider SET balance_fen = -2000 WHERE rider_id = %s", (ANNA,))
    granted(phone.ask(world.desk, first.renew_from_s))


def test_a_phone_keeps_one_key_and_a_key_one_phone(world: World) -> None:
    phone = Handset(ANNA, 1)
    granted(phone.ask(world.desk, EIGHT))

    class Swapped(Handset):
        @property
        def device_id(self) -> str:
            return Handset(ANNA, 1).device_id

    class Copied(Handset):
        @property
        def device_id(self) -> str:
            return f"{99:032x}"

    assert refused(Swapped(ANNA, 2).ask(world.desk, EIGHT)) == "CODE_DEVICE_KEY"
    assert refused(Copied(ANNA, 1).ask(world.desk, EIGHT)) == "CODE_KEY_IN_USE"
    assert refused(Copied(BEN, 1).ask(world.desk, EIGHT)) == "CODE_KEY_IN_USE"
    assert world.count("code_device") == 1


def test_the_certificate_bounds_everything_and_can_be_renewed(world: World, tmp_path: Path) -> None:
    short = renewed(ISSUER, ROOT.sign, 1, date(2026, 3, 1), "000002")
    assert isinstance(short, CodeIssuer)
    assert short.ends_s == at(date(2026, 4, 1))
    world.desk.issuer = short
    late = at(date(2026, 3, 30))
    phone = Handset(ANNA)
    assert granted(phone.ask(world.desk, late)).ends_s == at(date(2026, 4, 1))
    other = Handset(ANNA, 2)
    assert refused(other.ask(world.desk, at(date(2026, 4, 1)))) == "CODE_ISSUER_EXPIRED"
    world.desk.issuer = ISSUER
    granted(other.ask(world.desk, late))
    gate = open_gate(tmp_path)
    assert gate.show(phone.show(late), late).opened, "granted under the old one, still good"
    assert gate.show(other.show(late + 99), late + 99, "in2").opened


def test_a_signer_that_refuses_changes_nothing(world: World) -> None:
    def away(_message: bytes) -> Refusal:
        return Refusal("SM2_NO_SIGNER")

    world.desk.issuer = CodeIssuer(away, ISSUER.certificate, ISSUER.platform_id)
    assert refused(Handset(ANNA).ask(world.desk, EIGHT)) == "SM2_NO_SIGNER"
    assert world.count("code_device") == world.count("code_authorisation") == 0
    assert world.count("code_nonce") == 1


def test_what_was_granted_cannot_be_edited(world: World) -> None:
    granted(Handset(ANNA).ask(world.desk, EIGHT))
    for statement in ("UPDATE code_authorisation SET ends_s = 0", "DELETE FROM code_authorisation"):
        with pytest.raises(psycopg.errors.RaiseException), world.office.writing() as cursor:
            cursor.execute(statement.encode())


def test_the_desk_shows_no_key_when_it_is_printed(world: World) -> None:
    assert ISSUER.certificate.hex() not in repr(world.desk)
    assert isinstance(world.desk, CodeDesk)
    assert "private" not in repr(issuers.CodeIssuer)
