"""The pipeline over Parquet says what the live hub says: each code, each share, each position."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import msgspec
import pytest
from clearing_world import (
    EVIDENCE,
    MEMBERS,
    NUMBER_OF,
    RECEIVED_S,
    VAULT,
    Row,
    RulesGround,
    Run,
    bus,
    record_of,
    ride,
    run,
    signed,
    write_rows,
    write_rules,
)

from tongxing.clearing.writing import write_results
from tongxing.hub.admission import Judgement, judge
from tongxing.hub.checks import Case
from tongxing.hub.members import same_province
from tongxing.hub.netting import PairTotal, net
from tongxing.hub.purses import add_links, believed_links
from tongxing.hub.rows import Row as LiveRow
from tongxing.hub.rows import read_row
from tongxing.hub.rulebook import load_rulebook
from tongxing.hub.signatures import SignatureWitness
from tongxing.hub.split import share_totals
from tongxing.kernel.clock import DAY_S
from tongxing.media.code.verify import Trust
from tongxing.messages import Record, Share

RULES = load_rulebook()
DAY_1, DAY_10 = DAY_S, 10 * DAY_S

# One changed thing, and the verdict it leads to; everything else of the row is in order.
PLANTED: list[tuple[str, Callable[[], list[Row]], str]] = [
    ("nothing", lambda: [ride(1)], "accepted 0000 cardholder"),
    ("a bus in another city", lambda: [bus(2)], "accepted 0000 cardholder"),
    ("an empty field", lambda: [ride(3, issuer=None)], "rejected 1006 acquirer"),
    (
        "an exit before its entry",
        lambda: [ride(4, exited_s=1_500_000_000)],
        "rejected 1006 acquirer",
    ),
    ("a time that overflows", lambda: [ride(5, exited_s=2**63 - 1)], "rejected 1006 acquirer"),
    ("an arrival that cannot be", lambda: [ride(6, received_s=-(2**63))], "rejected 1006 acquirer"),
    ("a terminal that cannot be", lambda: [ride(7, terminal=2**62)], "rejected 1006 acquirer"),
    ("a trial", lambda: [ride(8, is_test=True)], "rejected 1013 cardholder"),
    ("an unknown issuer", lambda: [ride(9, issuer=77, tac=None)], "rejected 1006 acquirer"),
    ("another city's line", lambda: [ride(10, line=21)], "rejected 1006 acquirer"),
    ("the same twice", lambda: [ride(11), ride(11)], "rejected 1002 nobody"),
    (
        "a copy that arrives later",
        lambda: [ride(12), ride(12, received_s=RECEIVED_S + 60)],
        "rejected 1002 nobody",
    ),
    ("the same with another fare", lambda: [ride(13), ride(13, fare_fen=400)], "held 1020 case"),
    ("four days late", lambda: [_earlier(14, 4)], "accepted 0015 cardholder"),
    ("eleven days late", lambda: [_earlier(15, 11)], "rejected 1005 acquirer"),
    ("a clock that is ahead", lambda: [ride(16, exited_s=RECEIVED_S + 601)], "held 1016 acquirer"),
    ("an unknown mode", lambda: [ride(17, mode=99)], "rejected 1004 acquirer"),
    ("above the fare", lambda: [ride(18, charge_fen=501)], "held 1007 acquirer"),
    ("another fare", lambda: [ride(19, fare_fen=499)], "held 1007 acquirer"),
    ("below zero", lambda: [ride(20, charge_fen=-1)], "held 1007 acquirer"),
    ("paired by the account", lambda: [ride(21, how=2)], "accepted 0010 cardholder"),
    (
        "a half trip",
        lambda: [ride(22, how=3, destination=0, fare_fen=900, charge_fen=900)],
        "accepted 0012 cardholder",
    ),
    ("a wrong code", lambda: [ride(23, tac=1)], "held 1001 acquirer"),
    ("a line that is not there", lambda: [ride(24, line=19)], "held 1012 acquirer"),
    ("a terminal of another line", lambda: [ride(25, terminal=101, line=12)], "held 1012 acquirer"),
    ("a terminal that was taken down", lambda: [ride(26, terminal=103)], "held 1012 acquirer"),
    (
        "a number of another issuer",
        lambda: [ride(27, card=3104000400000000027)],
        "held 1008 acquirer",
    ),
    (
        "reported, in its first day",
        lambda: [ride(28, card=3104000300000000007)],
        "accepted 0009 issuer",
    ),
    (
        "reported long ago, list older",
        lambda: [ride(29, card=3104000300000000008, deny_list_version=29)],
        "rejected 1009 acquirer",
    ),
    (
        "reported long ago, list wrong",
        lambda: [ride(30, card=3104000300000000008, deny_list_version=31)],
        "accepted 0009 issuer",
    ),
    (
        "a card without a name",
        lambda: [ride(31, issuer=4, card=3104000400000000009)],
        "held 1017 acquirer",
    ),
    (
        "a city that left",
        lambda: [ride(32, issuer=4, card=3104000400000000032)],
        "held 1017 acquirer",
    ),
    (
        "a counter used twice",
        lambda: [_paid(33, 5, 900), _paid(133, 5, 900, card=3104000300000100033)],
        "held 1020 case",
    ),
    (
        "a forged row beside it",
        lambda: [_paid(136, 5, 900, card=3104000300000100036, tac=1), _paid(36, 5, 900)],
        "accepted 0000 cardholder",
    ),
    (
        "money that is gone",
        lambda: [_paid(34, 5, 900), _paid(134, 6, 400, card=3104000300000100034)],
        "held 1014 issuer",
    ),
    (
        "a late row of a reported card",
        lambda: [
            {**_earlier(37, 4), "card": 3104000300000000008, "deny_list_version": 29},
        ],
        "rejected 1009 0015 acquirer",
    ),
    (
        "a late row with an unknown mode and a number of another issuer",
        lambda: [{**_earlier(38, 4), "mode": 99, "card": 3104000400000000038}],
        "rejected 1004 1008 0015 acquirer",
    ),
    (
        "a counter that a row used which came too late",
        lambda: [
            {**_earlier(139, 11), "card": 3104000300000100039, **_purse(5, 900)},
            _paid(39, 5, 900),
        ],
        "held 1020 case",
    ),
    (
        "a counter that a row used which cannot be read",
        lambda: [
            _paid(140, 5, 900, card=3104000300000100040, exited_s=1_500_000_000),
            _paid(40, 5, 900),
        ],
        "accepted 0000 cardholder",
    ),
    (
        "money that was loaded",
        lambda: [_paid(35, 5, 900), _paid(135, 6, 9_000, card=3104000300000100035)],
        "accepted 0000 cardholder",
    ),
]


@pytest.fixture(scope="module", params=[False, True], ids=["sql", "compiled"])
def compiled(request: pytest.FixtureRequest) -> bool:
    """Whether rows are sifted by compiled code, or by SQL alone."""
    return bool(request.param)


def test_files_of_other_columns_keep_their_numbers(
    rules: Path, tmp_path: Path, compiled: bool
) -> None:
    one = write_rows(tmp_path / "one.parquet", signed([ride(1), ride(2)]))
    optional = ("how", "mode", "city_list_version", "is_test", "card_counter", "balance_before_fen")
    two = write_rows(tmp_path / "two.parquet", signed([ride(3, how=0), ride(2)]), optional)
    three = write_rows(tmp_path / "three.parquet", signed([ride(4), ride(1)]))
    found = run([one, two, three], rules, tmp_path / "scratch", compiled=compiled).verdicts()
    codes = {place: found[place][1] for place in sorted(found)}
    assert codes == {
        (0, 0): "0000", (0, 1): "0000", (1, 0): "0000", (1, 1): "1020", (2, 0): "0000",
        (2, 1): "1002",
    }  # fmt: skip


@pytest.mark.parametrize("times", [2, 3, 4, 17])
def test_a_ride_that_came_many_times_counts_once(
    rules: Path, tmp_path: Path, times: int, compiled: bool
) -> None:
    rides = [ride(15), *[ride(16)] * times, ride(17), ride(31), *[ride(32)] * 2]
    one = write_rows(tmp_path / "one.parquet", signed(rides))
    found = run([one], rules, tmp_path / "scratch", compiled=compiled).verdicts()
    codes = [found[0, row][1] for row in range(len(rides))]
    again = ["1002"] * (times - 1)
    assert codes == ["0000", "0000", *again, "0000", "0000", "0000", "1002"]


def _earlier(number: int, days: int) -> Row:
    row = ride(number)
    return ride(
        number,
        entered_s=int(row["entered_s"] or 0) - (days - 1) * DAY_1,
        exited_s=int(row["exited_s"] or 0) - (days - 1) * DAY_1,
    )


def _purse(counter: int, before_fen: int) -> Row:
    return {"card_counter": counter, "balance_before_fen": before_fen}


def _paid(number: int, counter: int, before_fen: int, **changes: int) -> Row:
    return ride(number, **{**_purse(counter, before_fen), **changes})


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("clearing") / "rules")


@pytest.fixture(scope="module")
def planted(rules: Path, compiled: bool) -> Iterator[tuple[Run, dict[str, int]]]:
    """One run over all planted rows; the row that each case is about."""
    rows: list[Row] = []
    places = {}
    for name, make, _ in PLANTED:
        rows += make()
        places[name] = len(rows) - 1
    path = write_rows(rules.parent / "planted.parquet", signed(rows))
    yield run([path], rules, rules.parent / "planted", compiled=compiled), places


@pytest.mark.parametrize(("name", "verdict"), [(name, verdict) for name, _, verdict in PLANTED])
def test_one_thing_decides(planted: tuple[Run, dict[str, int]], name: str, verdict: str) -> None:
    found, places = planted
    assert " ".join(found.verdicts()[0, places[name]]) == verdict


def random_rows(seed: int, count: int) -> list[Row]:
    """Rides of which many are odd in one or several ways."""
    chance = random.Random(seed)
    rows: list[Row] = []
    for number in range(1_000, 1_000 + count):
        make = chance.choice((ride, ride, bus))
        row = make(number)
        if make is ride:
            origin, destination = chance.choice(((1, 9), (2, 8), (1, 5), (3, 4)))
            fare = {(1, 9): 500, (2, 8): 400, (1, 5): 300}.get((origin, destination), 700)
            charge = fare * chance.choice((10, 9, 8, 7)) // 10 - chance.randrange(9)
            row |= {"origin": origin, "destination": destination}
            row |= {"fare_fen": fare, "charge_fen": charge}
        if chance.random() < 0.3:
            row |= {"issuer": 4, "card": 3104000400000100000 + number}
        for name, value in chance.sample(_ODD, chance.choice((0, 0, 0, 1, 1, 2, 3))):
            row[name] = value(chance) if callable(value) else value
        if make is ride and chance.random() < 0.3:
            card = 3104000300000900000 + chance.randrange(40)
            row |= {"issuer": 3, "card": card}
            row |= _purse(chance.randrange(1, 9), chance.choice((900, 1_350, 1_800, 5_000)))
        days = chance.choice((0,) * 8 + (1, 2, 9, 10, 11))
        row["entered_s"] = int(row["entered_s"] or 0) - days * DAY_1
        row["exited_s"] = int(row["exited_s"] or 0) - days * DAY_1
        rows.append(row)
        if rows and chance.random() < 0.05:
            rows.append({**chance.choice(rows), "received_s": RECEIVED_S})
        if rows and chance.random() < 0.05:
            rows.append({**chance.choice(rows), "charge_fen": 111})
    return rows


_ODD: list[tuple[str, object]] = [
    ("issuer", 9), ("issuer", 1), ("acquirer", 2), ("line", 12), ("line", 19), ("line", 21),
    ("terminal", 101), ("terminal", 103), ("terminal", 9_999), ("card", 3104000300000000007),
    ("card", 3104000300000000008), ("card", 3104000400000000009), ("deny_list_version", 0),
    ("deny_list_version", 29), ("deny_list_version", 31), ("deny_list_version", 40),
    ("is_test", True),
    ("mode", 1), ("mode", 99), ("how", lambda chance: chance.randrange(11)), ("fare_fen", 499),
    ("charge_fen", lambda chance: chance.choice((-1, 0, 1, 499, 501, 30_001))), ("tac", 1),
    ("city_list_version", 0), ("city_list_version", 6), ("exited_s", RECEIVED_S + 601),
    ("exited_s", RECEIVED_S + 600), ("card_counter", 3), ("destination", 0), ("origin", 0),
]  # fmt: skip


def _as_read(record: Record) -> Record | None:
    content = msgspec.json.encode(record, order="deterministic")
    return read_row(1, content, RULES.file.line_bytes_max).record


def _live(rows: list[Row]) -> dict[int, Judgement]:
    """The live hub's judgement of each row: one file per acquirer, all at one time."""
    found: dict[int, Judgement] = {}
    records = {number: record_of(row) for number, row in enumerate(rows)}
    witness = SignatureWitness(VAULT, Trust(roots={}))
    readable = [record for record in map(_as_read, records.values()) if record is not None]
    wrong = witness.faults(readable)
    links = [link for link in believed_links(readable, wrong) if link.counter]
    evidence = replace(EVIDENCE, signatures=wrong, chains=add_links({}, links))
    for member in ("ACQ-990100", "ACQ-990200"):
        own = {number: one for number, one in records.items() if one.acquirer == member}
        lines: list[LiveRow] = []
        for number, record in own.items():
            content = msgspec.json.encode(record, order="deterministic")
            lines.append(read_row(number, content, RULES.file.line_bytes_max))
        case = Case(
            sender=MEMBERS[NUMBER_OF[member]],
            members={one.member_id: one for one in MEMBERS.values()},
            suspended=frozenset(),
            rules=RULES,
            ground=RulesGround(),
            received_s=RECEIVED_S,
            known={},
            holders={},
            evidence=evidence,
        )
        found |= {item.row.number: item for item in judge(lines, case)}
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_rows_are_judged_and_netted_as_the_live_hub_does(
    rules: Path, tmp_path: Path, seed: int, compiled: bool
) -> None:
    rows = signed(random_rows(seed, 700))
    for row in rows:
        if row["card_counter"] is not None and row["balance_before_fen"] is None:
            row["balance_before_fen"] = 5_000
    path = write_rows(tmp_path / "rows.parquet", rows)
    found = run([path], rules, tmp_path / "scratch", compiled=compiled)
    live, mine = _live(rows), found.verdicts()
    differing = [
        (sorted(rows[number].items()), judgement.codes, judgement.detail, mine[0, number])
        for number, judgement in live.items()
        if (judgement.status, " ".join(judgement.codes), judgement.bearer) != mine[0, number]
    ]
    assert not differing, differing[:3]
    assert len({judgement.code for judgement in live.values()}) >= 14
    totals: dict[tuple[str, str], list[Judgement]] = defaultdict(list)
    for judgement in live.values():
        if judgement.status == "accepted" and judgement.row.record is not None:
            record = judgement.row.record
            totals[record.acquirer, record.issuer].append(judgement)
    by_id = {member.member_id: member for member in MEMBERS.values()}
    expected = net(
        [
            PairTotal(
                issuer=issuer,
                acquirer=acquirer,
                is_cross_city=by_id[issuer].city != by_id[acquirer].city,
                is_same_province=same_province(by_id[issuer], by_id[acquirer]),
                records=len(items),
                delta_fen=sum(item.row.record.charge_fen for item in items if item.row.record),
                operators=tuple(
                    Share(operator, fen)
                    for operator, fen in sorted(
                        share_totals(share for item in items for share in item.shares).items()
                    )
                ),
            )
            for (acquirer, issuer), items in totals.items()
        ],
        RULES.fee,
    )
    (window,) = found.cleared.windows
    assert window.window_id == "W20260318"
    assert window.netting == expected


def test_results_are_the_same_bytes_however_an_engine_cuts_its_answer(
    rules: Path, tmp_path: Path
) -> None:
    path = write_rows(tmp_path / "rows.parquet", signed(random_rows(5, 300)))
    found = run([path], rules, tmp_path / "scratch")
    parts = tmp_path / "parts"
    parts.mkdir()
    with duckdb.connect() as base:
        for part in range(3):
            base.execute(
                f"COPY (SELECT * FROM read_parquet('{found.cleared.listed}') "
                f"WHERE listed_key % 3 = {part} ORDER BY listed_key DESC) "
                f"TO '{parts}/{part}.parquet' (FORMAT parquet)"
            )
    written = []
    for number, listed in enumerate((found.cleared.listed, f"{parts}/*.parquet")):
        out = tmp_path / f"out-{number}"
        out.mkdir()
        written.append(write_results(replace(found.cleared, listed=listed), found.rules, out))
    assert written[0] == written[1]
