"""A day of forks (window W20260512): one counter of a card with two purchases in two files, and
what rejected rows tell of their cards.

Rides are of 11 May unless said otherwise, files of the 12th at 06:00.
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

WINDOW = "W20260512"
T11, T12, T15 = "2026-05-11", "2026-05-12", "2026-05-15"

# K01 is taken in the evening; K02, of another city, has its counter: both wait. K01 is proven on
# the 14th, K02 disproven. K03, K05, K07 are netted when K04, K06, K08 come with their counters:
# what they were paid goes into escrow. K03 is disproven and K05 proven on the 15th; nobody speaks
# for K07. K09 is twelve days late, but its card signed: K10, the next of the card, has 100 fen too
# few. K11 is as late and has no TAC, so K12 may have its counter. K13 is late, its card reported.
RIDES = """
K01 F1 C1:10:9000 ACQ-A S1-S5 05-11T08:00:00 G-A-1:1 05-11T20:00:00 270 0B0B0B01
K02 F2 C1:10:9000 ACQ-B BUS-B 05-11T09:00:00 V-B-1:1 05-12T06:00:00 180 0B0B0B02
K03 F3 C3:20:8000 ACQ-A S1-S5 05-11T10:00:00 G-A-1:2 05-12T06:00:00 300 0B0B0B03
K04 F5 C3:20:8000 ACQ-A S1-S5 05-11T11:00:00 G-A-1:3 05-12T18:00:00 300 0B0B0B04
K05 F2 C5:30:5000 ACQ-B BUS-B 05-11T12:00:00 V-B-1:2 05-12T06:00:00 160 0B0B0B05
K06 F6 C5:30:5000 ACQ-B BUS-B 05-11T13:00:00 V-B-1:3 05-12T19:00:00 160 0B0B0B06
K07 F2 C6:40:4000 ACQ-B BUS-B 05-11T14:00:00 V-B-1:4 05-12T06:00:00 160 0B0B0B07
K08 F7 C6:40:4000 ACQ-B BUS-B 05-11T15:00:00 V-B-1:5 05-12T19:30:00 160 0B0B0B08
K09 F3 C9:50:6000 ACQ-A S1-S5 04-30T08:00:00 G-A-1:4 05-12T06:00:00 300 0B0B0B09
K10 F4 C9:51:5600 ACQ-A S1-S5 05-11T16:00:00 G-A-1:5 05-12T07:00:00 300 0B0B0B10
K11 F3 C4:60:5000 ACQ-A S1-S5 04-30T09:00:00 G-A-1:6 05-12T06:00:00 270 -
K12 F4 C4:60:5000 ACQ-A S1-S5 05-11T17:00:00 G-A-1:7 05-12T07:00:00 270 0B0B0B12
K13 F2 C7:29:5180 ACQ-B BUS-B 05-09T09:00:00 V-B-1:6 05-12T06:00:00 180 0B0B0B13
"""
VERDICTS = """
K01 ISS-A ACQ-A 300 270 270 0  HELD     1020 - -
K02 ISS-A ACQ-B 200 180 180 1  HELD     1020 - -
K03 ISS-B ACQ-A 300 300 300 1  ACCEPTED 0000 - OP1=300
K04 ISS-B ACQ-A 300 300 300 1  HELD     1020 - -
K05 ISS-B ACQ-B 200 160 160 1  ACCEPTED 0000 - OP3=160
K06 ISS-B ACQ-B 200 160 160 1  HELD     1020 - -
K07 ISS-B ACQ-B 200 160 160 1  ACCEPTED 0000 - OP3=160
K08 ISS-B ACQ-B 200 160 160 1  HELD     1020 - -
K09 ISS-B ACQ-A 300 300 300 12 REJECTED 1005 - -
K10 ISS-B ACQ-A 300 300 300 1  HELD     1014 - -
K11 ISS-A ACQ-A 300 270 270 12 REJECTED 1005 - -
K12 ISS-A ACQ-A 300 270 270 1  ACCEPTED 0000 - OP1=270
K13 ISS-A ACQ-B 200 180 180 3  REJECTED 1009 BLACKLIST_AFTER_GRACE:ACQUIRER_LIABLE,LATE+3 -
"""
# K03: exactly 3.00; shares 1.5, 0.9, 0.6 -> whole parts 1, 0, 0, the two left to 0.9 and 0.6
FEES = """
ACQ-A ISS-B 300 3.00 3 1 1 1 OP1=3
"""
# ten days from the fork on, to noon: K01 was frozen at 06:00 of the 12th
ENDS = "2026-05-22T12:00:00"
PENDING = f"""
K01 K01 {T12}T06:00:00 ISS-A ACQ-A 270 {ENDS} POSTED 270 2026-05-14T09:00:00
K02 K02 {T12}T06:00:00 ISS-A ACQ-B 180 {ENDS} VOIDED 0 2026-05-14T09:30:00
K04 K04 {T12}T18:00:00 ISS-B ACQ-A 300 {ENDS} VOIDED 0 {ENDS}
K06 K06 {T12}T19:00:00 ISS-B ACQ-B 160 {ENDS} VOIDED 0 {ENDS}
K08 K08 {T12}T19:30:00 ISS-B ACQ-B 160 {ENDS} VOIDED 0 {ENDS}
K10 K10 {T12}T07:00:00 ISS-B ACQ-A 300 {ENDS} VOIDED 0 {ENDS}
"""
# ISS-A pays K12; ISS-B 300 + 160 + 160, Cr 1; ACQ-A Cr 300 + 270, Dr 1 + 1; ACQ-B Cr 160 + 160
POSITIONS = """
ISS-A 270 0
ACQ-A 2   570
ISS-B 620 1
ACQ-B 0   320
"""
# OP1 300 + 270 - 3
PAYMENTS = """
1 ISS-A HUB   270
1 ISS-B HUB   619
2 HUB   ACQ-A 568
2 HUB   ACQ-B 320
3 ACQ-A OP1   567
3 ACQ-B OP3   320
"""
FLOATS = """
ISS-A 199730 199730
ISS-B 99380  99381
"""


def forks() -> Day:
    """The file."""
    lost = next(number for number, card in CARDS.items() if card["alias"] == "C7")
    reported = {"reported_at": "2026-05-01T08:00:00", "published_at": "2026-05-01T09:00:00"}
    inputs = {
        "records": records(RIDES),
        "evidence": [
            {"record_id": "K01", "at": "2026-05-14T09:00:00", "proves": True},
            {"record_id": "K02", "at": "2026-05-14T09:30:00", "proves": False},
            {"record_id": "K03", "at": f"{T15}T09:00:00", "proves": False},
            {"record_id": "K05", "at": f"{T15}T09:30:00", "proves": True},
        ],
        "issuer_words": [],
    }
    rules = config(WINDOW, f"{T11}T12:00:00", f"{T12}T12:00:00")
    blacklist = {lost: {**reported, "list_version": "101", "balance": 0}}
    title = "Forks of purses, window W20260512"
    return day(title, rules, inputs, _expected(), blacklist=blacklist)


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
        "subsidies": {"OP1": 15},
        "journals": books.journals,
        "journals_in_day": in_day,
        "pending": pending(PENDING),
        **positions(POSITIONS, WINDOW, RESERVE),
        "hub_side": {"inc_fee": -1, "escrow_dispute": 0},
        **instructions(PAYMENTS, WINDOW),
        "float_true_up": true_ups(FLOATS),
        "balances_after_day": after_day,
        "balances_after_epilogue": books.balances(),
        "invariants": dict.fromkeys(INVARIANTS, True),
    }


SUBSIDY = """
OP1 Dr subsidy_receivable 15
OP1 Cr rev_subsidy 15
GOV-A Dr exp_subsidy 15
GOV-A Cr subsidy_payable:OP1 15
"""


def _book(books: Books) -> None:
    a, b, early = "ACQ-A", "ACQ-B", f"{T12}T06:00:00"
    books.trip("K03", early, "ISS-B", a, "liab_purse", {"OP1": 300})
    books.trip("K05", early, "ISS-B", b, "liab_purse", {"OP3": 160})
    books.trip("K07", early, "ISS-B", b, "liab_purse", {"OP3": 160})
    books.trip("K12", f"{T12}T07:00:00", "ISS-A", a, "liab_purse", {"OP1": 270})
    books.fee(f"{T12}T12:00:00", "ISS-B", a, (1, 1, 1), {"OP1": 3})
    books.write("SUBSIDY_ACCRUAL", WINDOW, f"{T12}T12:00:00", SUBSIDY, "MONTHLY")
    books.pays(f"{WINDOW}-01", f"{T12}T15:00:00", "ISS-A", 270)
    books.pays(f"{WINDOW}-02", f"{T12}T15:00:00", "ISS-B", 619)
    books.gets(f"{WINDOW}-03", f"{T12}T15:30:00", a, 568)
    books.gets(f"{WINDOW}-04", f"{T12}T15:30:00", b, 320)
    books.payout(f"{WINDOW}-05", f"{T12}T16:00:00", a, "OP1", 567)
    books.payout(f"{WINDOW}-06", f"{T12}T16:00:00", b, "OP3", 320)
    books.true_up(f"{T12}T17:00:00", "ISS-B", -1)


def _later(books: Books) -> None:
    """W20260513: 300 and 160 + 160 into escrow. W20260514: K01, half of its discount of 30 is a
    subsidy. W20260515, a Friday: 300 of escrow to ISS-B, which OP1 gives back, 160 to ACQ-B.
    W20260523: the days of K07 are over at noon of Friday the 22nd; a Saturday's window is paid on
    Monday."""
    a, b = "ACQ-A", "ACQ-B"
    books.chargeback("FORK-K03", f"{T12}T18:00:00", a, 300)
    books.chargeback("FORK-K05", f"{T12}T19:00:00", b, 160)
    books.chargeback("FORK-K07", f"{T12}T19:30:00", b, 160)
    books.pays("W20260513-01", "2026-05-13T15:00:00", a, 300)
    books.pays("W20260513-02", "2026-05-13T15:00:00", b, 320)
    at = "2026-05-14"
    books.trip("K01", f"{at}T09:00:00", "ISS-A", a, "liab_purse", {"OP1": 270})
    books.write("SUBSIDY_ACCRUAL", "W20260514", f"{at}T12:00:00", SUBSIDY, "MONTHLY")
    books.pays("W20260514-01", f"{at}T15:00:00", "ISS-A", 270)
    books.gets("W20260514-02", f"{at}T15:30:00", a, 270)
    books.payout("W20260514-03", f"{at}T16:00:00", a, "OP1", 270)
    books.won("FORK-K03", f"{T15}T09:00:00", "ISS-B", a, "liab_purse", {"OP1": 300})
    books.lost("FORK-K05", f"{T15}T09:30:00", b, 160)
    books.gets("W20260515-01", f"{T15}T15:30:00", b, 160)
    books.gets("W20260515-02", f"{T15}T15:30:00", "ISS-B", 300)
    books.recovery("W20260515:OP1", f"{T15}T16:00:00", a, "OP1", 300)
    books.won("FORK-K07", ENDS, "ISS-B", b, "liab_purse", {"OP3": 160})
    monday = "2026-05-25"
    books.gets("W20260523-01", f"{monday}T15:30:00", "ISS-B", 160)
    books.recovery("W20260523:OP3", f"{monday}T16:00:00", b, "OP3", 160)
