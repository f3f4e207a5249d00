"""Half taps that come when their trip was settled without them: what goes back (W20260708), and
what more is asked for and until when (W20260805).

The median of the fares from S1 is 300 (200, 300, 500), at home 270, and most of its rides are
OP1's; from N1 it is 400, for visitors 360. Half of the discount of a ride at home is a subsidy.
"""

from collections.abc import Callable

from by_hand import (
    INVARIANTS,
    Books,
    Day,
    Shares,
    counts,
    instructions,
    paired_trips,
    pending,
    positions,
    results,
    true_ups,
)
from hand_inputs import OPENING, RESERVE, config, day, half_taps, records

FARES = {
    "od_split_ppm": {
        "S1-S9": {"OP1": 600000, "OP2": 400000},
        "S1-S5": {"OP1": 1000000},
        "S1-S3": {"OP1": 500000, "OP2": 500000},
        "S4-S9": {"OP2": 1000000},
        "S8-S9": {"OP2": 1000000},
        "N1-N4": {"OP3": 1000000},
        "N1-N3": {"OP3": 1000000},
        "N1-N2": {"OP3": 1000000},
    },
    "gross_fare": {
        "S1-S9": 500,
        "S1-S5": 300,
        "S1-S3": 200,
        "S4-S9": 300,
        "S8-S9": 200,
        "N1-N4": 600,
        "N1-N3": 400,
        "N1-N2": 200,
    },
}
AUTO, DECLARED, BOTH = "TRIP_AUTO_COMPLETED", "TRIP_SELF_DECLARED", "TRIP_PAIRED_BY_ACCOUNT"
BACK, MORE = "REFUND_DIFF", "TRIP_REVISED"

# -- W20260708: what goes back ------------------------------------------------------------------
# Nobody says how four rides ended, so a week later each costs the median. The exits of B and A come
# on the 27th: N2 is 180 and S3 is 180. C's comes eight weeks after it to the second, D's a second
# later.
BACK_RIDES = """
R01 F1 C1:41:5000 ACQ-A S1-S5 07-07T10:00:00 G-A-1:1 07-08T06:00:00 270 0D0D0D01
"""
BACK_HALVES = """
B1 ENTRY X3 N1 07-07T08:00:00 07-07T19:00:00 ACQ-B
B2 EXIT  C8 N2 07-07T08:30:00 07-27T09:00:00 ACQ-B
D1 ENTRY X1 S1 07-07T08:00:00 07-07T19:00:00 ACQ-A
D2 EXIT  X1 S3 07-07T09:00:00 09-01T09:00:01 ACQ-A
C1 ENTRY X4 S1 07-07T17:00:00 07-07T19:00:00 ACQ-A
C2 EXIT  X4 S3 07-07T18:00:00 09-01T18:00:00 ACQ-A
A1 ENTRY X1 S1 07-07T18:00:00 07-07T19:00:00 ACQ-A
A2 EXIT  X1 S3 07-07T18:40:00 07-27T09:00:00 ACQ-A
"""
BACK_VERDICTS = """
R01  ISS-A ACQ-A 300 270 270 1  ACCEPTED 0000 - OP1=270
T1   ISS-A ACQ-B 400 360 360 0  RESERVED 0012 AUTO_COMPLETED -
T1.2 ISS-A ACQ-B 200 180 180 20 ACCEPTED 0010 PAIRED_BY_ACCOUNT,LATE+20 OP3=-180
T2   ISS-A ACQ-A 300 270 270 0  RESERVED 0012 AUTO_COMPLETED -
D2   ISS-A ACQ-A 0   0   0   56 REJECTED 1005 - -
T3   ISS-A ACQ-A 300 270 270 0  RESERVED 0012 AUTO_COMPLETED -
T3.2 ISS-A ACQ-A 200 180 180 56 ACCEPTED 0010 PAIRED_BY_ACCOUNT,LATE+56 OP1=-180,OP2=90
T4   ISS-A ACQ-A 300 270 270 0  RESERVED 0012 AUTO_COMPLETED -
T4.2 ISS-A ACQ-A 200 180 180 20 ACCEPTED 0010 PAIRED_BY_ACCOUNT,LATE+20 OP1=-180,OP2=90
"""
BACK_PAIRED = """
T1   X3 B1 -  N1-   QR_in,no_exit  AUTO_COMPLETED    2026-07-15T03:00:00
T1.2 X3 B1 B2 N1-N2 QR_in,card_out PAIRED_BY_ACCOUNT 2026-07-27T09:00:00
T2   X1 D1 -  S1-   QR_in,no_exit  AUTO_COMPLETED    2026-07-15T03:00:00
D2   X1 -  D2 -S3   no_entry,QR_out REFUSED          2026-09-01T09:00:01
T3   X4 C1 -  S1-   QR_in,no_exit  AUTO_COMPLETED    2026-07-15T03:00:00
T3.2 X4 C1 C2 S1-S3 QR_in,QR_out   PAIRED_BY_ACCOUNT 2026-09-01T18:00:00
T4   X1 A1 -  S1-   QR_in,no_exit  AUTO_COMPLETED    2026-07-15T03:00:00
T4.2 X1 A1 A2 S1-S3 QR_in,QR_out   PAIRED_BY_ACCOUNT 2026-07-27T09:00:00
"""
_NIGHT, _WEEK = "2026-07-08T03:00:00", "2026-07-15T03:00:00"
BACK_PENDING = f"""
B1 T1 {_NIGHT} ISS-A ACQ-B 900 {_WEEK} POSTED 360 {_WEEK}
D1 T2 {_NIGHT} ISS-A ACQ-A 900 {_WEEK} POSTED 270 {_WEEK}
C1 T3 {_NIGHT} ISS-A ACQ-A 900 {_WEEK} POSTED 270 {_WEEK}
A1 T4 {_NIGHT} ISS-A ACQ-A 900 {_WEEK} POSTED 270 {_WEEK}
"""
BACK_FIGURES = (
    "ISS-A 270 0\nACQ-A 0 270\nISS-B 0 0\nACQ-B 0 0",
    "1 ISS-A HUB 270\n2 HUB ACQ-A 270\n3 ACQ-A OP1 270",
    "ISS-A 199730 199730\nISS-B 100000 100000",
)


