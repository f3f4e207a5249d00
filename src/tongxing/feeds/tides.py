"""Taps as TIDES `fare_transactions` (version 1.0), with a table beside it for what has no field.

TIDES knows a transaction: when, where, what was taken, by which token. A tap knows more: what the
gate decided and on which lists, who issued the medium, how it is funded. Those facts stand in
`tongxing_taps.csv`, keyed by the same id, so that a package written here reads back to the very
same taps, and any TIDES tool may ignore them. docs/tides.md lists every field.
"""

import csv
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tongxing.feeds.writing import write_private
from tongxing.kernel.clock import business_date
from tongxing.messages import PurseFacts, Tap, TapRef

SPEC = "https://raw.githubusercontent.com/TIDES-transit/TIDES/v1.0/spec/"
PACKAGE = "datapackage.json"
TRANSACTIONS = "fare_transactions.csv"
TAPS = "tongxing_taps.csv"
TAPS_SCHEMA = "tongxing_taps.schema.json"

TRANSACTION_COLUMNS = (
    "transaction_id", "service_date", "event_timestamp", "amount", "currency_type", "fare_action",
    "trip_id_performed", "pattern_id", "stop_sequence", "vehicle_id", "device_id", "fare_id",
    "stop_id", "num_riders", "fare_media_id", "rider_category", "fare_product", "fare_period",
    "fare_capped", "token_id", "balance",
)  # fmt: skip
TAP_COLUMNS = (
    "transaction_id", "kind", "city", "place", "mode", "operator", "line", "medium_kind", "scheme",
    "issuer", "funding", "purse_counter", "purse_before_fen", "purse_taken_fen", "outcome",
    "reason", "tariff", "deny_list_version",
)  # fmt: skip
ACTIONS = (
    "Unknown action type", "Purchase", "Enter", "Exit", "Transfer entrance", "Transfer exit",
    "Add", "Activate", "Adjust", "Other",
)  # fmt: skip
MEDIA = (
    "Cash or coins", "Smart card or ticket", "Magnetic-stripe card or ticket", "Bank card",
    "Mobile NFC", "Optical scan",
    "Button pressed by driver or operator to indicate a boarding or alighting passenger.",
    "Other type",
)  # fmt: skip
_ACTION_OF = {"entry": "Enter", "exit": "Exit", "ride": "Enter"}
_MEDIA_OF = {"card": "Smart card or ticket", "code": "Optical scan"}
_WHOLE = {"purse_counter", "purse_before_fen", "purse_taken_fen", "deny_list_version"}


def transaction_row(tap: Tap) -> dict[str, str]:
    """A tap as a row of `fare_transactions`: every column, "" where we have nothing to say.

    The amount is what the tap itself took from a purse, in yuan; an account is charged later, by
    the trip. A refused tap is an action of kind "Other" with no rider.
    """
    opened = tap.outcome == "opened"
    purse = tap.purse
    row = dict.fromkeys(TRANSACTION_COLUMNS, "")
    row |= {
        "transaction_id": str(tap.ref),
        "service_date": business_date(tap.time_s).isoformat(),
        "event_timestamp": utc(tap.time_s),
        "amount": yuan(purse.taken_fen if purse else 0),
        "currency_type": "CNY",
        "fare_action": _ACTION_OF[tap.kind] if opened else "Other",
        "vehicle_id": tap.vehicle,
        "device_id": tap.ref.terminal_id,
        "stop_id": tap.station,
        "num_riders": "1" if opened else "0",
        "fare_media_id": _MEDIA_OF[tap.medium_kind],
        "rider_category": tap.product,
        "token_id": tap.medium_no,
        "balance": yuan(purse.balance_before_fen - purse.taken_fen) if purse else "",
    }
    return row


def tap_row(tap: Tap) -> dict[str, str]:
    """What of a tap has no field in `fare_transactions`."""
    purse = tap.purse
    return {
        "transaction_id": str(tap.ref),
        "kind": tap.kind,
        "city": tap.city,
        "place": tap.place,
        "mode": tap.mode,
        "operator": tap.operator,
        "line": tap.line,
        "medium_kind": tap.medium_kind,
        "scheme": tap.scheme,
        "issuer": tap.issuer,
        "funding": tap.funding,
        "purse_counter": str(purse.counter) if purse else "",
        "purse_before_fen": str(purse.balance_before_fen) if purse else "",
        "purse_taken_fen": str(purse.taken_fen) if purse else "",
        "outcome": tap.outcome,
        "reason": tap.reason,
        "tariff": tap.tariff,
        "deny_list_version": str(tap.deny_list_version),
    }


