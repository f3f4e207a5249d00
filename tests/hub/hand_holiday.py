"""A window that closes in a holiday (W20261002): refunds, fees below zero, and three disputes.

Banks rest from 1 to 7 October 2026, so both windows of it are paid on the 8th, each for itself.
"""

from typing import Any

from by_hand import INVARIANTS, Books, Day, counts, fees, instructions, positions, results, true_ups
from hand_inputs import OPENING, RESERVE, config, day, records

WINDOW = "W20261002"
AT, BANK_DAY = "2026-10-02", "2026-10-08"

# H05 arrives at 12:00:00, when the window is closed: the next one pays it.
RIDES = """
H01 F1 C3:12:8000 ACQ-A S1-S9 10-01T09:00:00 G-A-1:1 10-02T06:00:00 500 0B0B0B01
H02 F1 C9:3:2000  ACQ-A S1-S5 10-01T09:10:00 G-A-1:2 10-02T06:00:00 300 0B0B0B02
H03 F1 C4:77:6000 ACQ-B BUS-B 10-01T09:20:00 V-B-1:1 10-02T06:10:00 180 0B0B0B03
H04 F1 C1:41:5000 ACQ-A S2-S8 10-01T09:30:00 G-A-1:3 10-02T06:00:00 360 0B0B0B04
H05 F2 C5:9:3000  ACQ-B BUS-B 10-02T11:00:00 V-B-1:2 10-02T12:00:00 160 0B0B0B05
"""
VERDICTS = """
H01 ISS-B ACQ-A 500 500 500 1 ACCEPTED 0000 - OP1=300,OP2=200
H02 ISS-B ACQ-A 300 300 300 1 ACCEPTED 0000 - OP1=300
H03 ISS-A ACQ-B 200 180 180 1 ACCEPTED 0000 - OP3=180
H04 ISS-A ACQ-A 400 360 360 1 ACCEPTED 0000 - OP1=295,OP2=65
H05 ISS-B ACQ-B 200 160 160 0 ACCEPTED 0000 - OP3=160
"""
# 500 + 300 - 500 = 300: 3.00; shares 1.5, 0.9, 0.6, of which the two fen left over go to 0.9 and
#   0.6 -> 1, 1, 1; earned in the base OP1 600 - 500 = 100, OP2 200 -> 1 and 2
# 180 - 300 = -120: exact -1.20, so 1 goes back; shares -0.5, -0.3, -0.2 -> -1, 0, 0
FEES = """
ACQ-A ISS-B 300  3.00  3  1  1 1 OP1=1,OP2=2
ACQ-B ISS-A -120 -1.20 -1 -1 0 0 OP3=-1
"""
# ISS-A Dr 180 + 360 + fault 10 + fee given back 1, Cr refund 300
# ACQ-A Dr refund 500 + fee 2 + fault 10 + escrow 400 + 201, Cr 800 + 360
# ISS-B Dr 800, Cr refund 500 + fee 1;  ACQ-B Dr refund 300 + escrow 300, Cr 180 + fee given back 1
POSITIONS = """
ISS-A 551  300
ACQ-A 1113 1160
ISS-B 800  501
ACQ-B 600  181
"""
# 251 - 47 + 299 + 419 = 922 = fault fees 20 + fee 1 + escrow 901
# OP1 300 + 300 + 295 - 500 - 1 = 394; OP2 200 + 65 - 2 = 263; OP3 180 - 300 + 1 = -119: it pays
PAYMENTS = """
1 ACQ-B HUB   419
1 ISS-A HUB   251
1 ISS-B HUB   299
2 HUB   ACQ-A 47
3 ACQ-A OP1   394
3 ACQ-A OP2   263
"""
# ISS-A owes 200000 - 180 - 360 + 300; ISS-B 100000 - 800 + 500
FLOATS = """
ISS-A 199760 199749
ISS-B 99700  99701
"""


def _refund(case: str, issuer: str, acquirer: str, operator: str, amount: int, fault: str) -> Day:
    return {
        "case_id": case,
        "type": "CREDIT_ADJUSTMENT",
        "original": "H-old",
        "original_window": "W20260930",
        "initiator": acquirer,
        "issuer": issuer,
        "card_no": "3104200000000000004",
        "operator": operator,
        "amount": amount,
        "at": f"{AT}T09:00:00",
        "fault": fault,
    }


