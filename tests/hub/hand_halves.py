"""Half trips in every way they can end, and rides at the very edge of a rule (window W20260610)."""

from by_hand import (
    INVARIANTS,
    Books,
    Day,
    counts,
    fees,
    instructions,
    paired_trips,
    pending,
    positions,
    results,
    true_ups,
)
from hand_inputs import CARDS, OPENING, RESERVE, config, day, half_taps, records

WINDOW = "W20260610"
T09, T10 = "2026-06-09", "2026-06-10"

# E01 the last second of the 24 hours, E02 the first after them; E03 seven days after City B left
# the list, E04 six days; ISS-B is suspended, so what is in order of its cards is carried; E06 its
# issuer says that the account was closed
RIDES = """
E01 F1 C7:30:5000 ACQ-B BUS-B 06-09T08:59:59 V-B-1:1 06-10T06:00:00 180 0C0C0C01
E02 F1 C7:31:4820 ACQ-B BUS-B 06-09T09:00:00 V-B-1:2 06-10T06:00:00 180 0C0C0C02
E03 F1 C3:12:8000 ACQ-A S1-S9 06-09T10:00:00 G-A-1:1 06-10T06:00:00 500 0C0C0C03
E04 F1 C3:11:8500 ACQ-A S1-S9 06-08T10:00:00 G-A-1:2 06-10T06:00:00 500 0C0C0C04
E05 F1 C5:9:3000  ACQ-B BUS-B 06-09T12:00:00 V-B-1:3 06-10T06:00:00 160 0C0C0C05
E06 F1 C1:41:5000 ACQ-A S1-S5 06-09T13:00:00 G-A-1:3 06-10T06:00:00 270 0C0C0C06
"""
# X3 left at S5 and came from nowhere; X4 came back out where it went in, then went in and vanished;
# X1's exit was told only after the night
HALVES = """
D1 EXIT  C8 S5 06-09T09:00:00 06-09T13:00:00
B1 ENTRY X4 S1 06-09T10:00:00 06-09T13:00:00
B2 EXIT  X4 S1 06-09T10:15:00 06-09T13:00:00
C1 ENTRY X4 S2 06-09T18:00:00 06-09T19:00:00
A1 ENTRY X1 S1 06-09T20:00:00 06-09T21:00:00
A2 EXIT  X1 S9 06-09T21:00:00 06-10T08:00:00
"""
VERDICTS = """
E01 ISS-A ACQ-B 200 180 180 1 ACCEPTED 0009 BLACKLIST_IN_GRACE:ISSUER_LIABLE OP3=180
E02 ISS-A ACQ-B 200 180 180 1 REJECTED 1009 BLACKLIST_AFTER_GRACE:ACQUIRER_LIABLE -
E03 ISS-B ACQ-A 500 500 500 1 HELD     1017 - -
E04 ISS-B ACQ-A 500 500 500 2 CARRIED  1019 LATE+2 -
E05 ISS-B ACQ-B 200 160 160 1 CARRIED  1019 - -
E06 ISS-A ACQ-A 300 270 270 1 HELD     1003 - -
T1  ISS-A ACQ-A 300 270 270 0 ACCEPTED 0011 SELF_DECLARED OP1=270
T2  ISS-A ACQ-A 0   0   0   0 ACCEPTED 0010 SAME_STATION nothing
T3  ISS-A ACQ-A 400 360 360 0 RESERVED 0012 AUTO_COMPLETED -
T4  ISS-A ACQ-A 500 450 450 1 ACCEPTED 0010 PAIRED_BY_ACCOUNT OP1=270,OP2=180
"""
# account entry exit leg media how at
PAIRED = """
T1 X3 -  D1 S1-S5 no_entry,card_out  SELF_DECLARED     2026-06-10T09:00:00
T2 X4 B1 B2 S1-S1 QR_in,QR_out       SAME_STATION      2026-06-09T13:00:00
T3 X4 C1 -  S2-   QR_in,no_exit      AUTO_COMPLETED    2026-06-17T03:00:00
T4 X1 A1 A2 S1-S9 QR_in,QR_out       PAIRED_BY_ACCOUNT 2026-06-10T08:00:00
"""
# E01 alone: 180, exact 1.80 -> 2; shares 1.0, 0.6, 0.4 -> 1, 1, 0
FEES = """
ACQ-B ISS-A 180 1.80 2 1 1 0 OP3=2
"""
PENDING = f"""
E03 E03 {T10}T06:00:00 ISS-B ACQ-A 500 2026-06-20T12:00:00 VOIDED 0   2026-06-20T12:00:00
E06 E06 {T10}T06:00:00 ISS-A ACQ-A 270 2026-06-20T12:00:00 VOIDED 0   2026-06-20T12:00:00
D1  T1  {T10}T03:00:00 ISS-A ACQ-A 900 2026-06-17T03:00:00 POSTED 270 {T10}T09:00:00
C1  T3  {T10}T03:00:00 ISS-A ACQ-A 900 2026-06-17T03:00:00 POSTED 360 2026-06-17T03:00:00
A1  T4  {T10}T03:00:00 ISS-A ACQ-A 900 2026-06-17T03:00:00 POSTED 450 {T10}T08:00:00
"""
# ISS-A Dr 180 + 270 + 450, Cr 1; ACQ-A Cr 270 + 450; ACQ-B Dr 1, Cr 180
POSITIONS = """
ISS-A 900 1
ACQ-A 0   720
ISS-B 0   0
ACQ-B 1   180
"""
# OP1 270 + 270; OP2 180; OP3 180 - 2
PAYMENTS = """
1 ISS-A HUB   899
2 HUB   ACQ-A 720
2 HUB   ACQ-B 179
3 ACQ-A OP1   540
3 ACQ-A OP2   180
3 ACQ-B OP3   178
"""
# ISS-A owes 200000 - 270 - 450 (E01 is its own loss), its float 200000 - 899
FLOATS = """
ISS-A 199280 199101
ISS-B 100000 100000
"""