def late_exit() -> Day:
    """The file."""
    inputs = {"records": records(BACK_RIDES), "half_taps": half_taps(BACK_HALVES)}
    expected = late_expected(
        "W20260708", BACK_VERDICTS, BACK_PAIRED, BACK_PENDING, BACK_FIGURES, _back, {"OP1": 15}
    )
    return late_day("Late exits, window W20260708", "2026-07-07", "2026-07-08", inputs, expected)


def _back(books: Books) -> tuple[int, Shares]:
    a, b, own = "ACQ-A", "ACQ-B", "liab_acct"
    books.trip("R01", "2026-07-08T06:00:00", "ISS-A", a, "liab_purse", {"OP1": 270})
    books.subsidy("W20260708", "2026-07-08T12:00:00", {"OP1": 15})
    books.pays("W20260708-01", "2026-07-08T15:00:00", "ISS-A", 270)
    books.gets("W20260708-02", "2026-07-08T15:30:00", a, 270)
    books.payout("W20260708-03", "2026-07-08T16:00:00", a, "OP1", 270)
    of_day = len(books.journals), books.balances()

    # Three rides at home 3 x 270 and one away 360, whose fee is 3.60 -> 4: 2.0, 1.2, 0.8 -> 2, 1, 1
    # and ISS-A 1170 - 2; ACQ-B 360 - 3; OP3 360 - 4.
    books.trip("T1", _WEEK, "ISS-A", b, own, {"OP3": 360}, AUTO)
    for name in ("T2", "T3", "T4"):
        books.trip(name, _WEEK, "ISS-A", a, own, {"OP1": 270}, AUTO)
    at = "2026-07-15"
    books.fee(f"{at}T12:00:00", "ISS-A", b, (2, 1, 1), {"OP3": 4})
    books.subsidy("W20260715", f"{at}T12:00:00", {"OP1": 45})
    books.pays("W20260715-01", f"{at}T15:00:00", "ISS-A", 1168)
    books.gets("W20260715-02", f"{at}T15:30:00", a, 810)
    books.gets("W20260715-03", f"{at}T15:30:00", b, 357)
    books.payout("W20260715-04", f"{at}T16:00:00", a, "OP1", 810)
    books.payout("W20260715-05", f"{at}T16:00:00", b, "OP3", 356)
    books.true_up(f"{at}T17:00:00", "ISS-A", -2)  # liabilities fell by 1170, the float by 1168

    # Away 360 - 180 goes back, its fee of 1.80 -> 2: 1.0, 0.6, 0.4 -> 1, 1, 0; at home 270 - 180.
    # Of 270 OP1 had all, of 180 each has 90. ACQ-B pays 180 - 1, ISS-A gets 270 - 1, OP3 gives back
    # 180 - 2. The discount was 30 and is 20: the subsidy of OP1 15 -> 5, of OP2 0 -> 5.
    at = "2026-07-27"
    books.trip("T1.2", f"{at}T09:00:00", "ISS-A", b, own, {"OP3": -180}, BACK)
    books.trip("T4.2", f"{at}T09:00:00", "ISS-A", a, own, {"OP1": -180, "OP2": 90}, BACK)
    books.fee(f"{at}T12:00:00", "ISS-A", b, (-1, -1, 0), {"OP3": -2})
    books.subsidy("W20260727", f"{at}T12:00:00", {"OP1": -10, "OP2": 5})
    books.pays("W20260727-01", f"{at}T15:00:00", a, 90)
    books.pays("W20260727-02", f"{at}T15:00:00", b, 179)
    books.gets("W20260727-03", f"{at}T15:30:00", "ISS-A", 269)
    books.payout("W20260727-04", f"{at}T16:00:00", a, "OP2", 90)
    books.recovery("W20260727:OP1", f"{at}T16:00:00", a, "OP1", 180)
    books.recovery("W20260727:OP3", f"{at}T16:00:00", b, "OP3", 178)
    books.true_up(f"{at}T17:00:00", "ISS-A", 1)

    at = "2026-09-02"
    books.trip("T3.2", "2026-09-01T18:00:00", "ISS-A", a, own, {"OP1": -180, "OP2": 90}, BACK)
    books.subsidy("W20260902", f"{at}T12:00:00", {"OP1": -10, "OP2": 5})
    books.pays("W20260902-01", f"{at}T15:00:00", a, 90)
    books.gets("W20260902-02", f"{at}T15:30:00", "ISS-A", 90)
    books.payout("W20260902-03", f"{at}T16:00:00", a, "OP2", 90)
    books.recovery("W20260902:OP1", f"{at}T16:00:00", a, "OP1", 180)
    return of_day