def _dispute(
    case: str,
    parties: tuple[str, str],
    shares: dict[str, int],
    amount: int,
    at: str,
    steps: list[Day],
) -> Day:
    return {
        "case_id": case,
        "stage": "CHARGEBACK",
        "original": "H-old",
        "original_window": "W20260915",
        "initiator": parties[0],
        "acquirer": parties[1],
        "operator_shares": shares,
        "original_amount": 700,
        "disputed_amount": amount,
        "at": f"{AT}T{at}",
        "steps": steps,
    }


def holiday() -> Day:
    """The file."""
    halves, whole = {"OP1": 500000, "OP2": 500000}, {"OP3": 1000000}
    inputs: dict[str, Any] = {
        "records": records(RIDES),
        "refunds": [
            _refund("ADJ-1", "ISS-B", "ACQ-A", "OP1", 500, "ACQ-A"),
            _refund("ADJ-2", "ISS-A", "ACQ-B", "OP3", 300, "ISS-A"),
        ],
        "disputes": [
            _dispute(
                "DSP-1",
                ("ISS-B", "ACQ-A"),
                {"OP1": 600000, "OP2": 400000},
                400,
                "09:00:00",
                [
                    {"kind": "REPRESENT", "at": "2026-10-10T09:00:00"},
                    {"kind": "DROP", "at": "2026-10-15T09:00:00"},
                ],
            ),
            _dispute(
                "DSP-2",
                ("ISS-A", "ACQ-B"),
                whole,
                300,
                "10:00:00",
                [
                    {"kind": "REPRESENT", "at": "2026-10-12T09:00:00"},
                    {"kind": "ACCEPT", "at": "2026-10-13T09:00:00"},  # no longer its turn
                    {"kind": "ARBITRATE", "at": "2026-10-16T09:00:00"},
                    {"kind": "RULING", "at": "2026-10-28T10:00:00", "to_issuer": 101},
                ],
            ),
            # nobody answers until 2 + 15 = 17 October, 12:00; a word at that moment is too late
            _dispute(
                "DSP-3",
                ("ISS-B", "ACQ-A"),
                halves,
                201,
                "09:30:00",
                [{"kind": "REPRESENT", "at": "2026-10-17T12:00:00"}],
            ),
        ],
        "issuer_words": [],
    }
    rules = config(WINDOW, "2026-10-01T12:00:00", f"{AT}T12:00:00")
    return day("A window in a holiday, W20261002", rules, inputs, _expected())


def _expected() -> Day:
    verdicts, books = results(VERDICTS), Books(OPENING)
    _book(books)
    after_day, in_day = books.balances(), len(books.journals)
    _later(books)
    return {
        "results": verdicts,
        "paired_trips": [],
        "counts": counts(verdicts),
        "fees": fees(FEES),
        "subsidies": {"OP1": 16, "OP2": 4},
        "journals": books.journals,
        "journals_in_day": in_day,
        "pending": [],
        **positions(POSITIONS, WINDOW, RESERVE),
        "hub_side": {"inc_fee": -21, "escrow_dispute": -901},
        **instructions(PAYMENTS, WINDOW),
        "float_true_up": true_ups(FLOATS),
        "balances_after_day": after_day,
        "balances_after_epilogue": books.balances(),
        "invariants": dict.fromkeys(INVARIANTS, True),
    }