def halves() -> Day:
    """The file."""
    lost = next(number for number, card in CARDS.items() if card["alias"] == "C7")
    blacklist = {
        lost: {
            "reported_at": "2026-06-08T08:00:00",
            "published_at": "2026-06-08T09:00:00",
            "list_version": "2026060809",
        }
    }
    inputs = {
        "records": records(RIDES),
        "half_taps": half_taps(HALVES),
        "declarations": [
            {"account_id": "X3", "tap_id": "D1", "entry_station": "S1", "at": f"{T10}T09:00:00"}
        ],
        "issuer_words": [{"record_id": "E06", "code": "1003"}],
    }
    city_b = {"joined_on": "2018-01-01", "left_on": "2026-06-02", "left_version": "7"}
    opens, closes = f"{T09}T12:00:00", f"{T10}T12:00:00"
    rules = config(WINDOW, opens, closes, suspended=["ISS-B"], city_list={"B": city_b})
    title = "Half trips and edges, window W20260610"
    return day(title, rules, inputs, _expected(lost), blacklist=blacklist)


def _expected(lost: str) -> Day:
    verdicts, books = results(VERDICTS), Books(OPENING)
    _book(books, lost)
    after_day, in_day = books.balances(), len(books.journals)
    _later(books)
    return {
        "results": verdicts,
        "paired_trips": paired_trips(PAIRED),
        "counts": counts(verdicts, halves=4),
        "fees": fees(FEES),
        "subsidies": {"OP1": 15 + 15, "OP2": 10},
        "journals": books.journals,
        "journals_in_day": in_day,
        "pending": pending(PENDING),
        **positions(POSITIONS, WINDOW, RESERVE),
        "hub_side": {"inc_fee": 0, "escrow_dispute": 0},
        **instructions(PAYMENTS, WINDOW),
        "float_true_up": true_ups(FLOATS),
        "balances_after_day": after_day,
        "balances_after_epilogue": books.balances(),
        "invariants": dict.fromkeys(INVARIANTS, True),
    }


def _book(books: Books, lost: str) -> None:
    a, b = "ACQ-A", "ACQ-B"
    frozen = "ISS-A Dr liab_purse 5000\nISS-A Cr liab_frozen 5000"
    books.write("LOSS_REPORT_FREEZE", lost, "2026-06-08T08:00:00", frozen, "INTERNAL")
    books.trip("E01", f"{T10}T06:00:00", "ISS-A", b, "exp_blacklist_loss", {"OP3": 180})
    declared, both = "TRIP_SELF_DECLARED", "TRIP_PAIRED_BY_ACCOUNT"
    books.trip("T1", f"{T10}T09:00:00", "ISS-A", a, "liab_acct", {"OP1": 270}, declared)
    shares = {"OP1": 270, "OP2": 180}
    books.trip("T4", f"{T10}T08:00:00", "ISS-A", a, "liab_acct", shares, both)
    books.fee(f"{T10}T12:00:00", "ISS-A", b, (1, 1, 0), {"OP3": 2})
    books.subsidy(WINDOW, f"{T10}T12:00:00", {"OP1": 30, "OP2": 10})
    books.pays(f"{WINDOW}-01", f"{T10}T15:00:00", "ISS-A", 899)
    books.gets(f"{WINDOW}-02", f"{T10}T15:30:00", a, 720)
    books.gets(f"{WINDOW}-03", f"{T10}T15:30:00", b, 179)
    books.payout(f"{WINDOW}-04", f"{T10}T16:00:00", a, "OP1", 540)
    books.payout(f"{WINDOW}-05", f"{T10}T16:00:00", a, "OP2", 180)
    books.payout(f"{WINDOW}-06", f"{T10}T16:00:00", b, "OP3", 178)
    books.true_up(f"{T10}T17:00:00", "ISS-A", 179)


def _later(books: Books) -> None:
    """Seven days after the night nobody has said where X4 left: the median from S2 is 400, at
    home 360, and the operator of most rides from there is OP1; half of the discount of 40 is a
    subsidy."""
    at = "2026-06-17"
    kind = "TRIP_AUTO_COMPLETED"
    books.trip("T3", f"{at}T03:00:00", "ISS-A", "ACQ-A", "liab_acct", {"OP1": 360}, kind)
    books.subsidy("W20260617", f"{at}T12:00:00", {"OP1": 20})
    books.pays("W20260617-01", f"{at}T15:00:00", "ISS-A", 360)
    books.gets("W20260617-02", f"{at}T15:30:00", "ACQ-A", 360)
    books.payout("W20260617-03", f"{at}T16:00:00", "ACQ-A", "OP1", 360)
