"""The books around a binding: late taps, rides elsewhere, top-ups, counters, and notices."""

from pathlib import Path

import pytest
from binding_gates import Gates, open_gates
from binding_world import (
    CITY,
    DAY,
    MEDIA,
    NOON,
    Hand,
    World,
    account_no,
    card_no,
    code_of,
    code_token,
    done,
    open_world,
)

from tongxing.city.aside_desk import AsideDesk
from tongxing.city.binding.terms import binding_terms
from tongxing.city.feedback import book_issuer_detail
from tongxing.city.tap_signatures import SignatureKeys
from tongxing.deciding import Decision
from tongxing.kernel.reasons import Refusal
from tongxing.messages import IssuerDetail, Record
from tongxing.messages.taps import Funding
from tongxing.simulation.real_media import PlasticCard
from tongxing.storage import Database

CARD = card_no(1, "local")
ACCOUNT = account_no(1)


def ride(gates: Gates, card: PlasticCard, start_s: int) -> Decision:
    """Through the entry and, twenty-five minutes later, the exit."""
    assert gates.hold(card, "in", start_s).opened
    out = gates.hold(card, "out", start_s + 1_500)
    assert out.opened
    return out


def bind(world: World, card: PlasticCard, now_s: int) -> None:
    desk = world.desk()
    begun = done(desk.begin("person-1", "r1", "nfc", now_s)).binding_id
    done(desk.prove(begun, Hand(card), now_s))
    done(desk.mandated(begun, now_s))
    done(desk.activate(begun, Hand(card), now_s))


@pytest.mark.req("R-012", "R-023")
def test_a_purse_tap_that_comes_after_the_binding_costs_what_it_would_have_cost(
    database: Database, tmp_path: Path
) -> None:
    """The gates of the morning were cut off; the card was bound at noon; they tell at night."""
    world = open_world(database)
    world.passenger()
    gates, card = open_gates(world, tmp_path), world.card()
    fares = [ride(gates, card, NOON - 9_000).charge_fen, ride(gates, card, NOON - 5_000).charge_fen]
    assert all(fares)
    bind(world, card, NOON)
    moved_fen = 5_000 - sum(fares)
    assert (world.balance(ACCOUNT), world.balance(CARD)) == (moved_fen, sum(fares))
    world.holds()
    out = ride(gates, card, NOON + 3_000)
    assert (out.charge_fen, out.token_after.funding) == (0, "account")
    gates.upload(NOON + 30_000)
    assert world.balance(CARD) == 0
    rows = world.ask("SELECT rider_id, funding, charge_fen, remark FROM trip ORDER BY entered_s")
    assert [row[:3] for row in rows[:2]] == [(CARD, "purse", fen) for fen in fares]
    assert [row[3] for row in rows] == ["", "", ""], "the tariff agrees with what the gates took"
    assert rows[2][:2] == (ACCOUNT, "account")
    assert world.balance(ACCOUNT) == moved_fen - rows[2][2]
    world.holds()
    found = AsideDesk(world.office).audit(SignatureKeys(MEDIA.vault, MEDIA.trust))
    assert (found.cards, found.wrong, found.unchecked) == (6, [], {})


@pytest.mark.req("R-007", "R-023")
def test_what_the_card_spent_before_gives_its_account_no_relief(
    database: Database, tmp_path: Path
) -> None:
    """A card that rode for months begins at nothing under the account, as does the code."""
    world = open_world(database)
    world.passenger()
    gates, card = open_gates(world, tmp_path), world.card(balance_fen=50_000)
    start_s = NOON - 12 * 86_400
    cheapest = [ride(gates, card, start_s + 2_000 * number).charge_fen for number in range(30)]
    assert cheapest[-1] < cheapest[0], "the month's relief has begun"
    bind(world, card, NOON)
    ride(gates, card, NOON + 60)
    phone = MEDIA.phone(code_token(ACCOUNT))
    for terminal, when in (("in", NOON + 7_000), ("out", NOON + 8_500)):
        assert gates.site.present_code(phone.show(when), terminal, when).opened
    gates.upload(NOON + 9_000)
    mine = world.ask(
        "SELECT medium_kind, charge_fen FROM trip WHERE rider_id = %s ORDER BY entered_s", ACCOUNT
    )
    assert mine == [("card", cheapest[0]), ("code", cheapest[0])]
    world.holds()


