"""The tables of a rules directory: columns with their types, and what must hold of their rows.

Conditions are SQL over one row (or a window of rows); a row for which one is true is refused.
"""

from typing import NamedTuple


class Table(NamedTuple):
    """A table: its columns with DuckDB types, what identifies a row, and faults with the condition
    under which a row has one. One that is `needed` must be there."""

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]
    faults: tuple[tuple[str, str], ...]
    needed: bool = False
    facts: tuple[tuple[str, str], ...] = ()


_DATED = {"valid_from": "DATE", "valid_until": "DATE"}
_PAIR = {"origin": "INTEGER", "destination": "INTEGER"}
_DATES = ("dates", "valid_from IS NULL OR valid_until <= valid_from")


def _number(column: str, least: int = 1) -> tuple[str, str]:
    return (column, f"{column} IS NULL OR {column} NOT BETWEEN {least} AND 500000")


_KEYED = "tac_issuer IS NOT NULL AND"
_NAME = "^[!-~]{1,64}$"


def _name(column: str) -> tuple[str, str]:
    return (column, f"{column} IS NULL OR NOT regexp_full_match({column}, '{_NAME}')")


TABLES = (
    Table(
        "members",
        {
            "number": "INTEGER", "member_id": "VARCHAR", "kind": "VARCHAR", "city": "VARCHAR",
            "name_zh": "VARCHAR", "name_en": "VARCHAR",
            "suspended_from": "DATE", "suspended_until": "DATE",
            "tac_issuer": "VARCHAR", "tac_algorithm": "INTEGER", "tac_key_version": "INTEGER",
        },
        ("number",),
        (
            _number("number"), _name("member_id"), _name("city"),
            ("kind", "kind IS NULL OR kind NOT IN ('issuer', 'acquirer')"),
            ("name", "name_zh IS NULL OR name_en IS NULL"),
            ("member_id", "count(*) OVER (PARTITION BY member_id) > 1"),
            ("tac_issuer", "NOT regexp_full_match(tac_issuer, '[0-9A-Fa-f]{16}')"),
            ("tac_algorithm", f"{_KEYED} coalesce(tac_algorithm, -1) NOT IN (0, 1, 4)"),
            ("tac_key_version", f"{_KEYED} coalesce(tac_key_version, -1) NOT BETWEEN 0 AND 255"),
        ),
        needed=True,
        facts=(("suspended", "suspended_from IS NOT NULL"),),
    ),
    Table(
        "lines",
        {"number": "INTEGER", "line": "VARCHAR", "city": "VARCHAR", "mode": "VARCHAR",
         "operator": "VARCHAR", **_DATED},
        ("number", "valid_from"),
        (_number("number"), _name("line"), _name("city"), _name("operator"), _DATES),
        needed=True,
    ),
    Table(
        "fares",
        {"city": "VARCHAR", **_DATED, "line": "INTEGER", **_PAIR,
         "fare_fen": "INTEGER", "charge_max_fen": "INTEGER"},
        ("city", "valid_from", "line", "origin", "destination"),
        (
            _name("city"), _DATES, _number("line", 0),
            _number("origin", 0), _number("destination", 0),
            ("line", "(line > 0) = (origin > 0 OR destination > 0)"),
            ("fare_fen", "fare_fen IS NULL OR fare_fen < 0"),
            ("charge_max_fen", "charge_max_fen < fare_fen"),
        ),
    ),
    Table(
        "splits",
        {"city": "VARCHAR", "version": "VARCHAR", **_DATED, "period": "VARCHAR", **_PAIR,
         "operator": "VARCHAR", "weight": "BIGINT"},
        ("city", "valid_from", "period", "origin", "destination", "operator"),
        (
            _DATES, _name("city"), _name("version"), _name("operator"),
            _number("origin", 0), _number("destination", 0),
            ("origin", "origin = 0 AND destination = 0"),
            ("weight", "weight IS NULL OR weight < 0"),
        ),
    ),
    Table(
        "periods",
        {"period": "VARCHAR", "day_type": "VARCHAR", "first": "VARCHAR", "until": "VARCHAR"},
        ("day_type", "first"),
        (
            _name("period"),
            ("day_type", "day_type IS NULL OR day_type NOT IN ('workday', 'restday')"),
            ("first", "NOT coalesce(regexp_full_match(first, '[0-2][0-9]:[0-5][0-9]'), false)"),
            ("until", "NOT coalesce(regexp_full_match(until, '[0-2][0-9]:[0-5][0-9]'), false)"),
            ("until", "until <= first"),
        ),
    ),
    Table(
        "deny",
        {"card": "BIGINT", "reported_s": "BIGINT", "published_s": "BIGINT", "version": "INTEGER",
         "named_from": "INTEGER", "is_anonymous": "BOOLEAN"},
        ("card",),
        (
            ("card", "card IS NULL OR card < 1"),
            ("reported_s", "reported_s IS NULL OR published_s IS NULL OR published_s < reported_s"),
            ("published_s", "published_s NOT BETWEEN 0 AND 4102416000 OR reported_s < 0"),
            ("version", "version IS NULL OR version < 1"),
            ("named_from", "named_from < version"),
        ),
    ),
    Table(
        "cities",
        {"city": "VARCHAR", "joined_on": "DATE", "left_on": "DATE", "left_version": "INTEGER"},
        ("city",),
        (_name("city"), ("joined_on", "joined_on IS NULL OR left_on < joined_on")),
    ),
    Table(
        "terminals",
        {"terminal": "BIGINT", "acquirer": "INTEGER", "operator": "VARCHAR", "line": "INTEGER",
         "first_on": "DATE", "last_on": "DATE"},
        ("terminal",),
        (
            ("terminal", "terminal IS NULL OR terminal < 0"),
            _number("acquirer"),
            ("line", "line NOT BETWEEN 0 AND 500000"),
        ),
        facts=(
            ("operator", "coalesce(operator, '') <> ''"), ("line", "coalesce(line, 0) <> 0"),
            ("dates", "first_on IS NOT NULL OR last_on IS NOT NULL"),
        ),
    ),
    Table(
        "bins",
        {"bin": "BIGINT", "issuer": "INTEGER", **_DATED},
        ("bin",),
        (
            _DATES, _number("issuer"), ("bin", "bin IS NULL OR bin < 1"),
            ("bin", "length(bin::VARCHAR) <> min(length(bin::VARCHAR)) OVER ()"),
        ),
        facts=(("dates", "true"),),
    ),
)  # fmt: skip
"""Every table; `<name>.csv` with a head, or `<name>.parquet` for the long ones."""

CARD_DIGITS = 19
"""Digits that a card number is filled up to before its BIN is taken."""
