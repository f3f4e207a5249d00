"""A day of odd records (window W20260421): every verdict that a single record can lead to, once.

All of it happens on 20 April unless said otherwise; files arrive on the 21st at 06:00.
"""

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
from hand_inputs import CARDS, OPENING, RESERVE, config, day, records

WINDOW = "W20260421"
T20, T21 = "2026-04-20", "2026-04-21"

# O01 in order. O02 ten days late, the last that is taken; O03 eleven days. O04 a wrong amount,
# proven on the 24th; O05 a wrong amount, proven too late. O06 a trial. O07 a card of ISS-A's
# numbers that ISS-A does not know. O08 and O09 one counter, two contents. O10 before O11: 40 fen
# are gone. O12 expired, O13 closed. O14 a terminal out of use. O15 a ride of tomorrow. O16 under
# an older list, O17 under a list that should have named it, O18 a card without a name, O19 before
# the report, O20 late and in grace at once. O21 no TAC. O22 an account nobody knows.
RIDES = """
O01 F1 C1:50:9000 ACQ-A S1-S9 04-20T08:00:00 G-A-1:1  04-21T06:00:00 450 0A0A0A01
O02 F2 C1:20:9900 ACQ-A S1-S5 04-11T08:00:00 G-A-1:2  04-21T06:00:00 270 0A0A0A02
O03 F2 C1:10:9990 ACQ-A S1-S5 04-10T08:00:00 G-A-1:3  04-21T06:00:00 270 0A0A0A03
O04 F1 C3:70:8000 ACQ-A S1-S9 04-20T09:00:00 G-A-1:4  04-21T06:00:00 450 0A0A0A04
O05 F1 C3:71:7000 ACQ-A S1-S5 04-20T10:00:00 G-A-1:5  04-21T06:00:00 310 0A0A0A05
O06 F1 C4:80:5000 ACQ-A S1-S5 04-20T10:30:00 G-A-1:6  04-21T06:00:00 270 0A0A0A06
O07 F1 3104200000000009999:1:5000 ACQ-A S1-S5 04-20T11:00:00 G-A-1:7 04-21T06:00:00 270 0A0A0A07
O08 F1 C5:90:5000 ACQ-B BUS-B 04-20T11:10:00 V-B-1:1  04-21T06:10:00 160 0A0A0A08
O09 F1 C5:90:4000 ACQ-B BUS-B 04-20T12:10:00 V-B-1:2  04-21T06:10:00 160 0A0A0A09
O10 F3 C6:40:4000 ACQ-B BUS-B 04-20T13:00:00 V-B-1:3  04-21T06:05:00 160 0A0A0A10
O11 F4 C6:41:3800 ACQ-B BUS-B 04-20T14:00:00 V-B-1:4  04-21T06:15:00 160 0A0A0A11
O12 F1 E1:5:3000  ACQ-A S1-S5 04-20T15:00:00 G-A-1:8  04-21T06:00:00 270 0A0A0A12
O13 F1 E2:5:3000  ACQ-A S1-S5 04-20T15:10:00 G-A-1:9  04-21T06:00:00 270 0A0A0A13
O14 F1 C1:52:8000 ACQ-A S1-S5 04-20T15:20:00 G-A-9:1  04-21T06:00:00 270 0A0A0A14
O15 F1 C1:60:7000 ACQ-A S1-S5 04-21T08:00:00 G-A-1:10 04-21T06:00:00 270 0A0A0A15
O16 F1 C7:30:5000 ACQ-B BUS-B 04-20T15:30:00 V-B-1:5  04-21T06:10:00 180 0A0A0A16
O17 F1 C7:29:5180 ACQ-B BUS-B 04-20T14:30:00 V-B-1:6  04-21T06:10:00 180 0A0A0A17
O18 F1 N1:7:2000  ACQ-B BUS-B 04-20T15:40:00 V-B-1:7  04-21T06:10:00 180 0A0A0A18
O19 F2 C7:27:5540 ACQ-B BUS-B 04-19T07:00:00 V-B-1:8  04-20T12:30:00 180 0A0A0A19
O20 F5 C7:28:5360 ACQ-B BUS-B 04-19T09:00:00 V-B-1:9  04-21T06:20:00 180 0A0A0A20
O21 F1 C9:3:2000  ACQ-A S1-S5 04-20T16:00:00 G-A-1:11 04-21T06:00:00 300 -
O22 F1 X9         ACQ-A S1-S5 04-20T16:10:00 G-A-1:12 04-21T06:00:00 270 -
"""
VERDICTS = """
O01 ISS-A ACQ-A 500 450 450 1  ACCEPTED 0000 - OP1=270,OP2=180
O02 ISS-A ACQ-A 300 270 270 10 ACCEPTED 0015 LATE+10 OP1=270
O03 ISS-A ACQ-A 300 270 270 11 REJECTED 1005 - -
O04 ISS-B ACQ-A 500 500 450 1  HELD     1007 - -
O05 ISS-B ACQ-A 300 300 310 1  HELD     1007 - -
O06 ISS-A ACQ-A 300 270 270 1  REJECTED 1013 - -
O07 ISS-A ACQ-A 300 270 270 1  HELD     1008 - -
O08 ISS-B ACQ-B 200 160 160 1  HELD     1020 - -
O09 ISS-B ACQ-B 200 160 160 1  HELD     1020 - -
O10 ISS-B ACQ-B 200 160 160 1  ACCEPTED 0000 - OP3=160
O11 ISS-B ACQ-B 200 160 160 1  HELD     1014 - -
O12 ISS-A ACQ-A 300 270 270 1  REJECTED 1010 - -
O13 ISS-A ACQ-A 300 270 270 1  HELD     1003 - -
O14 ISS-A ACQ-A 300 270 270 1  HELD     1012 - -
O15 ISS-A ACQ-A 300 270 270 0  HELD     1016 - -
O16 ISS-A ACQ-B 200 180 180 1  REJECTED 1009 BLACKLIST_AFTER_GRACE:ACQUIRER_LIABLE -
O17 ISS-A ACQ-B 200 180 180 1  ACCEPTED 0009 BLACKLIST_LIST_WRONG:ISSUER_LIABLE OP3=180
O18 ISS-A ACQ-B 200 180 180 1  ACCEPTED 0000 - OP3=180
O19 ISS-A ACQ-B 200 180 180 1  ACCEPTED 0000 - OP3=180
O20 ISS-A ACQ-B 200 180 180 2  ACCEPTED 0009 BLACKLIST_IN_GRACE:ISSUER_LIABLE,LATE+2 OP3=180
O21 ISS-B ACQ-A 300 300 300 1  HELD     1001 - -
O22 UNKNOWN ACQ-A 300 300 270 1 REJECTED 1006 - -
"""
# O17, O18, O19, O20: 4 x 180 = 720, exact 7.20 -> 7; shares 3.5, 2.1, 1.4 -> the odd fen to 3.5
FEES = """
ACQ-B ISS-A 720 7.20 7 4 2 1 OP3=7
"""
ENDS = "2026-05-01T12:00:00"
PENDING = f"""
O04 O04 {T21}T06:00:00 ISS-B ACQ-A 450 {ENDS} POSTED 450 2026-04-24T09:00:00
O05 O05 {T21}T06:00:00 ISS-B ACQ-A 310 {ENDS} VOIDED 0 {ENDS}
O07 O07 {T21}T06:00:00 ISS-A ACQ-A 270 {ENDS} VOIDED 0 {ENDS}
O08 O08 {T21}T06:10:00 ISS-B ACQ-B 160 {ENDS} VOIDED 0 {ENDS}
O09 O09 {T21}T06:10:00 ISS-B ACQ-B 160 {ENDS} VOIDED 0 {ENDS}
O11 O11 {T21}T06:15:00 ISS-B ACQ-B 160 {ENDS} VOIDED 0 2026-04-23T10:00:00
O13 O13 {T21}T06:00:00 ISS-A ACQ-A 270 {ENDS} VOIDED 0 {ENDS}
O14 O14 {T21}T06:00:00 ISS-A ACQ-A 270 {ENDS} VOIDED 0 {ENDS}
O15 O15 {T21}T06:00:00 ISS-A ACQ-A 270 {ENDS} VOIDED 0 {ENDS}
O21 O21 {T21}T06:00:00 ISS-B ACQ-A 300 {ENDS} VOIDED 0 {ENDS}
"""
# ISS-A Dr 450 + 270 + 720 = 1440, Cr 4; ACQ-A Cr 450 + 270; ISS-B Dr 160;
# ACQ-B Dr 4 + 1, Cr 720 + 160
POSITIONS = """
ISS-A 1440 4
ACQ-A 0    720
ISS-B 160  0
ACQ-B 5    880
"""
TRIALS = """
ISS-A 270 0
ACQ-A 0   270
"""
# OP1 270 + 270 = 540; OP2 180; OP3 720 + 160 - 7 = 873
PAYMENTS = """
1 ISS-A HUB   1436
1 ISS-B HUB   160
2 HUB   ACQ-A 720
2 HUB   ACQ-B 875
3 ACQ-A OP1   540
3 ACQ-A OP2   180
3 ACQ-B OP3   873
"""
# ISS-A owes 200000 - 450 - 270 - 180 (O18) - 180 (O19), O17 and O20 are its own loss; float - 1436
FLOATS = """
ISS-A 198920 198564
ISS-B 99840  99840
"""


