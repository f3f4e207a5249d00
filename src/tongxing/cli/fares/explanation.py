"""What `tongxing fares explain` says: a trip, its price line by line, its history, its audit.

With ``--json`` one object: ``city``; ``trip`` (the row of the books, its number masked); ``names``
(in ``zh`` and ``en``: city, mode, line, from, to, product, issuer, how); ``taps``; ``lines`` (the
receipt: kind, rule, amount_fen, sum_fen, zh, en, counter, since, until, confidence, sources,
values); ``tariff`` (its name, whether this very version is ``held`` here, and the one ``in_force``
here for that time); ``changes`` (every revision: why, delta_fen, its taps, file and verdict);
``audit`` (null without ``--audit``: result, since, taps, state_before (null if not known), and
lines and facts, each with result, stored and again). A line's result is "moved" when the price is
the same and only the counter or leg before it is not what it was when the trip was booked. Amounts
are fen, times seconds since 1970 UTC.
"""

from dataclasses import asdict, dataclass

import msgspec

from tongxing.city.explaining import Change, FactCheck, LineCheck, Repriced
from tongxing.city.views import TapSeen, TripSeen
from tongxing.cli.common import Words, print_table, say, settings
from tongxing.console.words import Words as Names
from tongxing.fares import FareState, PriceLine
from tongxing.fares.receipt import ReceiptLine
from tongxing.hub.verdicts import code_table
from tongxing.kernel.clock import stamp
from tongxing.kernel.ids import masked
from tongxing.kernel.money import yuan
from tongxing.kernel.texts import LANGUAGES

WORDS = Words("fares")
_HIDDEN = ("medium",)
_MONEY = ("lines", "records", "fare", "charge")
_TIMES = ("entered", "exited")


