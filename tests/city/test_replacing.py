"""An old card is replaced at the counter: once, by a card that can prove itself, and for good."""

import pytest
from counter_world import (
    LOCAL,
    NEW,
    NEWER,
    NOON,
    OLD,
    READY_S,
    STAFF,
    asking,
    books,
    counter,
    denied,
    loaded,
    on,
    proofs_hold,
    replaced,
    ride,
    seen,
    send,
)
from half_trip_world import code_of

from street import CARD, CHONGQING, CODE, DAY, OTHER_PURSE, PURSE, VISITOR, Taps, balance_of, booked
from tongxing.city import MediumOpening, Replaced, Replacing, RiderOpening
from tongxing.network.legacy import load_legacy
from tongxing.storage import Database


@pytest.mark.req("R-303", "R-304")
def test_an_m1_card_gives_way_to_a_new_card_that_keeps_its_history(database: Database) -> None:
    city, taps = counter(database), Taps()
    send(city, ride(taps, "08:00", OLD, 180), ride(taps, "09:00", OLD, 160))
    assert seen(city, OLD).next_step == "replace"
    assert replaced(city) == Replaced(OLD, NEW, "legacy", 2_000, 4_660, READY_S)
    assert denied(city) == {OLD: "CARD_REPLACED"}
    send(city, ride(taps, on(18), NEW, 0), at=on(18, "23:00"))
    new = seen(city, NEW)
    assert (new.replaces, new.trips, new.trips_before) == ((OLD,), 1, 2)
    assert (new.trust, new.denied, new.next_step) == ("proven", "", "wait")
    old = seen(city, OLD)
    assert (old.replaced_by, old.trips, old.denied) == (NEW, 2, "CARD_REPLACED")
    assert old.next_step == "use_new"
    proofs_hold(database)


@pytest.mark.req("R-303")
def test_the_fee_is_paid_in_cash_and_nothing_moves_before_the_load(database: Database) -> None:
    city = counter(database)
    replaced(city)
    assert books(database) == {f"liab_purse:{OLD}": 5_000, "inc_card": 2_000, "bank_own": -2_000}
    proofs_hold(database)


def test_the_same_request_counts_once_and_other_content_is_refused(database: Database) -> None:
    city = counter(database)
    first = replaced(city)
    assert replaced(city, at=NOON + 60) == first
    assert code_of(city.replace_medium(asking(staff="s8"), NOON)) == "REQUEST_REUSED"
    assert code_of(city.replace_medium(asking(NEWER), NOON)) == "REQUEST_REUSED"
    assert code_of(city.replace_medium(asking(NEWER, request="r2"), NOON)) == "REPLACED_ALREADY"
    assert books(database)["inc_card"] == 2_000


@pytest.mark.req("R-303")
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (asking(OLD), "M1_UPGRADE_REFUSED"),
        (asking(NEW, trust="legacy_untrusted"), "REPLACE_NEEDS_CHIP"),
        (asking(PURSE, PURSE, why="damaged"), "REPLACE_SAME_CARD"),
        (asking(NEW, "4000000000009999"), "MEDIUM_UNKNOWN"),
        (asking(NEW, CODE, why="damaged"), "REPLACE_NOT_A_CARD"),
        (asking(NEW, PURSE), "REPLACE_NOT_LEGACY"),
        (asking(PURSE), "REPLACE_NEW_USED"),
        (asking(VISITOR, scheme="t_union"), "REPLACE_NEW_USED"),
        (asking("1000000000000025", scheme="local:110000"), "REPLACE_OTHER_ISSUER"),
        (asking("3104910000000000017", scheme="t_union"), "REPLACE_OTHER_ISSUER"),
        (asking(NEW, scheme="city_union"), "REPLACE_OTHER_ISSUER"),
        (asking("40000000000000AB"), "REPLACE_OTHER_ISSUER"),
        (asking(NEW, scheme="gift"), "REPLACE_OTHER_ISSUER"),
    ],
)
def test_what_cannot_be_a_replacement_is_refused_and_changes_nothing(
    database: Database, asked: Replacing, code: str
) -> None:
    city = counter(database)
    tap = ride(Taps(), "08:00", VISITOR, 200)
    send(city, tap)
    before = books(database)
    assert code_of(city.replace_medium(asked, NOON)) == code
    assert (books(database), denied(city)) == (before, {})
    proofs_hold(database)


def test_a_national_card_of_the_same_city_may_take_a_local_ones_place(database: Database) -> None:
    city = counter(database)
    number = "3104920000000000017"
    assert replaced(city, asking(number, scheme="t_union")).new_no == number
    assert seen(city, number).scheme == "t_union"


def test_a_refused_touch_does_not_make_a_new_card_used(database: Database) -> None:
    city = counter(database)
    send(city, Taps()("08:00", NEW, "entry", "chaotianmen", outcome="CARD_NOT_ACTIVE"))
    assert replaced(city).new_no == NEW