def odd_records() -> Day:
    """The file."""
    more = {
        "E1": {"issuer": "ISS-A", "alias": "E1", "expires_on": "2026-04-19"},
        "E2": {"issuer": "ISS-A", "alias": "E2", "closed_at": "2026-04-20T15:10:00"},
        "N1": {"issuer": "ISS-A", "alias": "N1", "is_anonymous": True},
    }
    lost = next(number for number, card in CARDS.items() if card["alias"] == "C7")
    reported = {"reported_at": "2026-04-19T08:00:00", "published_at": "2026-04-19T09:00:00"}
    blacklist = {
        # the issuer meant the card to be on list 101; it was named from list 103 on
        lost: {**reported, "list_version": "101", "named_from": "103", "balance": 5360},
        "N1": {**reported, "list_version": "101", "balance": 2000},
    }
    inputs = {
        "records": records(
            RIDES,
            O06={"test_flag": 1},
            O16={"list_ver_black": "100"},
            O17={"list_ver_black": "102"},
        ),
        "evidence": [
            {"record_id": "O04", "at": "2026-04-24T09:00:00", "proves": True},
            {"record_id": "O11", "at": "2026-04-23T10:00:00", "proves": False},
            {"record_id": "O05", "at": "2026-05-01T12:00:00", "proves": True},
        ],
        "issuer_words": [],
    }
    terminals = {
        "G-A-1": {"acquirer": "ACQ-A"},
        "G-A-9": {"acquirer": "ACQ-A", "last_on": "2026-04-19"},
        "V-B-1": {"acquirer": "ACQ-B", "first_on": "2026-04-01"},
    }
    opens = f"{T20}T12:00:00"
    rules = config(WINDOW, opens, f"{T21}T12:00:00", terminals=terminals)
    title = "Odd records, window W20260421"
    cards = {**CARDS, **more}
    return day(title, rules, inputs, _expected(lost), blacklist=blacklist, cards=cards)