@dataclass(frozen=True, slots=True)
class Audit:
    """The trip priced again. `result`: "same", "different", or "not_held" (no such tariff here)."""

    result: str
    again: Repriced
    lines: tuple[LineCheck, ...]
    facts: tuple[FactCheck, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """A trip with everything that is told of it. `in_force` is the tariff held here for then."""

    city: str
    trip: TripSeen
    lines: tuple[ReceiptLine, ...]
    changes: tuple[Change, ...]
    held: bool
    in_force: str
    audit: Audit | None


def print_explained(found: Explained) -> None:
    """Tell it all to a person, in the language of the call."""
    names = Names(settings().language)
    _print_trip(found, names)
    _print_lines(found, names)
    _print_rules(found)
    _print_changes(found, names)
    _print_money(found, names)
    if found.audit is not None:
        _print_audit(found, found.audit, names)


def as_json(found: Explained) -> dict[str, object]:
    """The same as plain values; the shape stands at the head of this module."""
    row = asdict(found.trip.row)
    return {
        "city": found.city,
        "trip": {**row, "medium_no": masked(found.trip.row.medium_no)},
        "names": {language: _names(found, Names(language)) for language in LANGUAGES},
        "taps": [_tap(tap) for tap in found.trip.taps],
        "lines": found.lines,
        "tariff": {
            "name": found.trip.row.tariff,
            "held": found.held,
            "in_force": found.in_force,
        },
        "changes": [_change(change) for change in found.changes],
        "audit": None if found.audit is None else _audit(found.audit),
    }


def _names(found: Explained, names: Names) -> dict[str, str]:
    row, named = found.trip.row, names.names
    return {
        "city": named.city(found.city),
        "mode": named.mode(row.mode),
        "line": named.line(found.city, row.line),
        "from": named.station(found.city, row.origin),
        "to": named.station(found.city, row.destination),
        "product": named.coded("product", row.product),
        "medium": named.coded("medium", row.medium_kind),
        "funding": named.coded("funding", row.funding),
        "issuer": named.city(row.issuer),
        "how": named.coded("how", row.how),
    }


def _tap(seen: TapSeen) -> dict[str, object]:
    tap = seen.tap
    return {
        "tap": str(tap.ref),
        "time_s": tap.time_s,
        "kind": tap.kind,
        "line": tap.line,
        "station": tap.station,
        "medium_no": masked(tap.medium_no),
        "tariff": tap.tariff,
        "taken_fen": None if tap.purse is None else tap.purse.taken_fen,
        "received_s": seen.received_s,
        "revisions": seen.revisions,
    }


def _change(change: Change) -> dict[str, object]:
    seen = change.seen
    record = seen.record
    return {
        "record_id": record.record_id,
        "revision": record.revision,
        "booked_on": seen.booked_on,
        "how": record.how,
        "fare_fen": record.fare_fen,
        "charge_fen": record.charge_fen,
        "delta_fen": record.delta_fen,
        "tariff": record.tariff,
        "why": change.why,
        "taps_came": [_tap(tap) for tap in change.came],
        "taps_gone": [str(ref) for ref in change.gone],
        "file": seen.file,
        "verdict": seen.verdict,
    }


def _audit(audit: Audit) -> dict[str, object]:
    before = audit.again.before
    return {
        "result": audit.result,
        "since": audit.again.since,
        "taps": audit.again.taps,
        "state_before": None if before is None else _state_json(before),
        "lines": [
            {"result": check.result, "stored": check.stored, "again": check.again}
            for check in audit.lines
        ],
        "facts": [
            {
                "name": check.name,
                "result": check.result,
                "stored": _shown(check.name, check.stored),
                "again": _shown(check.name, check.again),
            }
            for check in audit.facts
        ],
    }


def _state_json(state: FareState) -> dict[str, object]:
    return {
        "counters": [msgspec.structs.asdict(one) for one in state.counters],
        "anchor": None if state.anchor is None else msgspec.structs.asdict(state.anchor),
        "packs": [msgspec.structs.asdict(one) for one in state.packs],
    }


def _shown(name: str, value: int | str) -> int | str:
    return masked(str(value)) if name in _HIDDEN else value


def _print_trip(found: Explained, words: Names) -> None:
    row, names = found.trip.row, _names(found, words)
    say(WORDS("explain.which", trip=row.trip_id, city=names["city"], day=row.business_date))
    ends = [name or words.text("trip.unknown_end") for name in (names["from"], names["to"])]
    if row.how == "single_tap" and not row.destination:
        ends = [name for name in (names["line"], names["from"]) if name]
    when = stamp(row.entered_s)
    if row.exited_s != row.entered_s:
        when += f" – {stamp(row.exited_s)}"
    say(" · ".join([" → ".join(ends), names["mode"], when, names["how"]]))
    say(WORDS("explain.medium", **{**names, "number": masked(row.medium_no)}))
    if row.remark:
        say(WORDS("explain.remark", remark=words.names.reason(row.remark)))
    print_table(
        WORDS("explain.taps"),
        [WORDS(f"explain.column.{key}") for key in ("time", "what", "where", "tap", "received")],
        [
            [
                stamp(seen.tap.time_s),
                words.text(f"tapkind.{seen.tap.kind}"),
                words.names.station(found.city, seen.tap.station)
                or words.names.line(found.city, seen.tap.line),
                str(seen.tap.ref),
                stamp(seen.received_s),
            ]
            for seen in found.trip.taps
        ],
    )


def _print_lines(found: Explained, words: Names) -> None:
    row, language = found.trip.row, settings().language
    if not found.lines:
        say(WORDS("explain.void" if row.how == "void" else "explain.no_price"))
    else:
        columns = [WORDS("column.amount"), WORDS("explain.column.sum"), WORDS("column.why")]
        print_table(
            WORDS("explain.price"),
            columns,
            [
                [
                    yuan(line.amount_fen) if line.amount_fen else "",
                    yuan(line.sum_fen),
                    line.zh if language == "zh" else line.en,
                ]
                for line in found.lines
            ],
            right=(0, 1),
        )
    say(WORDS("price.charge", charge=yuan(row.charge_fen), fare=yuan(row.fare_fen)))
    if row.tariff:
        key = "held" if found.held else "not_held"
        say(WORDS(f"explain.tariff_{key}", tariff=row.tariff, in_force=found.in_force or "–"))


def _print_rules(found: Explained) -> None:
    language = settings().language
    rules = {line.rule: line for line in found.lines if line.confidence}
    if not rules:
        return
    print_table(
        WORDS("explain.rules"),
        [WORDS(f"column.{key}") for key in ("rule", "from", "until", "sure", "source")],
        [
            [
                line.rule,
                line.since,
                line.until or "…",
                WORDS(f"confidence.{line.confidence}"),
                "; ".join(source.name(language) for source in line.sources),
            ]
            for line in rules.values()
        ],
    )


def _print_changes(found: Explained, words: Names) -> None:
    keys = ("revision", "booked", "how", "charge", "change", "reason")
    print_table(
        WORDS("explain.history"),
        [WORDS(f"explain.column.{key}") for key in keys],
        [
            [
                change.seen.record.revision,
                change.seen.booked_on,
                words.names.coded("how", change.seen.record.how),
                yuan(change.seen.record.charge_fen),
                yuan(change.seen.record.delta_fen),
                _reasons_of(change),
            ]
            for change in found.changes
        ],
        right=(0, 3, 4),
    )


def _reasons_of(change: Change) -> str:
    told = [WORDS(f"explain.why.{why}") for why in change.why]
    told += [
        WORDS("explain.came", tap=str(seen.tap.ref), when=stamp(seen.received_s))
        for seen in change.came
        if change.why != ("first",)
    ]
    told += [WORDS("explain.gone", tap=str(ref)) for ref in change.gone]
    return "; ".join(told)


def _print_money(found: Explained, words: Names) -> None:
    keys = ("record", "file", "window", "verdict", "bearer")
    print_table(
        WORDS("explain.money"),
        [WORDS(f"explain.column.{key}") for key in keys],
        [_money_row(change, words) for change in found.changes],
    )


def _money_row(change: Change, words: Names) -> list[str]:
    seen, verdict = change.seen, change.seen.verdict
    if seen.file is None:
        return [seen.record.record_id, WORDS("explain.unsent"), "", "", ""]
    place = f"{seen.file.file_id} ({stamp(seen.file.created_s)})"
    if verdict is None:
        return [seen.record.record_id, place, "", WORDS("explain.unjudged"), ""]
    known = code_table().get(verdict.code)
    text = "" if known is None else known.zh if settings().language == "zh" else known.en
    return [
        seen.record.record_id,
        place,
        seen.file.window_id or "",
        f"{verdict.code} {text}".strip(),
        words.names.coded("bearer", verdict.bearer),
    ]


def _print_audit(found: Explained, audit: Audit, words: Names) -> None:
    again = audit.again
    say()
    since = again.since or WORDS("explain.first_tap")
    say(WORDS("explain.rechecked", taps=again.taps, since=since, tariff=found.trip.row.tariff))
    if again.before is not None:
        say(WORDS("explain.before", state=_state(again.before, found, words)))
    columns = [WORDS(f"explain.column.{key}") for key in ("result", "what", "stored", "again")]
    rows = [
        _check(one.result, WORDS("explain.line"), _line(one.stored), _line(one.again))
        for one in audit.lines
    ]
    rows += [
        _check(
            one.result,
            WORDS(f"explain.fact.{one.name}"),
            _value(one.name, one.stored),
            _value(one.name, one.again),
        )
        for one in audit.facts
    ]
    print_table(WORDS("explain.checks"), columns, rows)
    results = [one.result for one in audit.lines] + [one.result for one in audit.facts]
    if "moved" in results:
        say(WORDS("explain.moved_text", moved=results.count("moved")))
    differing = results.count("different")
    key = f"explain.result.{audit.result}"
    say(WORDS(key, count=len(rows), differing=differing, in_force=found.in_force or "–"))


def _check(result: str, what: str, stored: str, again: str) -> list[str]:
    """A row of the audit; what came out again is spelled out only where it differs."""
    return [WORDS(f"explain.check.{result}"), what, stored, "=" if result == "same" else again]


def _line(line: PriceLine | None) -> str:
    if line is None:
        return "–"
    values = ", ".join(f"{key}={value}" for key, value in sorted(line.values.items()))
    return f"{line.kind} {line.rule} {yuan(line.amount_fen)} [{values}]"


def _value(name: str, value: int | str) -> str:
    if name in _MONEY:
        return yuan(int(value))
    if name in _TIMES:
        return stamp(int(value))
    return str(_shown(name, value)) or "–"


def _state(state: FareState, found: Explained, words: Names) -> str:
    told = [
        WORDS(
            "explain.counter",
            name=one.name,
            period=one.month,
            paid=yuan(one.paid_fen),
            rides=one.rides,
        )
        for one in state.counters
    ]
    if state.anchor is not None:
        told.append(
            WORDS(
                "explain.anchor",
                first=words.names.line(found.city, state.anchor.line)
                or words.names.mode(state.anchor.mode),
                when=stamp(state.anchor.entered_s),
                fare=yuan(state.anchor.nominal_fen),
            )
        )
    told += [
        WORDS("explain.pack", name=one.name, left=one.rides_left, until=stamp(one.until_s))
        for one in state.packs
    ]
    return "; ".join(told) or WORDS("explain.nothing_before")
