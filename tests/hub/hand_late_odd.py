"""Late half taps that contradict what is known (W20260909); fares as in ``hand_late.py``.

B stayed longer than a ride lasts. C left before it came. D's exit is another city's. E's late tap
comes between two that were one ride, and F's entry comes long after its exit was paid for.
"""

from by_hand import Books, Day, Shares
from hand_inputs import half_taps
from hand_late import AUTO, BACK, BOTH, late_day, late_expected, settled

WINDOW, NIGHT, WEEK = "W20260909", "2026-09-09T03:00:00", "2026-09-16T03:00:00"
HALVES = """
B1 ENTRY X3 S1 09-08T08:00:00 09-08T19:00:00 ACQ-A
B2 EXIT  X3 S3 09-08T12:00:01 09-21T09:00:00 ACQ-A
E1 ENTRY X4 S1 09-08T08:01:00 09-08T19:00:00 ACQ-A
E2 EXIT  X4 S3 09-08T08:30:00 09-14T09:00:00 ACQ-A
E3 EXIT  X4 S9 09-08T10:00:00 09-08T19:00:00 ACQ-A
F1 ENTRY X1 S8 09-08T08:02:00 09-21T09:00:00 ACQ-A
F2 EXIT  X1 S9 09-08T09:02:00 09-08T19:00:00 ACQ-A
C1 EXIT  X4 S3 09-08T17:50:00 09-17T09:00:00 ACQ-A
C2 ENTRY X4 S1 09-08T18:00:00 09-08T19:00:00 ACQ-A
D1 ENTRY X1 S1 09-08T20:00:00 09-08T21:00:00 ACQ-A
D2 EXIT  X1 N2 09-08T20:30:00 09-21T09:00:00 ACQ-B
"""
# From S9 go 200, 300 and 500: the median is 300, at home 270, and most of its rides are OP2's. From
# S3 goes one of 200, at home 180; OP1 and OP2 have as much of it, and OP1 stands first.
# From N2 goes one of 200, for visitors 180.
VERDICTS = """
T1   ISS-A ACQ-A 300 270 270 0  RESERVED 0012 AUTO_COMPLETED -
B2   ISS-A ACQ-A 200 180 180 13 REJECTED 1005 - -
T2   ISS-A ACQ-A 500 450 450 0  ACCEPTED 0010 PAIRED_BY_ACCOUNT OP1=270,OP2=180
T2.2 ISS-A ACQ-A 200 180 180 6  ACCEPTED 0010 PAIRED_BY_ACCOUNT,LATE+6 OP1=-180,OP2=-90
T3   ISS-A ACQ-A 300 270 270 0  RESERVED 0012 AUTO_COMPLETED -
T3.2 ISS-A ACQ-A 200 180 180 13 ACCEPTED 0010 PAIRED_BY_ACCOUNT,LATE+13 OP2=-90
E3   ISS-A ACQ-A 300 270 270 6  RESERVED 0012 AUTO_COMPLETED,LATE+6 -
C1   ISS-A ACQ-A 200 180 180 9  RESERVED 0012 AUTO_COMPLETED,LATE+9 -
T4   ISS-A ACQ-A 300 270 270 0  RESERVED 0012 AUTO_COMPLETED -
T5   ISS-A ACQ-A 300 270 270 0  RESERVED 0012 AUTO_COMPLETED -
D2   ISS-A ACQ-B 200 180 180 13 REJECTED 1005 - -
"""
PAIRED = f"""
T1   X3 B1 -  S1-   QR_in,no_exit   AUTO_COMPLETED    {WEEK}
B2   X3 -  B2 -S3   no_entry,QR_out REFUSED           2026-09-21T09:00:00
T2   X4 E1 E3 S1-S9 QR_in,QR_out    PAIRED_BY_ACCOUNT 2026-09-08T19:00:00
T2.2 X4 E1 E2 S1-S3 QR_in,QR_out    PAIRED_BY_ACCOUNT 2026-09-14T09:00:00
T3   X1 -  F2 -S9   no_entry,QR_out AUTO_COMPLETED    {WEEK}
T3.2 X1 F1 F2 S8-S9 QR_in,QR_out    PAIRED_BY_ACCOUNT 2026-09-21T09:00:00
E3   X4 -  E3 -S9   no_entry,QR_out AUTO_COMPLETED    2026-09-21T09:00:00
C1   X4 -  C1 -S3   no_entry,QR_out AUTO_COMPLETED    2026-09-24T09:00:00
T4   X4 C2 -  S1-   QR_in,no_exit   AUTO_COMPLETED    {WEEK}
T5   X1 D1 -  S1-   QR_in,no_exit   AUTO_COMPLETED    {WEEK}
D2   X1 -  D2 -N2   no_entry,QR_out REFUSED           2026-09-21T09:00:00
"""
PENDING = f"""
B1 T1 {NIGHT} ISS-A ACQ-A 900 {WEEK} POSTED 270 {WEEK}
F2 T3 {NIGHT} ISS-A ACQ-A 900 {WEEK} POSTED 270 {WEEK}
E3 E3 2026-09-14T09:00:00 ISS-A ACQ-A 900 2026-09-21T09:00:00 POSTED 270 2026-09-21T09:00:00
C1 C1 2026-09-17T09:00:00 ISS-A ACQ-A 900 2026-09-24T09:00:00 POSTED 180 2026-09-24T09:00:00
C2 T4 {NIGHT} ISS-A ACQ-A 900 {WEEK} POSTED 270 {WEEK}
D1 T5 {NIGHT} ISS-A ACQ-A 900 {WEEK} POSTED 270 {WEEK}
"""
FIGURES = (
    "ISS-A 450 0\nACQ-A 0 450\nISS-B 0 0\nACQ-B 0 0",
    "1 ISS-A HUB 450\n2 HUB ACQ-A 450\n3 ACQ-A OP1 270\n3 ACQ-A OP2 180",
    "ISS-A 199550 199550\nISS-B 100000 100000",
)


