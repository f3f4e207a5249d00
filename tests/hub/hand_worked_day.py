"""The worked day of the clearing rules (window W20260318), written out by hand."""

from by_hand import (
    INVARIANTS,
    Books,
    Day,
    counts,
    fees,
    instructions,
    pending,
    positions,
    results,
    true_ups,
)
from hand_inputs import CARDS, OPENING, RESERVE, config, day, half_taps, records

WINDOW = "W20260318"
DAY_17, DAY_18 = "2026-03-17", "2026-03-18"

RIDES = """
R001  ACQA-1 C1:41:5000 ACQ-A S1-S9 03-17T08:21:10 G-A-0911:1001 03-18T06:00:00 450 68ED7BF6
R002  ACQA-1 X1         ACQ-A S2-S8 03-17T09:02:44 G-A-0802:1002 03-17T18:00:00 360 -
R003  ACQA-1 C3:12:8000 ACQ-A S1-S9 03-17T10:15:00 G-A-0911:1003 03-18T06:00:00 500 62538D23
R004  ACQB-1 C4:77:6000 ACQ-B BUS-B 03-17T07:40:31 V-B-2201:501  03-18T06:10:00 180 538C414F
R005  ACQB-1 X1         ACQ-B BUS-B 03-17T19:12:05 V-B-2202:502  03-18T06:10:00 180 -
R006  ACQB-1 C5:9:3000  ACQ-B BUS-B 03-17T12:00:00 V-B-2201:503  03-18T06:10:00 160 4E307A97
R007  ACQB-2 C4:77:6000 ACQ-B BUS-B 03-17T07:40:31 V-B-2201:501  03-18T08:30:00 180 538C414F
R008  ACQA-1 C6:5:4000  ACQ-A S1-S5 03-17T11:11:11 G-A-0505:1004 03-18T06:00:00 300 DEADBEEF
R009A ACQB-1 C7:30:5000 ACQ-B BUS-B 03-17T09:30:00 V-B-2203:504  03-18T06:10:00 180 3B4295A5
R009B ACQB-1 C7:31:4820 ACQ-B BUS-B 03-17T15:30:00 V-B-2203:505  03-18T06:10:00 180 02B425CA
R012  ACQA-2 C9:3:2000  ACQ-A S1-S5 03-15T20:10:00 G-A-0507:88   03-18T09:00:00 300 EB3893B5
"""
HALVES = """
H01 ENTRY X3 S1 03-17T08:01:00 03-17T18:00:00
H02 EXIT  C8 S9 03-17T08:40:00 03-17T18:00:00
H03 ENTRY X4 S1 03-17T18:05:00 03-17T20:00:00
"""
VERDICTS = """
R001  ISS-A ACQ-A 500 450 450 1 ACCEPTED 0000 - OP1=270,OP2=180
R002  ISS-A ACQ-A 400 360 360 0 ACCEPTED 0000 - OP1=295,OP2=65
R003  ISS-B ACQ-A 500 500 500 1 ACCEPTED 0000 - OP1=300,OP2=200
R004  ISS-A ACQ-B 200 180 180 1 ACCEPTED 0000 - OP3=180
R005  ISS-A ACQ-B 200 180 180 1 ACCEPTED 0000 - OP3=180
R006  ISS-B ACQ-B 200 160 160 1 ACCEPTED 0000 - OP3=160
R007  ISS-A ACQ-B 200 180 180 1 REJECTED 1002 DUP_OF:R004 -
R008  ISS-B ACQ-A 300 300 300 1 HELD     1001 - -
R009A ISS-A ACQ-B 200 180 180 1 ACCEPTED 0009 BLACKLIST_IN_GRACE:ISSUER_LIABLE OP3=180
R009B ISS-A ACQ-B 200 180 180 1 REJECTED 1009 BLACKLIST_AFTER_GRACE:ACQUIRER_LIABLE -
R012  ISS-B ACQ-A 300 300 300 3 ACCEPTED 0015 LATE+3 OP1=300
R010  ISS-A ACQ-A 500 450 450 0 ACCEPTED 0010 PAIRED_BY_ACCOUNT OP1=270,OP2=180
R011  ISS-A ACQ-A 300 270 270 0 ACCEPTED 0011 SELF_DECLARED OP1=270
"""
# base 500 + 300 = 800, of which OP1 earned 600 and OP2 200; and 3 x 180 - 180 = 360
FEES = """
ACQ-A ISS-B 800 8.00 8 4 2 2 OP1=6,OP2=2
ACQ-B ISS-A 360 3.60 4 2 1 1 OP3=4
"""
PENDING = """
R008 R008 2026-03-18T06:00:00 ISS-B ACQ-A 300 2026-03-28T12:00:00 VOIDED 0   2026-03-28T12:00:00
H03  R011 2026-03-18T03:00:00 ISS-A ACQ-A 900 2026-03-25T03:00:00 POSTED 270 2026-03-18T10:12:00
"""
# ISS-A Dr 450+360+180+180+180+450+270 = 2070, Cr 180+2; ISS-B Dr 500+160+300, Cr 4;
# ACQ-A Dr 400+6, Cr 450+360+500+300+450+270; ACQ-B Dr 180+10+3, Cr 180+180+160+180
POSITIONS = """
ISS-A 2070 182
ACQ-A 406  2330
ISS-B 960  4
ACQ-B 193  700
"""
# OP1 270+295+300+300+270+270 - 6 = 1699; OP2 180+65+200+180 - 2 = 623;
# OP3 180+180+160+180 - 180 - 4 = 516
PAYMENTS = """
1 ISS-A HUB   1888
1 ISS-B HUB   956
2 HUB   ACQ-A 1924
2 HUB   ACQ-B 507
3 ACQ-A OP1   1699
3 ACQ-A OP2   623
3 ACQ-B OP3   516
"""
# ISS-A owes 200000 + 10000 - 450-360-180-180-450-270 + 180 = 208290; its float 210000 - 1888
FLOATS = """
ISS-A 208290 208112
ISS-B 99040  99044
"""