def test_a_damaged_card_that_can_prove_itself_is_replaced_too(database: Database) -> None:
    city = counter(database)
    done = replaced(city, asking(old=PURSE, why="damaged"))
    assert (done.why, done.waiting_fen) == ("damaged", 5_000)
    assert loaded(city).amount_fen == 5_000
    proofs_hold(database)


def test_a_card_that_is_denied_for_another_reason_is_not_replaced(database: Database) -> None:
    city = counter(database)
    city.report_lost(CARD)
    found = city.replace_medium(asking(old=CARD, why="damaged"), NOON)
    assert code_of(found) == "REPLACE_DENIED"


def test_an_account_changes_its_card_and_keeps_everything_else(database: Database) -> None:
    city, taps = counter(database), Taps()
    send(city, taps("08:00", CARD, "entry", "chaotianmen"))
    done = replaced(city, asking(old=CARD, why="expired"))
    assert (done.waiting_fen, done.ready_s) == (0, NOON)
    assert code_of(city.start_load("l1", NEW, STAFF, READY_S)) == "LOAD_NOTHING"
    send(city, taps("08:40", CODE, "exit", "shapingba"))
    assert booked(database)[0][:2] == ("a1", "paired_by_account")
    assert denied(city) == {CARD: "CARD_REPLACED"}
    assert (seen(city, NEW).rider_kind, seen(city, NEW).balance_fen) == ("account", 9_550)
    proofs_hold(database)


def test_late_taps_of_the_old_card_stay_with_it(database: Database) -> None:
    """A copy that still rides gets between nothing: the new card's ride is whole."""
    city, taps = counter(database), Taps()
    replaced(city)
    send(
        city,
        taps("14:00", NEW, "entry", "chaotianmen", taken=0),
        taps("14:10", OLD, "entry", "chaotianmen", taken=0),
        taps("14:40", NEW, "exit", "shapingba", taken=0),
    )
    whole = [row[:4] for row in booked(database) if row[0] == NEW]
    assert whole == [(NEW, "both_taps", "chaotianmen", "shapingba")]
    assert seen(city, OLD).balance_fen == 5_000


@pytest.mark.req("R-304")
def test_an_old_card_takes_no_more_money(database: Database) -> None:
    city = counter(database)
    assert code_of(city.top_up(OLD, 1_000, "p1", NOON)) == "LEGACY_TOP_UP_REFUSED"
    replaced(city)
    assert code_of(city.top_up(OLD, 1_000, "p1", NOON)) == "CARD_REPLACED"
    assert city.top_up(NEW, 1_000, "p1", NOON) is None
    assert city.top_up("a1", 1_000, "p2", NOON) is None
    assert (balance_of(database, OLD), balance_of(database, NEW)) == (5_000, 1_000)


def test_a_payment_booked_before_the_replacement_may_be_told_again(database: Database) -> None:
    city = counter(database)
    assert city.top_up(PURSE, 1_000, "p1", NOON) is None
    replaced(city, asking(old=PURSE, why="damaged"))
    assert city.top_up(PURSE, 1_000, "p1", NOON) is None
    assert balance_of(database, PURSE) == 6_000


def test_no_account_is_taken_over_with_an_old_card(database: Database) -> None:
    bound = MediumOpening("4000000000000041", "card", LOCAL, "ordinary", trust="legacy_untrusted")
    with pytest.raises(ValueError, match="LEGACY_BIND_REFUSED"):
        counter(database, RiderOpening("a9", (bound,), 0))


def test_a_copied_card_that_outspends_what_was_paid_in_is_denied(database: Database) -> None:
    city, taps = counter(database), Taps()
    send(city, ride(taps, "08:00", OLD, 4_900))
    assert denied(city) == {}
    send(city, ride(taps, "08:10", OLD, 400))
    assert denied(city) == {OLD: "LEGACY_OVERSPENT"}
    assert (seen(city, OLD).balance_fen, seen(city, OLD).borne_fen) == (0, 300)
    assert books(database) == {"exp_purse_loss": -300}
    proofs_hold(database)
    assert replaced(city).waiting_fen == 0


def test_a_purse_below_zero_that_nobody_replaced_is_not_covered(database: Database) -> None:
    city, taps = counter(database), Taps()
    send(city, ride(taps, "08:00", OTHER_PURSE, 4_900), ride(taps, "08:10", OTHER_PURSE, 200))
    assert balance_of(database, OTHER_PURSE) == -100
    assert books(database).get("exp_purse_loss", 0) == 0


def test_what_the_issuer_knows_of_an_old_card_tells_its_limits(database: Database) -> None:
    city = counter(database)
    old = seen(city, OLD)
    assert old.legacy == load_legacy().terms(LOCAL, CHONGQING, DAY)
    assert (old.trust, old.replaced_by, old.pending) == ("legacy_untrusted", "", "")
    assert seen(city, PURSE).legacy is None
    assert code_of(city.medium("4000000000009999", NOON)) == "MEDIUM_UNKNOWN"