# -- W20260805: what more is asked for, and until when ------------------------------------------
# X1 says S3 (180) and left at S9 (450): asked for on the 6th. X4's second ride cost the median 270
# and its exit at S9 comes on the tenth day; X3's comes on the eleventh. X4's first ride ended where
# it began, after a quarter of an hour.
MORE_HALVES = """
A1 ENTRY X4 S1 08-04T08:00:00 08-04T19:00:00
A2 EXIT  X4 S1 08-04T08:15:00 08-20T09:00:00
B1 ENTRY X1 S1 08-04T18:00:00 08-04T19:00:00
B2 EXIT  X1 S9 08-04T18:50:00 08-06T09:00:00
C1 ENTRY X3 S1 08-04T18:01:00 08-04T19:00:00
C2 EXIT  X3 S9 08-04T18:51:00 08-15T09:00:00
D1 ENTRY X4 S1 08-04T18:02:00 08-04T19:00:00
D2 EXIT  X4 S9 08-04T18:52:00 08-14T09:00:00
"""
MORE_VERDICTS = """
T1   ISS-A ACQ-A 300 270 270 0  RESERVED 0012 AUTO_COMPLETED -
T1.2 ISS-A ACQ-A 0   0   0   16 ACCEPTED 0010 SAME_STATION,LATE+16 OP1=-270
T2   ISS-A ACQ-A 200 180 180 0  ACCEPTED 0011 SELF_DECLARED OP1=90,OP2=90
T2.2 ISS-A ACQ-A 500 450 450 2  ACCEPTED 0010 PAIRED_BY_ACCOUNT,LATE+2 OP1=180,OP2=90
T3   ISS-A ACQ-A 300 270 270 0  RESERVED 0012 AUTO_COMPLETED -
T3.2 ISS-A ACQ-A 500 450 450 11 REJECTED 1005 - -
T4   ISS-A ACQ-A 300 270 270 0  RESERVED 0012 AUTO_COMPLETED -
T4.2 ISS-A ACQ-A 500 450 450 10 ACCEPTED 0010 PAIRED_BY_ACCOUNT,LATE+10 OP2=180
"""
MORE_PAIRED = """
T1   X4 A1 -  S1-   QR_in,no_exit AUTO_COMPLETED    2026-08-12T03:00:00
T1.2 X4 A1 A2 S1-S1 QR_in,QR_out  SAME_STATION      2026-08-20T09:00:00
T2   X1 B1 -  S1-S3 QR_in,no_exit SELF_DECLARED     2026-08-05T10:00:00
T2.2 X1 B1 B2 S1-S9 QR_in,QR_out  PAIRED_BY_ACCOUNT 2026-08-06T09:00:00
T3   X3 C1 -  S1-   QR_in,no_exit AUTO_COMPLETED    2026-08-12T03:00:00
T3.2 X3 C1 C2 S1-S9 QR_in,QR_out  PAIRED_BY_ACCOUNT 2026-08-15T09:00:00
T4   X4 D1 -  S1-   QR_in,no_exit AUTO_COMPLETED    2026-08-12T03:00:00
T4.2 X4 D1 D2 S1-S9 QR_in,QR_out  PAIRED_BY_ACCOUNT 2026-08-14T09:00:00
"""
_MORE_NIGHT, _MORE_WEEK = "2026-08-05T03:00:00", "2026-08-12T03:00:00"
MORE_PENDING = f"""
A1 T1 {_MORE_NIGHT} ISS-A ACQ-A 900 {_MORE_WEEK} POSTED 270 {_MORE_WEEK}
B1 T2 {_MORE_NIGHT} ISS-A ACQ-A 900 {_MORE_WEEK} POSTED 180 2026-08-05T10:00:00
C1 T3 {_MORE_NIGHT} ISS-A ACQ-A 900 {_MORE_WEEK} POSTED 270 {_MORE_WEEK}
D1 T4 {_MORE_NIGHT} ISS-A ACQ-A 900 {_MORE_WEEK} POSTED 270 {_MORE_WEEK}
"""
MORE_FIGURES = (
    "ISS-A 180 0\nACQ-A 0 180\nISS-B 0 0\nACQ-B 0 0",
    "1 ISS-A HUB 180\n2 HUB ACQ-A 180\n3 ACQ-A OP1 90\n3 ACQ-A OP2 90",
    "ISS-A 199820 199820\nISS-B 100000 100000",
)