def worked_day() -> Day:
    """The file."""
    inputs = {
        "records": records(RIDES),
        "half_taps": half_taps(HALVES),
        "declarations": [
            {"account_id": "X4", "tap_id": "H03", "exit_station": "S5", "at": f"{DAY_18}T10:12:00"}
        ],
        "refunds": [
            {
                "case_id": "ADJ-1",
                "type": "CREDIT_ADJUSTMENT",
                "original": "R900",
                "original_window": "W20260317",
                "initiator": "ACQ-B",
                "issuer": "ISS-A",
                "account_id": "X1",
                "operator": "OP3",
                "amount": 180,
                "at": f"{DAY_18}T09:40:00",
                "fault": "ACQ-B",
            }
        ],
        "disputes": [
            {
                "case_id": "DSP-1",
                "stage": "CHARGEBACK",
                "original": "R901",
                "original_window": "W20260310",
                "initiator": "ISS-B",
                "acquirer": "ACQ-A",
                "operator_shares": {"OP1": 600000, "OP2": 400000},
                "original_amount": 700,
                "disputed_amount": 400,
                "at": f"{DAY_18}T09:55:00",
                "steps": [{"kind": "ACCEPT", "at": "2026-03-30T10:00:00"}],
            }
        ],
        "topups": [
            {
                "topup_id": "T001",
                "issuer": "ISS-A",
                "account_id": "X1",
                "amount": 10000,
                "at": f"{DAY_17}T18:30:00",
            }
        ],
        "issuer_words": [{"record_id": "R008", "code": "1001"}],
    }
    lost = next(number for number, card in CARDS.items() if card["alias"] == "C7")
    blacklist = {
        lost: {
            "reported_at": "2026-03-16T10:00:00",
            "published_at": "2026-03-16T12:00:00",
            "list_version": "2026031612",
        }
    }
    rules = config(WINDOW, f"{DAY_17}T12:00:00", f"{DAY_18}T12:00:00")
    title = "Worked clearing day W20260318"
    return day(title, rules, inputs, _expected(lost), blacklist=blacklist)


def _expected(lost: str) -> Day:
    verdicts, books = results(VERDICTS), Books(OPENING)
    _book(books, lost)
    after_day, in_day = books.balances(), len(books.journals)
    at = "2026-03-30"
    shares = {"OP1": 240, "OP2": 160}
    books.won("DSP-1", f"{at}T10:00:00", "ISS-B", "ACQ-A", "liab_purse", shares)
    books.gets("W20260330-01", f"{at}T15:30:00", "ISS-B", 400)
    books.recovery("W20260330:OP1", f"{at}T16:00:00", "ACQ-A", "OP1", 240)
    books.recovery("W20260330:OP2", f"{at}T16:00:00", "ACQ-A", "OP2", 160)
    return {
        "results": verdicts,
        "paired_trips": [
            {
                "record_id": "R010",
                "account_id": "X3",
                "entry": "H01",
                "exit": "H02",
                "leg": "S1-S9",
                "media": "QR in, card out",
                "how": "PAIRED_BY_ACCOUNT",
                "at": f"{DAY_17}T18:00:00",
            },
            {
                "record_id": "R011",
                "account_id": "X4",
                "entry": "H03",
                "exit": None,
                "leg": "S1-S5",
                "media": "QR in, no exit",
                "how": "SELF_DECLARED",
                "at": f"{DAY_18}T10:12:00",
            },
        ],
        "counts": counts(verdicts, halves=2),
        "fees": fees(FEES),
        "subsidies": {"OP1": 61, "OP2": 24},
        "journals": books.journals,
        "journals_in_day": in_day,
        "pending": pending(PENDING),
        **positions(POSITIONS, WINDOW, RESERVE),
        "hub_side": {"inc_fee": -13, "escrow_dispute": -400},
        **instructions(PAYMENTS, WINDOW),
        "float_true_up": true_ups(FLOATS),
        "balances_after_day": after_day,
        "balances_after_epilogue": books.balances(),
        "invariants": dict.fromkeys(INVARIANTS, True),
    }