def _book(books: Books) -> None:
    a, b, early, cutoff = "ACQ-A", "ACQ-B", f"{AT}T06:00:00", f"{AT}T12:00:00"
    books.trip("H01", early, "ISS-B", a, "liab_purse", {"OP1": 300, "OP2": 200})
    books.trip("H02", early, "ISS-B", a, "liab_purse", {"OP1": 300})
    books.trip("H03", f"{AT}T06:10:00", "ISS-A", b, "liab_purse", {"OP3": 180})
    books.trip("H04", early, "ISS-A", a, "liab_purse", {"OP1": 295, "OP2": 65})
    books.refund("ADJ-1", f"{AT}T09:00:00", "ISS-B", a, "liab_purse", "OP1", 500)
    books.fault("ADJ-1", f"{AT}T09:00:00", a, 10)
    books.refund("ADJ-2", f"{AT}T09:00:00", "ISS-A", b, "liab_purse", "OP3", 300)
    books.fault("ADJ-2", f"{AT}T09:00:00", "ISS-A", 10)
    books.chargeback("DSP-1", f"{AT}T09:00:00", a, 400)
    books.chargeback("DSP-2", f"{AT}T10:00:00", b, 300)
    books.chargeback("DSP-3", f"{AT}T09:30:00", a, 201)
    books.fee(cutoff, "ISS-B", a, (1, 1, 1), {"OP1": 1, "OP2": 2})
    fee_back = """
        OP3   Cr exp_fee 1
        OP3   Dr due_acq 1
        ACQ-B Cr due_op:OP3 1
        ACQ-B Dr due_hub 1
        HUB   Cr pos:ACQ-B 1
        HUB   Dr pos:ISS-A 1
        ISS-A Cr due_hub 1
        ISS-A Dr inc_fee 1
    """
    books.write("CLEARING_FEE", "ACQ-B<-ISS-A", cutoff, fee_back)
    subsidy = "".join(
        f"{op} Dr subsidy_receivable {fen}\n{op} Cr rev_subsidy {fen}\n"
        f"GOV-A Dr exp_subsidy {fen}\nGOV-A Cr subsidy_payable:{op} {fen}\n"
        for op, fen in (("OP1", 16), ("OP2", 4))
    )
    books.write("SUBSIDY_ACCRUAL", WINDOW, cutoff, subsidy, "MONTHLY")
    at = f"{BANK_DAY}T15:00:00"
    books.pays(f"{WINDOW}-01", at, b, 419)
    books.pays(f"{WINDOW}-02", at, "ISS-A", 251)
    books.pays(f"{WINDOW}-03", at, "ISS-B", 299)
    books.gets(f"{WINDOW}-04", f"{BANK_DAY}T15:30:00", a, 47)
    at = f"{BANK_DAY}T16:00:00"
    books.payout(f"{WINDOW}-05", at, a, "OP1", 394)
    books.payout(f"{WINDOW}-06", at, a, "OP2", 263)
    books.recovery(f"{WINDOW}:OP3", at, b, "OP3", 119)
    books.true_up(f"{BANK_DAY}T17:00:00", "ISS-A", 11)
    books.true_up(f"{BANK_DAY}T17:00:00", "ISS-B", -1)


def _later(books: Books) -> None:
    a, b = "ACQ-A", "ACQ-B"
    books.trip("H05", f"{AT}T12:00:00", "ISS-B", b, "liab_purse", {"OP3": 160})
    books.pays("W20261003-01", f"{BANK_DAY}T15:00:00", "ISS-B", 160)
    books.gets("W20261003-02", f"{BANK_DAY}T15:30:00", b, 160)
    books.payout("W20261003-03", f"{BANK_DAY}T16:00:00", b, "OP3", 160)
    books.lost("DSP-1", "2026-10-15T09:00:00", a, 400)
    books.gets("W20261015-01", "2026-10-15T15:30:00", a, 400)
    # Saturday the 17th at 12:00 is in the window that closes on Sunday; Monday is a bank day
    halves = {"OP1": 101, "OP2": 100}  # 100.5 each, the odd fen to the first by name
    books.won("DSP-3", "2026-10-17T12:00:00", "ISS-B", a, "liab_purse", halves)
    books.gets("W20261018-01", "2026-10-19T15:30:00", "ISS-B", 201)
    books.recovery("W20261018:OP1", "2026-10-19T16:00:00", a, "OP1", 101)
    books.recovery("W20261018:OP2", "2026-10-19T16:00:00", a, "OP2", 100)
    at = "2026-10-28"
    books.won("DSP-2", f"{at}T10:00:00", "ISS-A", b, "liab_purse", {"OP3": 101})
    books.lost("DSP-2", f"{at}T10:00:00", b, 199)
    books.gets("W20261028-01", f"{at}T15:30:00", b, 199)
    books.gets("W20261028-02", f"{at}T15:30:00", "ISS-A", 101)
    books.recovery("W20261028:OP3", f"{at}T16:00:00", b, "OP3", 101)
