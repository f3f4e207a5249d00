"""B71: a tap whose card or code did not sign it moves no money; one whose key is late waits."""

import json
from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from test_signatures import MEDIA, PHONE
from test_signatures import proof as signed

from street import (
    CARD,
    CHONGQING,
    CITY_KEY,
    DAY,
    KEYS,
    OPENINGS,
    PURSE,
    Taps,
    balance_of,
    booked,
    moment,
    send,
)
from tongxing.city import City, MediumOpening, RiderOpening
from tongxing.city.aside_desk import AsideDesk
from tongxing.city.asides import WaitingChecked
from tongxing.city.office import Office
from tongxing.city.proofs import prove_city
from tongxing.city.tap_signatures import SignatureKeys, check_taps
from tongxing.cli import run
from tongxing.fares import load_city_fares
from tongxing.kernel.clock import at, local
from tongxing.media.code.verify import Trust
from tongxing.media.keys.software import SoftwareVault
from tongxing.messages import CardProof, PurseFacts, Tap
from tongxing.messages.taps import account_token
from tongxing.storage import Database

ALL_KEYS = SignatureKeys(MEDIA.vault, MEDIA.trust)
NO_KEYS = SignatureKeys(SoftwareVault({}), Trust(roots={}))
SHOWN_S = moment("08:40")
SHOWN = PHONE.show(SHOWN_S - 3)
CODE = "Q5000100000000014"


@pytest.fixture
def office(database: Database) -> Iterator[Office]:
    made = Office(CHONGQING, database, load_city_fares(CHONGQING))
    yield made
    made.close()


def open_city(database: Database, keys: SignatureKeys = ALL_KEYS) -> City:
    """Chongqing, with keys to check what its media signed."""
    city = City(CHONGQING, database, CITY_KEY, KEYS, load_city_fares(CHONGQING), keys)
    phone = MediumOpening(CODE, "code", "local:500000", "ordinary")
    openings = [*OPENINGS, RiderOpening("a2", (phone,), balance_fen=10_000, limit_fen=2_000)]
    city.open_riders(openings, at(DAY, 3))
    return city


def proof(tap: Tap) -> CardProof:
    """What the tap's card signed then, of what a purse gave."""
    taken = 0 if tap.purse is None else tap.purse.taken_fen
    return signed(taken, f"{local(tap.time_s):%Y%m%d%H%M%S}", tap.ref.seq, tap.medium_no)


def with_proof(tap: Tap, **changes: object) -> Tap:
    return replace(tap, proof=replace(proof(tap), **changes))


def with_code(tap: Tap, raw: bytes = SHOWN) -> Tap:
    return replace(tap, medium_no=CODE, medium_kind="code", funding="account", purse=None, code=raw)


def asides(database: Database) -> list[tuple[str, str]]:
    """Terminal and reason of what lies aside."""
    with database.connect(f"city_{CHONGQING}") as connection:
        return connection.execute(
            "SELECT terminal_id, set_aside FROM tap WHERE set_aside <> '' ORDER BY 1"
        ).fetchall()


def proofs_hold(database: Database) -> None:
    with database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        assert [one for one in prove_city(cursor, CHONGQING) if not one.holds] == []


def ride(medium: str, taken: int | None = None) -> tuple[Tap, Tap]:
    tap = Taps()
    first = None if taken is None else 0
    return (
        tap("08:00", medium, "entry", "chaotianmen", taken=first),
        tap("08:40", medium, "exit", "shapingba", taken=taken),
    )


@pytest.mark.parametrize(("medium", "taken"), [(CARD, None), (PURSE, 450)])
def test_what_its_card_signed_is_a_trip(database: Database, medium: str, taken: int | None) -> None:
    city = open_city(database)
    send(city, *(with_proof(tap) for tap in ride(medium, taken)))
    assert [row[1:5] for row in booked(database)] == [
        ("both_taps", "chaotianmen", "shapingba", 450)
    ]
    assert asides(database) == []


WRONG: dict[str, dict[str, object]] = {
    "another TAC": {"tac": bytes(4)},
    "no TAC was to be had": {"tac": b"\xff" * 4},
    "half a TAC": {"tac": b"\x01\x02"},
    "another amount than was signed": {"amount_fen": 451},
    "another card's": {"number": "5000000000000008"},
    "no moment": {"time": "20260399082500"},
    "a load": {"kind": 2},
}


@pytest.mark.parametrize("why", WRONG)
def test_a_wrong_tac_is_a_rejected_line_and_costs_nobody(database: Database, why: str) -> None:
    """Its exit alone is wrong: the entry waits for another one, and the purse keeps its money."""
    city = open_city(database)
    entry, exit_ = ride(PURSE, 450)
    receipt = send(city, with_proof(entry), with_proof(exit_, **WRONG[why]))
    assert (receipt.accepted, receipt.quarantined) == (2, []), "it is kept, and the gate may forget"
    assert asides(database) == [("T-shapingba-exit", "TAC_INVALID")]
    assert (booked(database), balance_of(database, PURSE)) == ([], 5_000)
    assert city.record_file(moment("23:30")) is None, "the hub never hears of it"
    proofs_hold(database)


