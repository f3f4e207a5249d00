"""Late exits that come in the day's own window (W20261118), for rides that an earlier window
settled; fares as in ``hand_late.py``.

Rides of the third of November were completed on the eleventh: 270 at home, 360 away. What they
moved then is in the opening books; the true exits cost 180 each.
"""

from by_hand import (
    INVARIANTS,
    Books,
    Day,
    counts,
    fees,
    instructions,
    paired_trips,
    positions,
    results,
    true_ups,
)
from hand_inputs import OPENING, RESERVE, half_taps, records
from hand_late import BACK, late_day

WINDOW, AT = "W20261118", "2026-11-18"
RIDES = """
R01 F1 C1:41:5000 ACQ-A S1-S5 11-17T13:00:00 G-A-1:1 11-18T06:00:00 270 0E0E0E01
R02 F2 C4:12:5000 ACQ-B N1-N4 11-17T13:00:00 V-B-1:1 11-18T06:00:00 540 0E0E0E02
"""
HALVES = """
B1 ENTRY X3 N1 11-03T08:00:00 11-03T19:00:00 ACQ-B
B2 EXIT  C8 N2 11-03T08:30:00 11-18T09:00:00 ACQ-B
A1 ENTRY X1 S1 11-03T18:00:00 11-03T19:00:00 ACQ-A
A2 EXIT  X1 S3 11-03T18:40:00 11-18T09:00:00 ACQ-A
"""
VERDICTS = """
R01  ISS-A ACQ-A 300 270 270 1  ACCEPTED 0000 - OP1=270
R02  ISS-A ACQ-B 600 540 540 1  ACCEPTED 0000 - OP3=540
B1.2 ISS-A ACQ-B 200 180 180 15 ACCEPTED 0010 PAIRED_BY_ACCOUNT,LATE+15 OP3=-180
A1.2 ISS-A ACQ-A 200 180 180 15 ACCEPTED 0010 PAIRED_BY_ACCOUNT,LATE+15 OP1=-180,OP2=90
"""
PAIRED = f"""
B1.2 X3 B1 B2 N1-N2 QR_in,card_out PAIRED_BY_ACCOUNT {AT}T09:00:00
A1.2 X1 A1 A2 S1-S3 QR_in,QR_out   PAIRED_BY_ACCOUNT {AT}T09:00:00
"""
# 540 less 180: exact 3.60 -> 4; shares 2.0, 1.2, 0.8 -> 2, 1, 1
FEES = """
ACQ-B ISS-A 360 3.60 4 2 1 1 OP3=4
"""
# ISS-A Dr 270 + 540, Cr back 90 + 180 + fee 2; ACQ-A Dr back 90, Cr 270; ACQ-B Dr back 180 + fee 3,
# Cr 540
POSITIONS = """
ISS-A 810 272
ACQ-A 90  270
ISS-B 0   0
ACQ-B 183 540
"""
# OP1 270 - 180; OP2 90; OP3 540 - 180 - 4
PAYMENTS = """
1 ISS-A HUB   538
2 HUB   ACQ-A 180
2 HUB   ACQ-B 357
3 ACQ-A OP1   90
3 ACQ-A OP2   90
3 ACQ-B OP3   356
"""
# ISS-A owes 200000 - 270 - 540 + 90 + 180, its float 200000 - 538
FLOATS = """
ISS-A 199460 199462
ISS-B 100000 100000
"""


def late_in_day() -> Day:
    """The file."""
    inputs = {"records": records(RIDES), "half_taps": half_taps(HALVES)}
    rows, books = results(VERDICTS), Books(OPENING)
    _book(books)
    expected = {
        "results": rows,
        "paired_trips": paired_trips(PAIRED),
        "counts": counts(rows, halves=2),
        "fees": fees(FEES),
        "subsidies": {"OP1": 15 - 10, "OP2": 5},
        "journals": books.journals,
        "journals_in_day": len(books.journals),
        "pending": [],
        **positions(POSITIONS, WINDOW, RESERVE),
        "hub_side": {"inc_fee": -1, "escrow_dispute": 0},
        **instructions(PAYMENTS, WINDOW),
        "float_true_up": true_ups(FLOATS),
        "balances_after_day": books.balances(),
        "balances_after_epilogue": books.balances(),
        "invariants": dict.fromkeys(INVARIANTS, True),
    }
    return late_day("Late exits in the day, window W20261118", "2026-11-17", AT, inputs, expected)


def _book(books: Books) -> None:
    a, b, own = "ACQ-A", "ACQ-B", "liab_acct"
    books.trip("R01", f"{AT}T06:00:00", "ISS-A", a, "liab_purse", {"OP1": 270})
    books.trip("R02", f"{AT}T06:00:00", "ISS-A", b, "liab_purse", {"OP3": 540})
    books.trip("B1.2", f"{AT}T09:00:00", "ISS-A", b, own, {"OP3": -180}, BACK)
    books.trip("A1.2", f"{AT}T09:00:00", "ISS-A", a, own, {"OP1": -180, "OP2": 90}, BACK)
    books.fee(f"{AT}T12:00:00", "ISS-A", b, (2, 1, 1), {"OP3": 4})
    books.subsidy(WINDOW, f"{AT}T12:00:00", {"OP1": 5, "OP2": 5})
    books.pays(f"{WINDOW}-01", f"{AT}T15:00:00", "ISS-A", 538)
    books.gets(f"{WINDOW}-02", f"{AT}T15:30:00", a, 180)
    books.gets(f"{WINDOW}-03", f"{AT}T15:30:00", b, 357)
    books.payout(f"{WINDOW}-04", f"{AT}T16:00:00", a, "OP1", 90)
    books.payout(f"{WINDOW}-05", f"{AT}T16:00:00", a, "OP2", 90)
    books.payout(f"{WINDOW}-06", f"{AT}T16:00:00", b, "OP3", 356)
    books.true_up(f"{AT}T17:00:00", "ISS-A", -2)
