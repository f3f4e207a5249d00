"""What purses say over several files, and times of day by which a charge is split."""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from clearing_world import RECEIVED_S, A, Row, Run, ride, run, signed, write_rows, write_rules

from tongxing.clearing.rules import read_rules
from tongxing.clearing.writing import write_results
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal

CARD, OTHER = 3104000300000900001, 3104000300000900002
DAY = date(2026, 3, 17)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("gaps") / "rules")


def paid(number: int, counter: int, before_fen: int, card: int = CARD, **changes: int) -> Row:
    return ride(number, card=card, card_counter=counter, balance_before_fen=before_fen, **changes)


def late(row: Row) -> Row:
    """The same eleven days late: rejected, 1005."""
    times = {name: int(row[name] or 0) - 10 * 86_400 for name in ("entered_s", "exited_s")}
    return {**row, **times}


def gaps_of(found: Run, folder: Path) -> list[tuple[int, int, int]]:
    """The lines of `gaps.parquet`, as a run leaves it."""
    folder.mkdir()
    written = write_results(found.cleared, found.rules, folder)
    assert "gaps.parquet" in written
    with duckdb.connect() as base:
        return base.execute(
            "SELECT card, first_counter, last_counter FROM read_parquet(?)",
            [str(folder / "gaps.parquet")],
        ).fetchall()


def test_skipped_counters_are_listed_card_by_card(rules: Path, tmp_path: Path) -> None:
    rows = [
        paid(1, 5, 9_000),
        paid(2, 9, 8_000),
        paid(3, 10, 7_550),
        paid(4, 13, 7_000),
        paid(5, 2, 5_000, OTHER),
        paid(6, 4, 4_000, OTHER),
        ride(7),
    ]
    found = run([write_rows(tmp_path / "rows.parquet", signed(rows))], rules, tmp_path / "scratch")
    assert gaps_of(found, tmp_path / "out") == [(CARD, 6, 8), (CARD, 11, 12), (OTHER, 3, 3)]
    assert {codes for _, codes, _ in found.verdicts().values()} == {"0000"}


def test_a_rejected_row_is_no_gap_and_one_that_cannot_be_read_is(
    rules: Path, tmp_path: Path
) -> None:
    rows = [
        paid(1, 5, 9_000),
        late(paid(2, 6, 8_550)),
        paid(3, 7, 8_100, exited_s=1_500_000_000),
        paid(4, 8, 7_650),
    ]
    found = run([write_rows(tmp_path / "rows.parquet", signed(rows))], rules, tmp_path / "scratch")
    codes = [found.verdicts()[0, row][1] for row in range(4)]
    assert codes == ["0000", "1005", "1006", "0000"]
    assert gaps_of(found, tmp_path / "out") == [(CARD, 7, 7)]


def test_a_row_whose_code_is_wrong_tells_of_no_counter(rules: Path, tmp_path: Path) -> None:
    rows = signed([paid(1, 5, 9_000), paid(2, 6, 8_000), paid(3, 7, 7_000)])
    rows[1]["tac"] = int(rows[1]["tac"] or 0) ^ 1
    files = [write_rows(tmp_path / "rows.parquet", rows)]
    believed = run(files, rules, tmp_path / "believed", vault=None)
    assert gaps_of(believed, tmp_path / "all") == []
    checked = run(files, rules, tmp_path / "checked")
    assert gaps_of(checked, tmp_path / "told") == [(CARD, 6, 6)]


def test_where_no_file_tells_of_purses_there_are_no_gaps(rules: Path, tmp_path: Path) -> None:
    absent = ("card_counter", "balance_before_fen")
    path = write_rows(tmp_path / "rows.parquet", signed([ride(1)]), absent)
    found = run([path], rules, tmp_path / "scratch")
    (tmp_path / "out").mkdir()
    written = write_results(found.cleared, found.rules, tmp_path / "out")
    assert "gaps.parquet" not in written


def test_a_fork_holds_both_sides_and_money_that_is_gone_the_later_one_however_files_are_cut(
    rules: Path, tmp_path: Path
) -> None:
    """As the live hub does, which sees what came first before what came later."""
    third, fourth = OTHER + 1, OTHER + 2
    first = [paid(1, 5, 9_000), paid(2, 5, 9_000, OTHER), paid(5, 7, 8_000, third)]
    together = [paid(7, 5, 9_000, fourth), paid(8, 6, 8_000, fourth)]
    second = [
        paid(number, counter, before, card, received_s=RECEIVED_S + 60)
        for number, counter, before, card in (
            (3, 5, 8_000, CARD), (4, 6, 8_000, OTHER), (6, 6, 9_000, third)
        )
    ]  # fmt: skip
    for cut in ([first + together, second], [[*second, *together, *first]]):
        files = [
            write_rows(tmp_path / f"{len(cut)}-{number}.parquet", signed(rows))
            for number, rows in enumerate(cut)
        ]
        found = run(files, rules, tmp_path / "scratch").verdicts()
        codes = {
            row["terminal_seq"]: found[file, place][1]
            for file, rows in enumerate(cut)
            for place, row in enumerate(rows)
        }
        assert [codes[paid(number, 5, 0)["terminal_seq"]] for number in range(1, 9)] == [
            "1020", "0000", "1020", "1014", "0000", "1014", "1014", "1014"
        ]  # fmt: skip