def test_a_proof_of_another_day_or_of_less_money_is_wrong() -> None:
    (entry, _), (_, exit_) = ride(CARD), ride(PURSE, 450)
    wrong = {450: set[str](), 440: set[str](), 451: {"TAC_INVALID"}}
    for taken_fen, why in wrong.items():
        gave = replace(exit_, purse=PurseFacts(1, 5_000, taken_fen), proof=proof(exit_))
        found = check_taps([gave], CHONGQING, ALL_KEYS)
        assert set(found.aside.values()) == why, taken_fen
    other = replace(entry, proof=signed(0, "20260417080000", 1, CARD))
    assert set(check_taps([other], CHONGQING, ALL_KEYS).aside.values()) == {"TAC_INVALID"}
    unsure = replace(entry, time_s=entry.time_s + 600, time_band_s=600, proof=proof(entry))
    assert check_taps([unsure], CHONGQING, ALL_KEYS).aside == {}, "its gate said how far it may be"


def test_a_ride_code_is_held_against_its_roots() -> None:
    _, exit_ = ride(CARD)
    good, changed = with_code(exit_), bytes((*SHOWN[:-1], SHOWN[-1] ^ 1))
    assert check_taps([good], CHONGQING, ALL_KEYS).right == {exit_.ref}
    late = replace(good, time_s=good.time_s + 3_600)
    for wrong in (with_code(exit_, changed), with_code(exit_, b"https://example.com"), late,
                  replace(good, medium_no=account_token("5000100000000022"))):  # fmt: skip
        assert set(check_taps([wrong], CHONGQING, ALL_KEYS).aside.values()) == {"TAC_INVALID"}


def test_what_others_issued_and_what_no_card_signed_is_not_asked() -> None:
    entry, exit_ = ride(CARD)
    foreign = replace(with_proof(entry, tac=bytes(4)), issuer="110000")
    refused = replace(with_proof(exit_, tac=bytes(4)), outcome="refused", reason="CARD_MAC")
    assert check_taps([foreign, refused, entry], CHONGQING, ALL_KEYS).aside == {}


def test_a_late_key_waits_and_is_then_taken_in(database: Database, office: Office) -> None:
    """No key to check with is no proof of a wrong signature: nothing is charged, nothing lost."""
    city, desk = open_city(database, NO_KEYS), AsideDesk(office)
    entry, exit_ = ride(PURSE, 450)
    bad = with_proof(Taps()("09:00", PURSE, "entry", "shapingba", taken=0), tac=bytes(4))
    code = with_code(Taps()(SHOWN_S, CARD, "entry", "hongqihegou"))
    send(city, with_proof(entry), with_proof(exit_), bad, code)
    assert {why for _, why in asides(database)} == {"TAP_SIGNATURE_WAITS"}
    now_s = moment("23:30")
    again = desk.check_waiting(NO_KEYS, now_s)
    assert (again.right, again.wrong) == (0, 0)
    assert again.waiting == {"KEYVAULT_KEY": 3, "QR_KEY_UNKNOWN": 1}
    assert desk.check_waiting(ALL_KEYS, now_s) == WaitingChecked(3, 1, {})
    assert desk.check_waiting(ALL_KEYS, now_s) == WaitingChecked(), "nothing waits any more"
    assert asides(database) == [("T-shapingba-entry", "TAC_INVALID")]
    assert balance_of(database, PURSE) == 4_550
    proofs_hold(database)


def test_the_order_of_keys_and_taps_does_not_show_in_the_money(
    database: Database, office: Office
) -> None:
    """Truth 6: the entry was signed under a key that came after the exit was priced."""
    city = open_city(database)
    entry, exit_ = ride(CARD)
    send(city, with_proof(entry, key_version=9), with_proof(exit_))
    assert booked(database) == []
    with database.connect(f"city_{CHONGQING}") as connection:
        connection.execute("UPDATE tap SET set_aside = 'TAP_SIGNATURE_WAITS', body = replace("
                           "body, '\"key_version\":9', '\"key_version\":1')"
                           " WHERE set_aside <> ''")  # fmt: skip
    AsideDesk(office).check_waiting(ALL_KEYS, moment("23:30"))
    assert [row[1:5] for row in booked(database)] == [
        ("both_taps", "chaotianmen", "shapingba", 450)
    ]
    proofs_hold(database)


def test_the_command_checks_what_waits_and_audits_all(
    database: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import tongxing.cli.trips.signatures as command

    monkeypatch.setattr(command, "signature_keys", lambda city: ALL_KEYS)
    city = open_city(database, NO_KEYS)
    send(city, *(with_proof(tap) for tap in ride(CARD)))
    where = ["--dsn", database.dsn, "--city", CHONGQING]
    told = ["trips", "signatures", *where, "--now", "2026-03-17 23:30", "--json"]
    assert run(told) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["waited"] == {"right": 2, "wrong": 0, "waiting": {}}
