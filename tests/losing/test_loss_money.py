"""What was left in a lost card's own purse is found once; what comes later is the issuer's loss."""

import re
from pathlib import Path
from random import Random

import psycopg
import pytest
from loss_world import (
    CARD,
    DAY_S,
    FROM_S,
    MONEY_S,
    NOON,
    OTHER_PURSE,
    Taps,
    World,
    code_of,
    moment,
    report_of,
    send,
)
from msgspec.structs import replace

from tongxing.city.losing import Released
from tongxing.messages import PurseFacts, Tap
from tongxing.storage import Database


@pytest.fixture
def world(database: Database) -> World:
    world = World(database)
    world.old_purse()
    return world


def spent(taps: Taps, at: int, taken_fen: int, card: str = CARD) -> Tap:
    """A bus that took money from a bound card's own purse."""
    tap = taps(at, card, "ride", "", line="bus-149", mode="bus")
    return replace(tap, funding="purse", purse=PurseFacts(1, 5_000, taken_fen))


@pytest.mark.req("R-010")
def test_the_money_is_found_after_the_last_gates_had_their_time_and_only_once(
    world: World,
) -> None:
    told = world.lost()
    assert (told.money_from_s, told.purse_fen) == (MONEY_S, 5_000)
    assert world.desk.release_found(MONEY_S - 1) == Released(0, 0)
    assert world.desk.release_found(MONEY_S) == Released(1, 5_000)
    assert world.desk.release_found(MONEY_S + DAY_S) == Released(0, 0)
    assert (world.balance(), world.balance(OTHER_PURSE)) == (15_000, 0)
    again = world.desk.reports("a1")[0]
    assert (again.found_fen, again.purse_fen) == (5_000, 0)
    assert code_of(world.desk.found_again("a1", "loss-1", "f1", MONEY_S)) == "LOSS_MONEY_FOUND"
    world.proven()


def test_a_ride_of_before_told_in_time_is_the_passengers(world: World) -> None:
    world.lost()
    send(world.city, spent(Taps(), NOON - 60, 300), at=NOON + 3 * DAY_S)
    assert world.desk.release_found(MONEY_S) == Released(1, 4_700)
    assert world.borne == 0
    world.proven()


def test_a_ride_of_after_is_the_issuers_and_shortens_nothing(world: World) -> None:
    world.lost()
    send(world.city, spent(Taps(), FROM_S, 300), at=NOON + 3 * DAY_S)
    assert world.borne == 300
    assert world.desk.release_found(MONEY_S) == Released(1, 5_000)
    world.proven()


def test_what_is_told_too_late_is_the_issuers_loss_and_nobodys_debt(world: World) -> None:
    world.lost()
    world.desk.release_found(MONEY_S)
    taps = Taps()
    send(world.city, spent(taps, NOON - 60, 300), at=MONEY_S + DAY_S)
    assert (world.balance(OTHER_PURSE), world.account("exp_purse_loss")) == (0, 300)
    send(world.city, spent(taps, FROM_S + 5, 200), at=MONEY_S + DAY_S)
    assert (world.borne, world.account("exp_purse_loss")) == (200, 300)
    assert world.balance() == 15_000
    world.proven()


def test_a_purse_that_is_empty_is_found_with_nothing(world: World) -> None:
    send(world.city, spent(Taps(), NOON - 60, 5_000))
    world.lost()
    assert world.desk.release_found(MONEY_S) == Released(0, 0)
    found = report_of(world.desk.found_again("a1", "loss-1", "f1", MONEY_S))
    assert found.found_fen == 0 and found.state == "found_again"


def test_found_again_before_the_money_was_keeps_it_in_the_purse(world: World) -> None:
    world.lost()
    report_of(world.desk.found_again("a1", "loss-1", "f1", NOON + 500))
    assert world.desk.release_found(MONEY_S) == Released(0, 0)
    assert world.balance(OTHER_PURSE) == 5_000