def _book(books: Books, lost: str) -> None:
    """The day's 27 journals."""
    a, b, cutoff = "ACQ-A", "ACQ-B", f"{DAY_18}T12:00:00"
    noon = f"{DAY_18}T06:10:00"
    books.write(
        "TOPUP",
        "T001",
        f"{DAY_17}T18:30:00",
        "ISS-A Dr bank_float 10000\nISS-A Cr liab_acct 10000",
        "INTERNAL",
    )
    frozen = "ISS-A Dr liab_purse 5000\nISS-A Cr liab_frozen 5000"
    books.write("LOSS_REPORT_FREEZE", lost, "2026-03-16T10:00:00", frozen, "INTERNAL")
    early = f"{DAY_18}T06:00:00"
    books.trip("R001", early, "ISS-A", a, "liab_purse", {"OP1": 270, "OP2": 180})
    books.trip("R002", f"{DAY_17}T18:00:00", "ISS-A", a, "liab_acct", {"OP1": 295, "OP2": 65})
    books.trip("R003", early, "ISS-B", a, "liab_purse", {"OP1": 300, "OP2": 200})
    books.trip("R004", noon, "ISS-A", b, "liab_purse", {"OP3": 180})
    books.trip("R005", noon, "ISS-A", b, "liab_acct", {"OP3": 180})
    books.trip("R006", noon, "ISS-B", b, "liab_purse", {"OP3": 160})
    books.trip("R009A", noon, "ISS-A", b, "exp_blacklist_loss", {"OP3": 180})
    books.trip("R012", f"{DAY_18}T09:00:00", "ISS-B", a, "liab_purse", {"OP1": 300})
    both, declared = "TRIP_PAIRED_BY_ACCOUNT", "TRIP_SELF_DECLARED"
    at_six, shares = f"{DAY_17}T18:00:00", {"OP1": 270, "OP2": 180}
    books.trip("R010", at_six, "ISS-A", a, "liab_acct", shares, both)
    books.trip("R011", f"{DAY_18}T10:12:00", "ISS-A", a, "liab_acct", {"OP1": 270}, declared)
    books.refund("ADJ-1", f"{DAY_18}T09:40:00", "ISS-A", b, "liab_acct", "OP3", 180)
    books.fault("ADJ-1", f"{DAY_18}T09:40:00", b, 10)
    books.chargeback("DSP-1", f"{DAY_18}T09:55:00", a, 400)
    books.fee(cutoff, "ISS-B", a, (4, 2, 2), {"OP1": 6, "OP2": 2})
    books.fee(cutoff, "ISS-A", b, (2, 1, 1), {"OP3": 4})
    # half of the discounts 50, 40, 50, 30 of R001, R002, R010, R011, split as the rides are
    subsidy = "".join(
        f"{op} Dr subsidy_receivable {fen}\n{op} Cr rev_subsidy {fen}\n"
        f"GOV-A Dr exp_subsidy {fen}\nGOV-A Cr subsidy_payable:{op} {fen}\n"
        for op, fen in (("OP1", 15 + 16 + 15 + 15), ("OP2", 10 + 4 + 10))
    )
    books.write("SUBSIDY_ACCRUAL", WINDOW, cutoff, subsidy, "MONTHLY")
    books.pays("W20260318-01", f"{DAY_18}T15:00:00", "ISS-A", 1888)
    books.pays("W20260318-02", f"{DAY_18}T15:00:00", "ISS-B", 956)
    books.gets("W20260318-03", f"{DAY_18}T15:30:00", a, 1924)
    books.gets("W20260318-04", f"{DAY_18}T15:30:00", b, 507)
    books.payout("W20260318-05", f"{DAY_18}T16:00:00", a, "OP1", 1699)
    books.payout("W20260318-06", f"{DAY_18}T16:00:00", a, "OP2", 623)
    books.payout("W20260318-07", f"{DAY_18}T16:00:00", b, "OP3", 516)
    books.true_up(f"{DAY_18}T17:00:00", "ISS-A", 178)
    books.true_up(f"{DAY_18}T17:00:00", "ISS-B", -4)