def late_dearer() -> Day:
    """The file."""
    said = {"account_id": "X1", "tap_id": "B1", "exit_station": "S3", "at": "2026-08-05T10:00:00"}
    inputs = {"records": [], "half_taps": half_taps(MORE_HALVES), "declarations": [said]}
    subsidies = {"OP1": 5, "OP2": 5}
    expected = late_expected(
        "W20260805", MORE_VERDICTS, MORE_PAIRED, MORE_PENDING, MORE_FIGURES, _more, subsidies
    )
    return late_day(
        "Late dearer rides, window W20260805", "2026-08-04", "2026-08-05", inputs, expected
    )


def _more(books: Books) -> tuple[int, Shares]:
    a, own = "ACQ-A", "liab_acct"
    half = {"OP1": 90, "OP2": 90}
    books.trip("T2", "2026-08-05T10:00:00", "ISS-A", a, own, half, DECLARED)
    settled(books, "2026-08-05", {"OP1": 5, "OP2": 5}, half)
    of_day = len(books.journals), books.balances()
    # 450 is 270 and 180; of 180 each had 90. The discount was 20 (10: 5, 5) and is 50 (25: 15, 10)
    more = {"OP1": 180, "OP2": 90}
    books.trip("T2.2", "2026-08-06T09:00:00", "ISS-A", a, own, more, MORE)
    settled(books, "2026-08-06", {"OP1": 10, "OP2": 5}, more)
    for name in ("T1", "T3", "T4"):
        books.trip(name, _MORE_WEEK, "ISS-A", a, own, {"OP1": 270}, AUTO)
    settled(books, "2026-08-12", {"OP1": 45}, {"OP1": 810})
    # of 270 OP1 had all, and has 270 of 450. The discount was 30 (15) and is 50 (25: 15, 10)
    books.trip("T4.2", "2026-08-14T09:00:00", "ISS-A", a, own, {"OP2": 180}, MORE)
    settled(books, "2026-08-14", {"OP2": 10}, {"OP2": 180})
    at = "2026-08-20"
    books.trip("T1.2", f"{at}T09:00:00", "ISS-A", a, own, {"OP1": -270}, BACK)
    books.subsidy("W20260820", f"{at}T12:00:00", {"OP1": -15})
    books.pays("W20260820-01", f"{at}T15:00:00", a, 270)
    books.gets("W20260820-02", f"{at}T15:30:00", "ISS-A", 270)
    books.recovery("W20260820:OP1", f"{at}T16:00:00", a, "OP1", 270)
    return of_day