@pytest.mark.req("R-010")
def test_the_worked_loss_of_the_page(world: World) -> None:
    """Each row of docs/losing.md: account, purse, borne."""

    def row() -> tuple[int, int, int]:
        borne = world.borne + world.account("exp_purse_loss")
        return world.balance(), world.balance(OTHER_PURSE), borne

    taps, rows = Taps(), []
    world.lost()
    rows.append(row())
    send(world.city, spent(taps, moment("11:00"), 300), at=NOON + DAY_S)
    rows.append(row())
    late = taps("13:00", CARD, "entry", "chaotianmen"), taps("13:40", CARD, "exit", "shapingba")
    send(world.city, *late, at=NOON + 3 * DAY_S)
    rows.append(row())
    world.desk.release_found(MONEY_S)
    rows.append(row())
    send(world.city, spent(taps, moment("11:30"), 200), at=NOON + 11 * DAY_S)
    rows.append(row())
    page = Path(__file__).parents[2].joinpath("docs", "losing.md").read_text("utf-8")
    table = page.partition("## A worked loss")[2].partition("**refunded")[0]
    told = re.findall(r"\| ([0-9.]+) \| ([0-9.]+) \| ([0-9.]+) \|$", table, re.MULTILINE)
    assert [tuple(round(float(fen) * 100) for fen in line) for line in told] == rows
    world.proven()


class Cut(Exception):
    """The power went."""


def test_cut_at_any_statement_the_money_is_moved_whole_or_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each statement of report, release and found again is the last one once."""
    real = psycopg.Cursor.execute
    left = [0]

    def cutting(self: psycopg.Cursor, *given: object, **more: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise Cut
        return real(self, *given, **more)  # all as it was asked

    def money() -> tuple[int, ...]:
        world.proven()
        return (world.balance(), world.balance(OTHER_PURSE), world.borne)

    send(world.city, spent(Taps(), FROM_S, 300), at=NOON + DAY_S)
    for act in (
        lambda: world.desk.report("a1", CARD, "loss-1", NOON),
        lambda: world.desk.release_found(MONEY_S),
    ):
        before, cuts = money(), 0
        for count in range(1, 60):
            left[0] = count
            with monkeypatch.context() as patch:
                patch.setattr(psycopg.Cursor, "execute", cutting)
                try:
                    act()
                    break
                except Cut:
                    cuts += 1
            assert money() == before
        assert cuts > 4 and money() != before
        done = money()
        act()
        assert money() == done
    assert done == (15_000, 0, 300)


@pytest.mark.req("R-010")
@pytest.mark.parametrize("seed", range(4))
def test_refunded_and_spent_are_never_more_than_the_balance_and_the_disclosed_loss(
    database: Database, seed: int
) -> None:
    """A validator is offline for seven days; whoever found the card rides at it all week.

    refunded + spent <= balance + disclosed loss, with equality: no fen is anybody's twice. And
    the loss is bounded: highest fare x taps from the effective time until the validator knows.
    """
    world, chance, taps = World(database), Random(seed), Taps()
    world.old_purse()
    start_fen = world.balance() + world.balance(OTHER_PURSE)
    offline: list[Tap] = []
    for day in range(9):
        for _ in range(chance.randrange(4)):
            at = moment("07:00") + day * DAY_S + chance.randrange(60_000)
            if chance.random() < 0.5:
                offline.append(taps(at, CARD, "ride", "", line="bus-149", mode="bus"))
            else:
                offline.append(spent(taps, at, chance.randint(1, 400)))
    reported = moment("09:00") + chance.randrange(2 * DAY_S)
    report_of(world.desk.report("a1", CARD, "r1", reported))
    late = [tap for tap in offline if tap.time_s >= reported + 60]
    chance.shuffle(offline)
    parts = [offline[i::3] for i in range(3)]
    released = 0
    for number, part in enumerate(parts):
        if part:
            part.sort(key=lambda tap: tap.ref.seq)  # as a storage gives its numbers
            send(world.city, *part, at=reported + (5 + 4 * number) * DAY_S)
        if number == chance.randrange(3) or number == 2:
            more = world.desk.release_found(reported + 14 * DAY_S)
            released += more.purses
    [(spent_fen,)] = world.rows(
        "SELECT coalesce(sum(charge_fen), 0)::bigint FROM trip WHERE how <> 'void'"
    )
    [(by_late,)] = world.rows(
        "SELECT coalesce(sum(charge_fen), 0)::bigint FROM trip WHERE how <> 'void'"
        " AND entered_s >= %s",
        reported + 60,
    )
    assert isinstance(spent_fen, int) and isinstance(by_late, int)
    disclosed = world.borne + world.account("exp_purse_loss")
    world.proven()
    refunded = world.balance() + world.balance(OTHER_PURSE)
    assert refunded + spent_fen == start_fen + disclosed
    assert world.borne == by_late, "every late tap is attributed to a side by its time"
    assert by_late <= 400 * len(late), (by_late, len(late))
    assert released <= 1
    print(f"seed {seed}: refunded {refunded} + spent {spent_fen} = balance {start_fen}"
          f" + disclosed {disclosed} (late taps {by_late} <= 400 x {len(late)})")  # fmt: skip