def late_odd() -> Day:
    """The file."""
    inputs = {"records": [], "half_taps": half_taps(HALVES)}
    # E's ride at home: the discount of 50 gives 25, 15 to OP1
    subsidies = {"OP1": 15, "OP2": 10}
    expected = late_expected(WINDOW, VERDICTS, PAIRED, PENDING, FIGURES, _book, subsidies)
    return late_day("Odd late taps, window W20260909", "2026-09-08", "2026-09-09", inputs, expected)


def _book(books: Books) -> tuple[int, Shares]:
    a, own = "ACQ-A", "liab_acct"
    whole = {"OP1": 270, "OP2": 180}
    books.trip("T2", "2026-09-08T19:00:00", "ISS-A", a, own, whole, BOTH)
    settled(books, "2026-09-09", {"OP1": 15, "OP2": 10}, whole)
    of_day = len(books.journals), books.balances()

    # E's ride ended at S3 after all: 180, 90 each, and a subsidy of 10, 5 each
    at = "2026-09-14"
    books.trip("T2.2", f"{at}T09:00:00", "ISS-A", a, own, {"OP1": -180, "OP2": -90}, BACK)
    books.subsidy("W20260914", f"{at}T12:00:00", {"OP1": -10, "OP2": -5})
    books.pays("W20260914-01", f"{at}T15:00:00", a, 270)
    books.gets("W20260914-02", f"{at}T15:30:00", "ISS-A", 270)
    books.recovery("W20260914:OP1", f"{at}T16:00:00", a, "OP1", 180)
    books.recovery("W20260914:OP2", f"{at}T16:00:00", a, "OP2", 90)

    for name, operator in (("T1", "OP1"), ("T3", "OP2"), ("T4", "OP1"), ("T5", "OP1")):
        books.trip(name, WEEK, "ISS-A", a, own, {operator: 270}, AUTO)
    settled(books, "2026-09-16", {"OP1": 45, "OP2": 15}, {"OP1": 810, "OP2": 270})

    # F: 270 - 180, all OP2's, whose subsidy falls from 15 to 10; E3 left alone costs 270 (15), so
    # OP2 has 270 - 90 and 15 - 5, and ISS-A pays 180
    at = "2026-09-21"
    books.trip("T3.2", f"{at}T09:00:00", "ISS-A", a, own, {"OP2": -90}, BACK)
    books.trip("E3", f"{at}T09:00:00", "ISS-A", a, own, {"OP2": 270}, AUTO)
    settled(books, at, {"OP2": 10}, {"OP2": 180})
    books.trip("C1", "2026-09-24T09:00:00", "ISS-A", a, own, {"OP1": 180}, AUTO)
    settled(books, "2026-09-24", {"OP1": 10}, {"OP1": 180})
    return of_day