PERIODS = """
period,day_type,first,until
early,workday,06:00,08:00
night,workday,23:00,27:00
early,restday,06:00,09:00
""".strip()
# operators OP1 : OP2 of a ride from 1 to 9; at all other times the line's own operator has it all
WEIGHTS = {"early": (1, 1), "night": (1, 9)}
# when a ride of 450 fen begins, in days after Tuesday 17 March; what OP1 has of it; the day of its
# window
TIMES = [
    ("the last minute before", 0, "05:59", 450, 1),
    ("the first minute", 0, "06:00", 225, 2),
    ("the last minute of it", 0, "07:59", 225, 3),
    ("the first minute after", 0, "08:00", 450, 4),
    ("past midnight, of the day before", 1, "01:30", 45, 5),
    ("the business day has changed", 1, "03:00", 450, 6),
    ("a Saturday", 4, "08:30", 225, 7),
    ("a Saturday after nine", 4, "09:00", 450, 8),
    ("Monday, but the holiday of Tomb Sweeping Day", 20, "08:30", 225, 21),
]


@pytest.fixture(scope="module")
def timed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rules with times of day, and splits for them."""
    folder = write_rules(tmp_path_factory.mktemp("periods") / "rules")
    (folder / "periods.csv").write_text(PERIODS + "\n", encoding="utf-8")
    head, *_ = (folder / "splits.csv").read_text(encoding="utf-8").splitlines()
    lines = [
        f"{A},T1,2020-01-01,,{period},1,9,{operator},{weight}"
        for period, weights in WEIGHTS.items()
        for operator, weight in zip(("OP1", "OP2"), weights, strict=True)
    ]
    (folder / "splits.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return folder


def test_a_charge_is_split_by_the_time_of_its_entry(timed: Path, tmp_path: Path) -> None:
    rows = []
    for number, (_, days, clock, _, window) in enumerate(TIMES):
        hour, _, minute = clock.partition(":")
        entered_s = at(DAY + timedelta(days=days), int(hour), int(minute))
        rows.append(
            ride(
                number,
                entered_s=entered_s,
                exited_s=entered_s + 1_800,
                received_s=at(DAY + timedelta(days=window), 11),
            )
        )
    path = write_rows(tmp_path / "rows.parquet", signed(rows))
    found = run([path], timed, tmp_path / "scratch").cleared.windows
    first = {
        window.window_id: {share.operator: share.share_fen for share in pair.total.operators}
        for window in found
        for pair in window.netting.pairs
    }
    for when, _, _, first_fen, window in TIMES:
        expected = {"OP1": first_fen, "OP2": 450 - first_fen}
        of_window = first[f"W{DAY + timedelta(days=window):%Y%m%d}"]
        assert of_window == {name: fen for name, fen in expected.items() if fen}, when


WRONG = [
    ("two at one time", "early,workday,06:00,08:00\nlater,workday,07:59,09:00"),
    ("an end before its beginning", "early,workday,08:00,06:00"),
    ("no kind of day", "early,monday,06:00,08:00"),
    ("no time", "early,workday,6:00,08:00"),
    ("a split of a period that is not there", "early,workday,06:00,08:00"),
]


@pytest.mark.parametrize(("what", "lines"), WRONG, ids=[row[0] for row in WRONG])
def test_periods_that_say_no_single_thing_are_refused(
    timed: Path, tmp_path: Path, what: str, lines: str
) -> None:
    found = read_rules(_changed(timed, tmp_path, "periods.csv", lines), tmp_path)
    assert isinstance(found, Refusal) and found.code == "CLEARING_RULES", found


def test_a_split_for_all_times_beside_one_for_some_is_refused(timed: Path, tmp_path: Path) -> None:
    """Else two would hold at the same time."""
    lines = f"{A},T1,2020-01-01,,,1,9,OP1,1\n{A},T1,2020-01-01,,early,1,9,OP2,1"
    found = read_rules(_changed(timed, tmp_path, "splits.csv", lines), tmp_path)
    assert isinstance(found, Refusal)
    assert (found.code, found.where) == ("CLEARING_RULES", "splits")


def _changed(timed: Path, tmp_path: Path, name: str, lines: str) -> Path:
    """The rules with other lines in one of their tables."""
    folder = tmp_path / "rules"
    folder.mkdir()
    for path in timed.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    head, *_ = (timed / name).read_text(encoding="utf-8").splitlines()
    (folder / name).write_text(f"{head}\n{lines}\n", encoding="utf-8")
    return folder
