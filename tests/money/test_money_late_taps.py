"""A ride with a lost card costs its account nothing, so its money is what it was before."""

import pytest
from money_world import ACCOUNT, CARD, NOON, World, chongqing, ok, world
from msgspec.structs import replace

from street import CHONGQING, DAY
from tongxing.city.bearing import bear_late_trips
from tongxing.city.money import MoneyTerms
from tongxing.city.store.losing import NEVER_S, ReportRow, write_report
from tongxing.storage import Database

EVENING = NOON + 8 * 3_600


def lost(here: World) -> None:
    """The card was reported lost before its rides, which the issuer bears."""
    report = ReportRow("L" * 32, ACCOUNT, CARD, "", NOON + 1, NOON + 1, NEVER_S)
    with here.office.writing() as cursor:
        write_report(cursor, report)
        assert bear_late_trips(cursor, CHONGQING, [ACCOUNT], DAY) == 1


@pytest.mark.req("R-012")
def test_what_the_issuer_bears_of_a_ride_has_the_way_back_that_it_had(database: Database) -> None:
    here = world(database)
    here.pays_in(5_000)
    here.rides("13:00")
    found = ok(here.desk.refundable(ACCOUNT, EVENING))
    assert (found.fen, found.counter_fen) == (4_820, 0)
    lost(here)
    found = ok(here.desk.refundable(ACCOUNT, EVENING))
    assert (found.fen, found.counter_fen, found.blocks) == (5_000, 0, ())
    ok(here.desk.refund(ACCOUNT, "b1", 5_000, EVENING))
    assert here.balance() == 0 == here.partner.money_fen
    here.proofs_hold()


@pytest.mark.req("R-024")
def test_a_mandate_that_comes_first_debits_nothing_for_what_the_issuer_bears(
    database: Database,
) -> None:
    def mandate_first(city: str, time_s: int) -> MoneyTerms:
        return replace(chongqing(city, time_s), first="mandate")

    here = world(database, terms_of=mandate_first)
    here.pays_in(5_000)
    here.signs()
    here.rides("13:00")
    lost(here)
    assert here.desk.collect(EVENING).asked == 0
    assert here.balance() == 5_000 == here.partner.money_fen
    here.proofs_hold()