def write_package(
    folder: Path, taps: Iterable[Tap], title: str, done: Callable[[int], None]
) -> int:
    """Write a package of these taps into a folder, which is made; the number of taps written.

    The files carry full medium numbers, so only this user may read them. `done` is called for each
    tap. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drafts = {name: folder / f".{name}.part" for name in (TRANSACTIONS, TAPS)}
    count = 0
    try:
        for draft in drafts.values():
            draft.touch(mode=0o600)
        with (
            drafts[TRANSACTIONS].open("w", encoding="utf-8", newline="") as transactions,
            drafts[TAPS].open("w", encoding="utf-8", newline="") as beside,
        ):
            first = csv.DictWriter(transactions, TRANSACTION_COLUMNS, lineterminator="\n")
            second = csv.DictWriter(beside, TAP_COLUMNS, lineterminator="\n")
            first.writeheader()
            second.writeheader()
            for tap in taps:
                first.writerow(transaction_row(tap))
                second.writerow(tap_row(tap))
                count += 1
                done(1)
        for name, draft in drafts.items():
            draft.replace(folder / name)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
    write_private(folder / TAPS_SCHEMA, _json(_taps_schema()))
    write_private(folder / PACKAGE, _json(_package(title)))
    return count


def utc(time_s: int) -> str:
    """An instant as the tables write it: ``2026-03-17T00:10:00Z``."""
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def yuan(amount_fen: int) -> str:
    """Fen as a plain number of yuan: ``-4.50``."""
    whole, rest = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{whole}.{rest:02d}"


def make_tap(transaction: dict[str, str], beside: dict[str, str], ref: TapRef, time_s: int) -> Tap:
    """The tap of two rows whose cells have been checked. Raises msgspec.ValidationError."""
    purse = None
    if beside["purse_counter"]:
        purse = PurseFacts(
            int(beside["purse_counter"]),
            int(beside["purse_before_fen"]),
            int(beside["purse_taken_fen"]),
        )
    names = ("kind", "city", "place", "mode", "operator", "line", "medium_kind", "scheme",
             "issuer", "funding", "outcome", "reason", "tariff")  # fmt: skip
    plain = {name: beside[name] for name in names} | {
        "ref": [ref.terminal_id, ref.epoch, ref.seq],
        "time_s": time_s,
        "station": transaction["stop_id"],
        "vehicle": transaction["vehicle_id"],
        "medium_no": transaction["token_id"],
        "product": transaction["rider_category"],
        "purse": None if purse is None else msgspec.to_builtins(purse),
        "deny_list_version": int(beside["deny_list_version"]),
    }
    return msgspec.convert(plain, Tap)


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _package(title: str) -> dict[str, object]:
    source = {"title": "Tongxing", "component": "AFC", "product": "Tongxing"}
    return {
        "name": "tongxing-taps",
        "title": title,
        "profile": SPEC + "tides-datapackage-profile.json",
        "resources": [
            {
                "name": "fare_transactions",
                "tides-table": "fare_transactions",
                "path": TRANSACTIONS,
                "profile": "tabular-data-resource",
                "schema": SPEC + "fare_transactions.schema.json",
                "sources": [source],
            },
            {
                "name": "tongxing_taps",
                "path": TAPS,
                "profile": "tabular-data-resource",
                "schema": TAPS_SCHEMA,
                "sources": [source],
            },
        ],
    }


def _taps_schema() -> dict[str, object]:
    return {
        "primaryKey": "transaction_id",
        "missingValues": [""],
        "fields": [
            {"name": name, "type": "integer" if name in _WHOLE else "string"}
            for name in TAP_COLUMNS
        ],
        "foreignKeys": [
            {
                "fields": "transaction_id",
                "reference": {"resource": "fare_transactions", "fields": "transaction_id"},
            }
        ],
    }
