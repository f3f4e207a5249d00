"""The inputs of worked days by hand: a small world of two cities, and rides as one line each."""

from typing import Any

from by_hand import Day

CARDS = {
    "3104200000000000001": {"issuer": "ISS-A", "alias": "C1"},
    "3104200000000000004": {"issuer": "ISS-A", "alias": "C4"},
    "3104200000000000007": {"issuer": "ISS-A", "alias": "C7"},
    "3104200000000000008": {"issuer": "ISS-A", "alias": "C8", "account": "X3"},
    "3105300000000000003": {"issuer": "ISS-B", "alias": "C3"},
    "3105300000000000005": {"issuer": "ISS-B", "alias": "C5"},
    "3105300000000000006": {"issuer": "ISS-B", "alias": "C6"},
    "3105300000000000009": {"issuer": "ISS-B", "alias": "C9"},
}
ACCOUNTS = {"X1": "ISS-A", "X3": "ISS-A", "X4": "ISS-A"}
OPENING: list[list[Any]] = [
    ["ISS-A", "bank_float", 200000],
    ["ISS-A", "liab_purse", -120000],
    ["ISS-A", "liab_acct", -80000],
    ["ISS-A", "bank_own", 50000],
    ["ISS-A", "equity", -50000],
    ["ISS-B", "bank_float", 100000],
    ["ISS-B", "liab_purse", -100000],
    ["ISS-B", "bank_own", 50000],
    ["ISS-B", "equity", -50000],
]
RESERVE = {"ISS-A": 100000, "ISS-B": 50000, "ACQ-A": 20000, "ACQ-B": 20000}
ENTITIES = ["HUB", "ISS-A", "ACQ-A", "ISS-B", "ACQ-B", "OP1", "OP2", "OP3", "GOV-A"]


def config(window: str, opens: str, closes: str, **more: Any) -> Day:
    """The rules of a day; fares of City A are 90 % at home, of City B 80 % at home and 90 % for
    visitors; half of City A's own discount is a subsidy."""
    return {
        "window_id": window,
        "window_open": opens,
        "window_cutoff": closes,
        "business_day_cutover": "03:00",
        "late_flag_days": 2,
        "late_reject_days": 10,
        "blacklist_propagation_hours": 24,
        "half_trip_self_service_days": 7,
        "max_fare_from_entry": 900,
        "fee_cross_city_ppm": 10000,
        "fee_local_ppm": 0,
        "fee_share": {"issuer": 50, "acquirer": 30, "hub": 20},
        "error_handling_fee": 10,
        "discount_ppm": {
            "A:local": 900000,
            "A:visitor": 1000000,
            "B:local": 800000,
            "B:visitor": 900000,
        },
        "subsidy_ppm_of_discount": {"A:local": 500000},
        "od_split_version": "ODV20260301",
        "od_split_ppm": {
            "S1-S9": {"OP1": 600000, "OP2": 400000},
            "S2-S8": {"OP1": 820000, "OP2": 180000},
            "S1-S5": {"OP1": 1000000},
            "BUS-B": {"OP3": 1000000},
        },
        "gross_fare": {"S1-S9": 500, "S2-S8": 400, "S1-S5": 300, "BUS-B": 200},
        "reserve": RESERVE,
        **more,
    }


def records(table: str, **more: Day) -> list[Day]:
    """Rides of ``id file medium:counter:balance acquirer leg tapped terminal:seq received paid
    tac``, all in 2026.

    A medium is the alias of a card or an account; `more` adds fields to a record by its id.
    """
    by_alias = {card["alias"]: number for number, card in CARDS.items()}
    found = []
    for line in table.strip().splitlines():
        name, file, medium, acquirer, leg, tapped, terminal, received, paid, tac = line.split()
        holder, _, purse = medium.partition(":")
        counter, _, balance = purse.partition(":")
        terminal_id, _, seq = terminal.partition(":")
        is_purse = bool(purse)
        found.append(
            {
                "record_id": name,
                "file_id": file,
                "medium": "CARD_PURSE" if is_purse else "QR_ACCOUNT",
                "card_no": by_alias.get(holder, holder) if is_purse else None,
                "account_id": None if is_purse else holder,
                "card_counter": int(counter) if is_purse else None,
                "balance_before": int(balance) if is_purse else None,
                "acquirer": acquirer,
                "city": acquirer[-1],
                "leg": leg,
                "tap_time": f"2026-{tapped}",
                "terminal_id": terminal_id,
                "terminal_seq": int(seq),
                "received_at": f"2026-{received}",
                "amount_paid": int(paid),
                "tac": None if tac == "-" else tac,
                "test_flag": 0,
                **more.get(name, {}),
            }
        )
    return found


def half_taps(table: str) -> list[Day]:
    """Half taps of ``id direction account|alias station tapped received [acquirer]``."""
    by_alias = {card["alias"]: number for number, card in CARDS.items()}
    found = []
    for line in table.strip().splitlines():
        name, direction, who, station, tapped, received, *acquirer = line.split()
        found.append(
            {
                "tap_id": name,
                "dir": direction,
                "account_id": who if who in ACCOUNTS else None,
                "card_no": by_alias.get(who),
                "station": station,
                "tap_time": f"2026-{tapped}",
                "received_at": f"2026-{received}",
                **({"acquirer": acquirer[0]} if acquirer else {}),
            }
        )
    return found


def day(title: str, rules: Day, inputs: Day, expected: Day, **more: Any) -> Day:
    """The whole file."""
    return {
        "title": title,
        "currency": "CNY",
        "unit": "fen",
        "timezone": "Asia/Shanghai",
        "note": "Worked out by hand; tests/hub/cases/README.md shows the sums.",
        "config": rules,
        "entities": ENTITIES,
        "cards": more.pop("cards", CARDS),
        "accounts": ACCOUNTS,
        "blacklist": more.pop("blacklist", {}),
        "opening": OPENING,
        "inputs": inputs,
        "expected": expected,
    }