def record(number: int, funding: Funding, charge_fen: int) -> Record:
    """A ride of the card in another city, as the hub tells it."""
    return Record(
        record_id=f"t{number}.1",
        trip_id=f"t{number}",
        revision=1,
        acquirer="ACQ-110000",
        issuer=f"ISS-{CITY}",
        medium_no=CARD,
        medium_kind="card",
        scheme=f"local:{CITY}",
        funding=funding,
        city="110000",
        place="110101",
        mode="rail",
        operator="OP-BJ",
        line="rail-1",
        origin="xidan",
        destination="guomao",
        entered_s=NOON - 900,
        exited_s=NOON - 60,
        how="both_taps",
        fare_fen=charge_fen,
        charge_fen=charge_fen,
        delta_fen=charge_fen,
        tariff="x",
        deny_list_version=1,
        taps=[],
    )


def test_what_the_purse_paid_elsewhere_is_the_purses_and_what_the_account_pays_the_accounts(
    database: Database,
) -> None:
    """Its purse paid 4.00 in another city before; the account card rode there for 3.00 after."""
    world = open_world(database)
    world.bound(balance_fen=4_600, booked_fen=5_000)
    detail = IssuerDetail(
        window_id="W1",
        issuer=f"ISS-{CITY}",
        records=[record(1, "purse", 400), record(2, "account", 300)],
    )
    with world.office.alone() as cursor:
        assert book_issuer_detail(cursor, CITY, detail, NOON + 9, DAY) is None
        assert book_issuer_detail(cursor, CITY, detail, NOON + 9, DAY) is None
    assert (world.balance(CARD), world.balance(ACCOUNT)) == (0, 4_300)
    world.holds()


@pytest.mark.req("R-002", "R-013")
def test_one_city_may_keep_a_small_purse_for_gates_elsewhere(database: Database) -> None:
    world = open_world(database)
    world.terms = {"mode": "M3", "keep_fen": 2_000}
    active, card = world.bound(balance_fen=5_000)
    assert (active.keep_fen, active.moved_fen, card.balance_fen) == (2_000, 3_000, 2_000)
    assert (world.balance(CARD), world.balance(ACCOUNT)) == (2_000, 3_000)
    poor, small = world.bound(2, balance_fen=1_500)
    assert (poor.keep_fen, poor.moved_fen, small.balance_fen) == (1_500, 0, 1_500)
    assert poor.step == "active"
    world.holds()


@pytest.mark.parametrize("balance_fen", [0, 1, 100_000])
def test_any_purse_can_be_bound(database: Database, balance_fen: int) -> None:
    world = open_world(database)
    active, card = world.bound(balance_fen=balance_fen)
    assert (active.step, active.moved_fen, card.balance_fen) == ("active", balance_fen, 0)
    world.holds()


def test_the_old_purse_takes_what_was_paid_before_and_nothing_after(database: Database) -> None:
    """A machine tells late of a top-up that was on the chip when its money moved."""
    world = open_world(database)
    world.bound(balance_fen=5_000)
    late = world.city.top_up(CARD, 700, "paid-1", NOON - 60)
    assert (late, world.balance(CARD)) == (None, 700)
    after = world.city.top_up(CARD, 700, "paid-2", NOON)
    assert isinstance(after, Refusal) and after.code == "CARD_TOP_UP_ON_ACCOUNT"
    assert world.city.top_up(ACCOUNT, 700, "paid-3", NOON + 5) is None
    assert (world.balance(CARD), world.balance(ACCOUNT)) == (700, 5_700)
    world.holds()


