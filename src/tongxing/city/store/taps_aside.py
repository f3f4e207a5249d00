"""Taps that move no money, and what people decided about them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from tongxing.city.store.cursor import Cursor
from tongxing.city.trip import order_key
from tongxing.kernel.clock import business_date
from tongxing.messages import Tap, TapRef
from tongxing.messages.envelope import encode

Kind = Literal["take_in", "give_up", "undo"]

_TAPS = msgspec.json.Decoder(Tap)
_COLUMNS = "terminal_id, epoch, seq, rider_id, set_aside, received_s, site, body, put_right"
_LAST = (
    "SELECT kind FROM tap_decision AS d WHERE (d.terminal_id, d.epoch, d.seq) ="
    " (tap.terminal_id, tap.epoch, tap.seq) AND confirmed_s IS NOT NULL"
    " ORDER BY decision_no DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class TapAside:
    """A tap that moves no money, or did not once: what the gate told, whose it is, why it lies
    aside ("" once it was taken in), when it came from where, and what counts instead of it."""

    tap: Tap
    rider_id: str
    why: str
    received_s: int
    site: str
    put_right: Tap | None = None

    @property
    def counting(self) -> Tap:
        """The tap as it counts: put right, or as it was told."""
        return self.tap if self.put_right is None else self.put_right


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person asked about a tap, and who confirmed it (None while nobody has). `was` is
    the reason for which it lay aside, `put_right` what shall count instead of what was told."""

    number: int
    ref: TapRef
    kind: Kind
    was: str
    put_right: Tap | None
    why: str
    asked_by: str
    asked_s: int
    confirmed_by: str | None = None
    confirmed_s: int | None = None


def aside(cursor: Cursor, limit: int, *, given_up: bool = False) -> list[TapAside]:
    """The taps that were set aside and wait for somebody, or those given up: the last to arrive
    first."""
    rows = cursor.execute(
        f"SELECT {_COLUMNS} FROM tap WHERE set_aside <> ''"
        f" AND (coalesce(({_LAST}), '') = 'give_up') = %s"
        " ORDER BY received_s DESC, terminal_id, epoch, seq LIMIT %s",
        (given_up, limit),
    )
    return [_seen(row) for row in rows]


def find(cursor: Cursor, ref: TapRef) -> TapAside | None:
    """One tap, locked, whether it lies aside or not; None where there is none."""
    row = cursor.execute(
        f"SELECT {_COLUMNS} FROM tap WHERE (terminal_id, epoch, seq) = (%s, %s, %s) FOR UPDATE",
        _identity(ref),
    ).fetchone()
    return None if row is None else _seen(row)


def with_reason(cursor: Cursor, why: str, after: TapAside | None, limit: int) -> list[TapAside]:
    """The taps set aside for one reason, in the order in which they arrived, after one of them."""
    key = (-1, "", 0, 0) if after is None else (after.received_s, *_identity(after.tap.ref))
    rows = cursor.execute(
        f"SELECT {_COLUMNS} FROM tap WHERE set_aside = %s"
        " AND (received_s, terminal_id, epoch, seq) > (%s, %s, %s, %s)"
        " ORDER BY received_s, terminal_id, epoch, seq LIMIT %s",
        (why, *key, limit),
    )
    return [_seen(row) for row in rows]


def write_reasons(cursor: Cursor, reasons: Iterable[tuple[TapRef, str]]) -> None:
    """Say anew why taps lie aside; "" for those that count from now on."""
    cursor.executemany(
        "UPDATE tap SET set_aside = %s WHERE (terminal_id, epoch, seq) = (%s, %s, %s)",
        [(why, *_identity(ref)) for ref, why in reasons],
    )


def write_counting(cursor: Cursor, tap: TapAside, put_right: Tap | None, why: str) -> None:
    """Let something else count than what was told, or (None) that again; `why` is the reason for
    which the tap lies aside, "" when it counts."""
    counts = tap.tap if put_right is None else put_right
    cursor.execute(
        "UPDATE tap SET put_right = %s, set_aside = %s, order_key = %s, time_s = %s,"
        " business_date = %s, station = %s WHERE (terminal_id, epoch, seq) = (%s, %s, %s)",
        (
            None if put_right is None else encode(put_right).decode(),
            why,
            order_key(counts),
            counts.time_s,
            business_date(counts.time_s),
            counts.station,
            *_identity(tap.tap.ref),
        ),
    )


def add_decision(cursor: Cursor, asked: Decision) -> Decision:
    """Keep what was asked about a tap: the same with its number."""
    row = cursor.execute(
        "INSERT INTO tap_decision (terminal_id, epoch, seq, kind, was, put_right, why, asked_by,"
        " asked_s) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING decision_no",
        (
            *_identity(asked.ref),
            asked.kind,
            asked.was,
            None if asked.put_right is None else encode(asked.put_right).decode(),
            asked.why,
            asked.asked_by,
            asked.asked_s,
        ),
    ).fetchone()
    assert row is not None
    return replace(asked, number=int(row[0]))


def confirm(cursor: Cursor, number: int, by: str, now_s: int) -> None:
    """A second person has confirmed."""
    cursor.execute(
        "UPDATE tap_decision SET confirmed_by = %s, confirmed_s = %s WHERE decision_no = %s",
        (by, now_s, number),
    )


def find_decision(cursor: Cursor, number: int) -> Decision | None:
    """One decision, by its number."""
    found = _decisions(cursor, "decision_no = %s", (number,))
    return found[0] if found else None


def decisions_of(cursor: Cursor, ref: TapRef) -> list[Decision]:
    """All that was asked about one tap, oldest first."""
    return _decisions(cursor, "(terminal_id, epoch, seq) = (%s, %s, %s)", _identity(ref))


def unconfirmed(cursor: Cursor, since_s: int) -> list[Decision]:
    """What was asked since then and waits for its second person, oldest first."""
    return _decisions(cursor, "confirmed_s IS NULL AND asked_s > %s", (since_s,))


def _decisions(cursor: Cursor, which: str, values: Sequence[object]) -> list[Decision]:
    rows = cursor.execute(
        "SELECT decision_no, terminal_id, epoch, seq, kind, was, put_right, why, asked_by, asked_s,"
        f" confirmed_by, confirmed_s FROM tap_decision WHERE {which} ORDER BY decision_no",
        values,
    )
    return [
        Decision(
            int(number),
            TapRef(str(terminal), int(epoch), int(seq)),
            kind,
            str(was),
            None if put_right is None else _TAPS.decode(put_right),
            *rest,
        )
        for number, terminal, epoch, seq, kind, was, put_right, *rest in rows
    ]


def _seen(row: Sequence[object]) -> TapAside:
    _terminal, _epoch, _seq, rider_id, why, received_s, site, body, put_right = row
    return TapAside(
        _TAPS.decode(str(body)),
        str(rider_id),
        str(why),
        int(str(received_s)),
        str(site),
        None if put_right is None else _TAPS.decode(str(put_right)),
    )


def _identity(ref: TapRef) -> tuple[str, int, int]:
    return ref.terminal_id, ref.epoch, ref.seq
