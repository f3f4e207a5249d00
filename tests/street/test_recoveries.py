"""Rides that reach the hub after T+10, on the street: turned away, agreed to, paid after all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from test_disputes import ACQ, FARE_FEN, ISS, START_FEN, Disputes, noon
from test_one_fen import BEIJING, CHONGQING, DAY, allowed, must, ring

from tongxing.kernel import clock
from tongxing.ledger.store import account_balances
from tongxing.messages import HUB_SENDER, VerdictFile, unseal
from tongxing.storage import Database

RIDES = 3  # two of an account, one of a purse
CAME = 11
"""The hub's day on which Chongqing's file came at last: T+12."""


class Late(Disputes):
    """The street of the disputes, with a city whose file lay about for eleven days."""

    def present(self) -> None:
        city = self.street.cities[CHONGQING]
        allowed(city.close_day(DAY, clock.at(DAY, 27)))
        self.codes = self.send(CAME)
        with self.store.reading() as cursor:
            rows = cursor.execute(
                "SELECT record_id FROM refused_row"
                " ORDER BY (convert_from(content, 'UTF8')::json ->> 'entered_s')::bigint"
            ).fetchall()
        self.records = [str(record) for (record,) in rows]

    def send(self, day: int) -> dict[str, str]:
        """Chongqing's next file goes to the hub; what it is answered, by record."""
        now_s = noon(day) - 3_600
        manifest, data = must(self.street.cities[CHONGQING].record_file(now_s))
        answer = must(self.street.hub.receive_file(manifest, data, now_s))
        assert self.street.cities[CHONGQING].apply_verdicts(answer, now_s) is None
        told = allowed(unseal(answer, VerdictFile, ring(HUB_SENDER)))[1]
        return {item.record_id: f"{item.status} {item.code}" for item in told.verdicts}


@pytest.fixture
def street(database: Database, tmp_path: Path) -> Iterator[Late]:
    yield Late(database, tmp_path, RIDES - 1)


@pytest.mark.req("R-200")
def test_what_its_issuer_agrees_to_is_presented_again_by_itself_and_every_truth_holds(
    street: Late,
) -> None:
    assert set(street.codes.values()) == {"rejected 1005"}
    street.close(CAME)
    street.all_holds()
    city = street.street.cities[CHONGQING]
    for ride in range(RIDES):
        street.say(ride, "ACQ recover", noon(CAME + 1) - 3_600)
    street.close(CAME + 1)
    street.say(0, "ISS consent", noon(CAME + 2) - 3_600)
    street.say(1, "ISS decline", noon(CAME + 2) - 3_600)
    assert city.record_file(noon(CAME + 2) - 3_600) is None, "nothing is presented again before"
    street.close(CAME + 2)
    assert street.send(CAME + 3) == {street.records[0]: "accepted 0016"}
    assert city.record_file(noon(CAME + 3)) is None
    street.close(CAME + 3)
    street.all_holds()
    street.close(CAME + 20)
    assert city.record_file(noon(CAME + 20)) is None, "silence is a no"
    street.all_holds()
    assert list(street.endings().values()) == ["consented", "not_consented", "not_consented"]
    with street.database.connect(f"city_{CHONGQING}") as connection, connection.cursor() as cursor:
        assert sum(account_balances(cursor, ACQ, "inc_fee").values()) == 0
    assert street.books(CHONGQING, "OP-CQ-BUS-HECHUAN", "rev_fare") == -FARE_FEN
    for account in ("presented", "unsplit", "in_transit"):
        assert street.books(CHONGQING, ACQ, account) == 0
    assert street.books(BEIJING, ISS, "liab_acct:bj-1") == FARE_FEN - START_FEN