@pytest.mark.req("R-010", "R-203")
def test_a_bound_card_can_be_reported_lost_and_an_anonymous_one_cannot(database: Database) -> None:
    world = open_world(database)
    world.card(2)
    refused = world.city.report_lost(card_no(2, "local"))
    assert isinstance(refused, Refusal) and refused.code == "LOSS_REPORT_ANONYMOUS"
    world.bound()
    assert world.city.report_lost(CARD) is None
    bound = world.desk().bound(ACCOUNT)
    assert bound is not None and bound.denied == "MEDIUM_LOST"


def test_whoever_taps_a_bound_card_hears_it_once_the_gate_knows(
    database: Database, tmp_path: Path
) -> None:
    world = open_world(database)
    _, card = world.bound()
    gates = open_gates(world, tmp_path)
    assert gates.hold(card, "in", NOON + 60).note == "", "this gate has no list yet"
    gates.upload(NOON + 70)
    gates.hear_lists(NOON + 80)
    told = gates.hold(card, "out", NOON + 1_500)
    assert (told.opened, told.note) == (True, "CARD_NOW_BOUND")
    gates.hear_lists(NOON + 1_600)
    assert gates.hold(card, "in", NOON + 2_000).note == "CARD_NOW_BOUND"
    gates.upload(NOON + 2_100)
    gates.hear_lists(NOON + 2_200)
    assert gates.hold(card, "out", NOON + 3_500).note == "", "somebody has heard it"


def test_a_card_that_nobody_taps_is_listed_for_a_month(database: Database, tmp_path: Path) -> None:
    world = open_world(database)
    _, card = world.bound()
    gates = open_gates(world, tmp_path)
    last_s = NOON + binding_terms(CITY, NOON).notice_days * 86_400
    gates.hear_lists(last_s)
    assert gates.site.deny.notice(CARD) == "CARD_NOW_BOUND"
    gates.hear_lists(last_s + 1)
    assert gates.site.deny.notice(CARD) == ""
    assert gates.hold(card, "in", last_s + 60).opened


def test_moved_money_is_held_for_three_days(database: Database) -> None:
    world = open_world(database)
    active, _ = world.bound(balance_fen=1_230)
    assert active.hold_until_s == NOON + 72 * 3_600
    rows = world.ask("SELECT account, amount_fen, until_s, rides FROM money_freeze")
    assert rows == [(ACCOUNT, 1_230, active.hold_until_s, False)]


@pytest.mark.req("R-020")
def test_a_social_security_card_hangs_on_the_same_account_where_the_terms_take_it(
    database: Database,
) -> None:
    """Which cards an account takes, and how many, is dated data; no code names a product."""
    world = open_world(database)
    world.bound()
    social = world.card(2, product="social_security", balance_fen=1_200)
    desk = world.desk()
    assert code_of(desk.begin("person-1", "more", "nfc", NOON)) == "CARD_LIMIT_REACHED"
    world.terms = {"cards_max": 2}
    begun = done(world.desk().begin("person-1", "more", "nfc", NOON)).binding_id
    assert code_of(world.desk().prove(begun, Hand(social), NOON)) == "CARD_PRODUCT_NOT_ELIGIBLE"
    world.terms = {"cards_max": 2, "products": ("ordinary", "social_security")}
    desk = world.desk()
    done(desk.prove(begun, Hand(social), NOON))
    done(desk.mandated(begun, NOON))
    done(desk.activate(begun, Hand(social), NOON))
    assert world.balance(ACCOUNT) == 5_000 + 1_200, "both draw on one balance"
    media = world.ask("SELECT medium_no FROM medium WHERE rider_id = %s", ACCOUNT)
    assert {no for (no,) in media} >= {CARD, card_no(2, "local")}
    world.holds()
