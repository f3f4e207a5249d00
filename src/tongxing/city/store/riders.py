"""Riders: who pays, their balance, and the state their next tap is folded into."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from tongxing.city.riding import NEW_STATE, RiderState
from tongxing.city.store.cursor import Cursor
from tongxing.messages import Tap
from tongxing.messages.taps import Funding

_STATES = msgspec.json.Decoder(RiderState)
_ENCODER = msgspec.json.Encoder()
_TAPS = msgspec.json.Decoder(Tap)


@dataclass(frozen=True, slots=True)
class RiderRow:
    """A rider as the store has it. `liability` is the ledger account of our own passenger's
    money, None for a visitor whose money another city holds. `resolved_s` is the newest tap of
    which anything was said (`half_trips.Resolution`), None when nothing ever was."""

    rider_id: str
    kind: str
    liability: str | None
    last_tap_key: str
    state: RiderState
    resolved_s: int | None = None


def encode_state(state: RiderState) -> str:
    """A fold state as it is stored; "" for the empty one."""
    return "" if state == NEW_STATE else _ENCODER.encode(state).decode()


def decode_state(text: str) -> RiderState:
    """The fold state that `encode_state` wrote."""
    return _STATES.decode(text) if text else NEW_STATE


@dataclass(frozen=True, slots=True)
class Owners:
    """Who pays for what is done with a medium. A card that was bound to an account has two: the
    account, and its old purse for what that purse itself paid (`purses`)."""

    now: Mapping[str, str]
    purses: Mapping[str, str]

    def of(self, medium_no: str, funding: Funding) -> str:
        """The rider of a tap or record; a number we do not know is a rider by itself."""
        if funding == "purse" and medium_no in self.purses:
            return self.purses[medium_no]
        return self.now.get(medium_no, medium_no)


def owners_of_media(cursor: Cursor, medium_nos: Sequence[str]) -> Owners:
    """The riders of these medium numbers, by what pays."""
    rows = cursor.execute(
        "SELECT medium_no, rider_id, purse_rider FROM medium WHERE medium_no = ANY(%s)",
        (list(medium_nos),),
    ).fetchall()
    return Owners(
        {str(medium_no): str(rider_id) for medium_no, rider_id, _ in rows},
        {str(medium_no): str(purse) for medium_no, _, purse in rows if purse},
    )


def riders_of_media(cursor: Cursor, medium_nos: Sequence[str]) -> dict[str, str]:
    """The rider of each medium number now; a number we do not know is a rider by itself."""
    known = {
        str(medium_no): str(rider_id)
        for medium_no, rider_id in cursor.execute(
            "SELECT medium_no, rider_id FROM medium WHERE medium_no = ANY(%s)", (list(medium_nos),)
        )
    }
    return {medium_no: known.get(medium_no, medium_no) for medium_no in medium_nos}


def load_riders(cursor: Cursor, rider_ids: Iterable[str]) -> dict[str, RiderRow]:
    """The riders, locked in order of id; one never seen before comes as a new visitor."""
    wanted = sorted(set(rider_ids))
    found = {
        str(row[0]): RiderRow(
            str(row[0]), str(row[1]), row[2], str(row[3]), decode_state(row[4]), row[5]
        )
        for row in cursor.execute(
            "SELECT rider_id, kind, liability, last_tap_key, state, resolved_s FROM rider"
            " WHERE rider_id = ANY(%s) ORDER BY rider_id FOR UPDATE",
            (wanted,),
        )
    }
    return {
        rider_id: found.get(rider_id) or RiderRow(rider_id, "visitor", None, "", NEW_STATE)
        for rider_id in wanted
    }


def load_checkpoints(
    cursor: Cursor, days: Mapping[str, date]
) -> dict[str, tuple[date, RiderState]]:
    """Per rider the newest checkpoint of its day or earlier; absent where the fold starts empty."""
    rows = cursor.execute(
        "SELECT DISTINCT ON (c.rider_id) c.rider_id, c.business_date, c.state"
        " FROM rider_checkpoint c"
        " JOIN unnest(%s::text[], %s::date[]) AS wanted (rider_id, day)"
        "   ON c.rider_id = wanted.rider_id AND c.business_date <= wanted.day"
        " ORDER BY c.rider_id, c.business_date DESC",
        (list(days), list(days.values())),
    )
    return {str(rider_id): (day, decode_state(state)) for rider_id, day, state in rows}


def load_taps_since(cursor: Cursor, since: Mapping[str, date]) -> dict[str, list[Tap]]:
    """Each rider's opened taps from its business day on, in the order they happened; those that
    were set aside move no money and are left out."""
    taps: dict[str, list[Tap]] = {rider_id: [] for rider_id in since}
    for rider_id, body in cursor.execute(
        "SELECT t.rider_id, coalesce(t.put_right, t.body) FROM tap t"
        " JOIN unnest(%s::text[], %s::date[]) AS wanted (rider_id, day)"
        "   ON t.rider_id = wanted.rider_id AND t.business_date >= wanted.day"
        " WHERE t.outcome = 'opened' AND t.set_aside = '' ORDER BY t.rider_id, t.order_key",
        (list(since), list(since.values())),
    ):
        taps[str(rider_id)].append(_TAPS.decode(body))
    return taps


@dataclass(frozen=True, slots=True)
class RiderUpdate:
    """What a batch changes of one rider: its state, and what its trips added to its charges."""

    row: RiderRow
    state: RiderState
    last_tap_key: str
    charged_fen: int
    checkpoints: tuple[tuple[date, RiderState], ...]
    rewritten_since: date | None = None


def write_riders(cursor: Cursor, updates: Sequence[RiderUpdate]) -> None:
    """Save states, balances, holds and checkpoints of all riders of a batch."""
    cursor.execute(
        "CREATE TEMP TABLE changed (rider_id text, kind text, charged_fen bigint, held_fen bigint,"
        " pending_fen bigint, last_tap_key text, open_since_s bigint, state text) ON COMMIT DROP"
    )
    with cursor.copy("COPY changed FROM STDIN") as copy:
        for update in updates:
            copy.write_row(_changed_row(update))
    cursor.execute(
        "INSERT INTO rider (rider_id, kind, balance_fen, held_fen, pending_fen, last_tap_key,"
        " open_since_s, state) SELECT rider_id, kind, 0, held_fen, pending_fen, last_tap_key,"
        " open_since_s, state FROM changed ON CONFLICT (rider_id) DO UPDATE SET"
        " held_fen = excluded.held_fen, pending_fen = excluded.pending_fen,"
        " last_tap_key = excluded.last_tap_key, open_since_s = excluded.open_since_s,"
        " state = excluded.state"
    )
    cursor.execute(
        "UPDATE rider SET balance_fen = balance_fen - charged_fen FROM changed"
        " WHERE rider.rider_id = changed.rider_id AND liability IS NOT NULL AND charged_fen <> 0"
    )
    cursor.execute("DROP TABLE changed")
    _write_checkpoints(cursor, updates)


def _changed_row(update: RiderUpdate) -> tuple[object, ...]:
    entry = update.state.open
    return (
        update.row.rider_id,
        update.row.kind,
        update.charged_fen,
        update.state.held_fen,
        update.state.pending_fen,
        update.last_tap_key,
        None if entry is None else entry.tap.time_s,
        encode_state(update.state),
    )


def _write_checkpoints(cursor: Cursor, updates: Sequence[RiderUpdate]) -> None:
    rewritten = [update for update in updates if update.rewritten_since is not None]
    if rewritten:
        cursor.execute(
            "DELETE FROM rider_checkpoint c"
            " USING unnest(%s::text[], %s::date[]) AS gone (rider_id, day)"
            " WHERE c.rider_id = gone.rider_id AND c.business_date > gone.day",
            (
                [update.row.rider_id for update in rewritten],
                [update.rewritten_since for update in rewritten],
            ),
        )
    with cursor.copy("COPY rider_checkpoint FROM STDIN") as copy:
        for update in updates:
            for day, state in update.checkpoints:
                copy.write_row((update.row.rider_id, day, encode_state(state)))