def _expected(lost: str) -> Day:
    verdicts, books = results(VERDICTS), Books(OPENING)
    _book(books, lost)
    after_day, in_day = books.balances(), len(books.journals)
    _later(books)
    return {
        "results": verdicts,
        "paired_trips": [],
        "counts": counts(verdicts),
        "fees": fees(FEES),
        "subsidies": {"OP1": 15 + 15, "OP2": 10},
        "journals": books.journals,
        "journals_in_day": in_day,
        "pending": pending(PENDING),
        **positions(POSITIONS, WINDOW, RESERVE, TRIALS),
        "hub_side": {"inc_fee": -1, "escrow_dispute": 0},
        **instructions(PAYMENTS, WINDOW),
        "float_true_up": true_ups(FLOATS),
        "balances_after_day": after_day,
        "balances_after_epilogue": books.balances(),
        "invariants": dict.fromkeys(INVARIANTS, True),
    }


def _book(books: Books, lost: str) -> None:
    a, b, early, noon = "ACQ-A", "ACQ-B", f"{T21}T06:00:00", f"{T21}T06:10:00"
    frozen = "ISS-A Dr liab_purse 5360\nISS-A Cr liab_frozen 5360"
    books.write("LOSS_REPORT_FREEZE", lost, "2026-04-19T08:00:00", frozen, "INTERNAL")
    books.trip("O01", early, "ISS-A", a, "liab_purse", {"OP1": 270, "OP2": 180})
    books.trip("O02", early, "ISS-A", a, "liab_purse", {"OP1": 270})
    books.trip("O10", f"{T21}T06:05:00", "ISS-B", b, "liab_purse", {"OP3": 160})
    books.trip("O17", noon, "ISS-A", b, "exp_blacklist_loss", {"OP3": 180})
    books.trip("O18", noon, "ISS-A", b, "liab_purse", {"OP3": 180})
    books.trip("O19", "2026-04-20T12:30:00", "ISS-A", b, "liab_purse", {"OP3": 180})
    books.trip("O20", f"{T21}T06:20:00", "ISS-A", b, "exp_blacklist_loss", {"OP3": 180})
    cutoff = f"{T21}T12:00:00"
    books.fee(cutoff, "ISS-A", b, (4, 2, 1), {"OP3": 7})
    subsidy = "".join(
        f"{op} Dr subsidy_receivable {fen}\n{op} Cr rev_subsidy {fen}\n"
        f"GOV-A Dr exp_subsidy {fen}\nGOV-A Cr subsidy_payable:{op} {fen}\n"
        for op, fen in (("OP1", 30), ("OP2", 10))
    )
    books.write("SUBSIDY_ACCRUAL", WINDOW, cutoff, subsidy, "MONTHLY")
    books.pays(f"{WINDOW}-01", f"{T21}T15:00:00", "ISS-A", 1436)
    books.pays(f"{WINDOW}-02", f"{T21}T15:00:00", "ISS-B", 160)
    books.gets(f"{WINDOW}-03", f"{T21}T15:30:00", a, 720)
    books.gets(f"{WINDOW}-04", f"{T21}T15:30:00", b, 875)
    books.payout(f"{WINDOW}-05", f"{T21}T16:00:00", a, "OP1", 540)
    books.payout(f"{WINDOW}-06", f"{T21}T16:00:00", a, "OP2", 180)
    books.payout(f"{WINDOW}-07", f"{T21}T16:00:00", b, "OP3", 873)
    books.true_up(f"{T21}T17:00:00", "ISS-A", 356)


def _later(books: Books) -> None:
    """O04 is proven on Friday 24 April at 09:00: 450 = 270 + 180; fee 4.50 -> 4 (half to even),
    shared 2.0, 1.2, 0.8 -> 2, 1, 1; borne 2.4 and 1.6 -> 2 and 2."""
    a, at, cutoff = "ACQ-A", "2026-04-24", "2026-04-24T12:00:00"
    books.trip("O04", f"{at}T09:00:00", "ISS-B", a, "liab_purse", {"OP1": 270, "OP2": 180})
    books.fee(cutoff, "ISS-B", a, (2, 1, 1), {"OP1": 2, "OP2": 2})
    books.pays("W20260424-01", f"{at}T15:00:00", "ISS-B", 450 - 2)
    books.gets("W20260424-02", f"{at}T15:30:00", a, 450 - 3)
    books.payout("W20260424-03", f"{at}T16:00:00", a, "OP1", 268)
    books.payout("W20260424-04", f"{at}T16:00:00", a, "OP2", 178)
    books.true_up(f"{at}T17:00:00", "ISS-B", -2)