def settled(books: Books, at: str, subsidies: Shares, paid: Shares, iss: str = "ISS-A") -> None:
    """A window in which one issuer pays ACQ-A, which pays its operators."""
    window, fen = f"W{at.replace('-', '')}", sum(paid.values())
    if subsidies:
        books.subsidy(window, f"{at}T12:00:00", subsidies)
    books.pays(f"{window}-01", f"{at}T15:00:00", iss, fen)
    books.gets(f"{window}-02", f"{at}T15:30:00", "ACQ-A", fen)
    for number, (operator, part) in enumerate(paid.items(), start=3):
        books.payout(f"{window}-{number:02d}", f"{at}T16:00:00", "ACQ-A", operator, part)


# -- what the files share -----------------------------------------------------------------
def late_day(title: str, opens: str, closes: str, inputs: Day, expected: Day) -> Day:
    window = f"W{closes.replace('-', '')}"
    rules = config(window, f"{opens}T12:00:00", f"{closes}T12:00:00", **FARES)
    return day(title, rules, {**inputs, "issuer_words": []}, expected)


def late_expected(
    window: str,
    verdicts: str,
    paired: str,
    held: str,
    figures: tuple[str, str, str],
    book: Callable[[Books], tuple[int, Shares]],
    subsidies: Shares,
) -> Day:
    """What a day comes to. `book` says how many journals are the day's own, and the balances after
    them."""
    rows, trips, books = results(verdicts), paired_trips(paired), Books(OPENING)
    in_day, after_day = book(books)
    position, payments, floats = figures
    return {
        "results": rows,
        "paired_trips": trips,
        "counts": counts(rows, halves=_halves(rows)),
        "fees": [],
        "subsidies": subsidies,
        "journals": books.journals,
        "journals_in_day": in_day,
        "pending": pending(held),
        **positions(position, window, RESERVE),
        "hub_side": {"inc_fee": 0, "escrow_dispute": 0},
        **instructions(payments, window),
        "float_true_up": true_ups(floats),
        "balances_after_day": after_day,
        "balances_after_epilogue": books.balances(),
        "invariants": dict.fromkeys(INVARIANTS, True),
    }


def _halves(rows: list[Day]) -> int:
    """Rows of half taps: all but rides, whose names begin with R."""
    return sum(1 for row in rows if not row["record_id"].startswith("R"))
