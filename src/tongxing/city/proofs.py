"""The truths, held against a city's live books. Each proof only reads, and shows its figures."""

from typing import LiteralString

from tongxing.city.members import acquirer_member, issuer_member
from tongxing.city.money.proofs import payments_booked_once, refunds_set_aside
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.proofs import Proof
from tongxing.ledger.store import (
    account_balances,
    balance,
    entity_totals,
    orphaned_lines,
    unbalanced_postings,
)


def prove_city(cursor: Cursor, city: str) -> list[Proof]:
    """Every truth that a city's books can show by themselves, in the order of DESIGN.md 5."""
    return [
        _postings_balance(cursor, city),
        _nobody_below_limit(cursor, city),
        _balances_are_folds(cursor, city),
        _held_not_taken(cursor, city),
        _each_tap_one_outcome(cursor, city),
        _each_record_one_file(cursor, city),
        _statements_agree(cursor, city),
        _float_backs_liabilities(cursor, city),
        payments_booked_once(cursor, city),
        refunds_set_aside(cursor, city),
        _charges_are_sums_of_revisions(cursor, city),
        _every_price_explained(cursor, city),
        _nothing_in_quarantine(cursor, city),
    ]


def _count(cursor: Cursor, query: LiteralString, *parameters: object) -> int:
    row = cursor.execute(query, parameters).fetchone()
    assert row is not None
    return int(row[0] or 0)


def _postings_balance(cursor: Cursor, city: str) -> Proof:
    figures = {
        "postings": _count(cursor, "SELECT count(*) FROM posting"),
        "unbalanced": unbalanced_postings(cursor),
        "orphaned_lines": orphaned_lines(cursor),
        "entities_off_zero": sum(1 for total in entity_totals(cursor).values() if total),
    }
    holds = not (figures["unbalanced"] or figures["orphaned_lines"] or figures["entities_off_zero"])
    return Proof(1, "postings_balance", city, holds, figures)


def _nobody_below_limit(cursor: Cursor, city: str) -> Proof:
    """Offline gates may overshoot by what they could not know; such an account must be denied."""
    below = _count(
        cursor,
        "SELECT count(*) FROM rider WHERE liability IS NOT NULL AND balance_fen + limit_fen < 0",
    )
    purses = _count(cursor, "SELECT count(*) FROM rider WHERE kind = 'purse' AND balance_fen < 0")
    figures = {"below_limit": below, "purses_below_zero": purses}
    return Proof(2, "nobody_below_limit", city, below == 0 and purses == 0, figures)


def _balances_are_folds(cursor: Cursor, city: str) -> Proof:
    """The balance kept with each rider is the fold of its ledger account."""
    differing = _count(
        cursor,
        "SELECT count(*) FROM rider LEFT JOIN (SELECT account, sum(amount_fen) AS total"
        " FROM posting_line WHERE entity = %s GROUP BY account) AS booked"
        " ON booked.account = rider.liability"
        " WHERE liability IS NOT NULL AND balance_fen <> -coalesce(total, 0)",
        issuer_member(city),
    )
    riders = _count(cursor, "SELECT count(*) FROM rider WHERE liability IS NOT NULL")
    return Proof(
        2, "balances_are_folds", city, differing == 0, {"riders": riders, "differing": differing}
    )


def _held_not_taken(cursor: Cursor, city: str) -> Proof:
    """What is held of each rider is the sum over their half trips that wait, and an open trip's;
    nothing of a half trip that waits is in the books."""
    differing = _count(
        cursor,
        "SELECT count(*) FROM rider LEFT JOIN (SELECT rider_id, sum(held_fen) AS total"
        " FROM half_trip GROUP BY rider_id) AS waiting USING (rider_id)"
        " WHERE pending_fen <> coalesce(total, 0) OR held_fen < pending_fen"
        " OR (open_since_s IS NULL AND held_fen <> pending_fen)",
    )
    taken = _count(
        cursor, "SELECT count(*) FROM half_trip JOIN trip USING (trip_id) WHERE trip.how <> 'void'"
    )
    figures = {
        "half_trips_waiting": _count(cursor, "SELECT count(*) FROM half_trip"),
        "held_fen": _count(cursor, "SELECT coalesce(sum(held_fen), 0) FROM half_trip"),
        "differing": differing,
        "taken": taken,
    }
    return Proof(2, "held_not_taken", city, differing == 0 and taken == 0, figures)


def _each_tap_one_outcome(cursor: Cursor, city: str) -> Proof:
    """Every opened tap is in exactly one live trip, or began one that is still open, or is known
    of a half trip that waits, or was set aside with its reason.

    A purse's tap may also close the half trip before it, so it may stand in two.
    """
    counts = cursor.execute(
        "SELECT count(*), count(*) FILTER (WHERE outcome = 'refused') FROM tap"
    ).fetchone()
    assert counts is not None
    several = _count(
        cursor,
        "SELECT count(*) FROM (SELECT 1 FROM trip_tap JOIN trip USING (trip_id, revision)"
        " JOIN tap USING (terminal_id, epoch, seq) WHERE trip.how <> 'void'"
        " GROUP BY terminal_id, epoch, seq, tap.body HAVING count(*) > 1"
        " AND (tap.body::json -> 'purse') IS NULL) AS doubled",
    )
    without = _count(
        cursor,
        "SELECT count(*) FROM tap WHERE outcome = 'opened' AND set_aside = ''"
        " AND NOT EXISTS (SELECT 1 FROM half_trip WHERE half_trip.terminal_id = tap.terminal_id"
        " AND half_trip.epoch = tap.epoch AND half_trip.seq = tap.seq)"
        " AND NOT EXISTS (SELECT 1 FROM trip_tap"
        " JOIN trip USING (trip_id, revision) WHERE trip.how <> 'void' AND trip_tap.terminal_id ="
        " tap.terminal_id AND trip_tap.epoch = tap.epoch AND trip_tap.seq = tap.seq)"
        " AND NOT EXISTS (SELECT 1 FROM rider WHERE rider.rider_id = tap.rider_id"
        " AND open_since_s = tap.time_s)",
    )
    waiting_twice = _count(
        cursor,
        "SELECT count(*) FROM half_trip JOIN trip_tap USING (terminal_id, epoch, seq)"
        " JOIN trip ON trip.trip_id = trip_tap.trip_id AND trip.revision = trip_tap.revision"
        " WHERE trip.how <> 'void'",
    )
    several += waiting_twice
    figures = {
        "taps": int(counts[0]),
        "refused": int(counts[1]),
        "set_aside": _count(cursor, "SELECT count(*) FROM tap WHERE set_aside <> ''"),
        "in_several_trips": several,
        "without_trip": without,
        "open_trips": _count(cursor, "SELECT count(*) FROM rider WHERE open_since_s IS NOT NULL"),
        "half_trips_waiting": _count(cursor, "SELECT count(*) FROM half_trip"),
    }
    return Proof(3, "each_tap_one_outcome", city, not several and not without, figures)


def _each_record_one_file(cursor: Cursor, city: str) -> Proof:
    """What was presented is answered exactly once, and accepted records sit in one window."""
    figures = {
        "records": _count(cursor, "SELECT count(*) FROM trip_revision"),
        "not_presented": _count(cursor, "SELECT count(*) FROM trip_revision WHERE file_id IS NULL"),
        "unanswered": _count(
            cursor,
            "SELECT count(*) FROM trip_revision JOIN record_file USING (file_id)"
            " LEFT JOIN verdict USING (record_id)"
            " WHERE file_code = 'OK' AND verdict.record_id IS NULL",
        ),
        "answered_elsewhere": _count(
            cursor,
            "SELECT count(*) FROM verdict JOIN trip_revision USING (record_id)"
            " WHERE verdict.file_id <> trip_revision.file_id",
        ),
    }
    holds = figures["unanswered"] == 0 and figures["answered_elsewhere"] == 0
    return Proof(3, "each_record_one_file", city, holds, figures)


def _statements_agree(cursor: Cursor, city: str) -> Proof:
    """Our books with the hub say what its statements say: to the fen, and zero once settled."""
    differing = settled = 0
    rows = cursor.execute("SELECT window_id, member, net_fen, settled_s FROM statement").fetchall()
    for window_id, member, net_fen, settled_s in rows:
        expected = 0 if settled_s is not None else int(net_fen)
        settled += settled_s is not None
        differing += balance(cursor, str(member), f"due_hub:{window_id}") != expected
    figures = {"statements": len(rows), "settled": settled, "differing": differing}
    return Proof(4, "statements_agree", city, differing == 0, figures)


def _float_backs_liabilities(cursor: Cursor, city: str) -> Proof:
    """Float = what passengers are owed + what is on its way to the hub, to the fen; what the
    issuer itself earned or lost stands in it until it is moved."""
    issuer = issuer_member(city)
    liabilities = -sum(account_balances(cursor, issuer, "liab_").values())
    in_transit = -balance(cursor, issuer, "in_transit")
    due = -sum(account_balances(cursor, issuer, "due_hub:").values())
    suspense = -sum(account_balances(cursor, issuer, "susp_").values())
    float_fen = balance(cursor, issuer, "bank_float")
    own = ("inc_", "exp_", "bank_own")
    unmoved = -sum(sum(account_balances(cursor, issuer, name).values()) for name in own)
    figures = {
        "float_fen": float_fen,
        "liabilities_fen": liabilities,
        "in_transit_fen": in_transit,
        "due_hub_fen": due,
        "suspense_fen": suspense,
        "fees_not_yet_moved_fen": unmoved,
    }
    holds = float_fen == liabilities + in_transit + due + suspense + unmoved
    return Proof(5, "float_backs_liabilities", city, holds and liabilities >= 0, figures)


def _charges_are_sums_of_revisions(cursor: Cursor, city: str) -> Proof:
    """A trip's charge is the sum of its revisions, and so is what the acquirer presents."""
    differing = _count(
        cursor,
        "SELECT count(*) FROM trip LEFT JOIN (SELECT trip_id, sum(delta_fen) AS total,"
        " count(*) AS n FROM trip_revision GROUP BY trip_id) AS history USING (trip_id)"
        " WHERE charge_fen <> coalesce(total, 0) OR revision <> coalesce(n, 0)",
    )
    charged = _count(cursor, "SELECT coalesce(sum(charge_fen), 0) FROM trip")
    booked = -_count(
        cursor,
        "SELECT coalesce(sum(amount_fen), 0) FROM posting_line JOIN posting USING (posting_id)"
        " WHERE entity = %s AND account = 'unsplit' AND kind IN ('charge', 'charge_revised')",
        acquirer_member(city),
    )
    figures = {"differing": differing, "charged_fen": charged, "booked_fen": booked}
    holds = differing == 0 and charged == booked
    return Proof(6, "charges_are_sums_of_revisions", city, holds, figures)


def _every_price_explained(cursor: Cursor, city: str) -> Proof:
    """The lines of each live trip add up to its charge."""
    unexplained = _count(
        cursor,
        "SELECT count(*) FROM trip WHERE how <> 'void' AND charge_fen <> (SELECT"
        " coalesce(sum((priced ->> 'amount_fen')::bigint), 0)"
        " FROM json_array_elements(lines::json) AS priced)",
    )
    trips = _count(cursor, "SELECT count(*) FROM trip WHERE how <> 'void'")
    return Proof(
        7, "every_price_explained", city, unexplained == 0, {"trips": trips, "off": unexplained}
    )


def _nothing_in_quarantine(cursor: Cursor, city: str) -> Proof:
    """No identity came with two contents, and no terminal's numbers have a hole in them."""
    quarantined = _count(cursor, "SELECT count(*) FROM tap_quarantine")
    gaps = _count(
        cursor,
        "SELECT coalesce(sum(highest - present), 0) FROM (SELECT max(seq) AS highest,"
        " count(*) AS present FROM tap GROUP BY terminal_id, epoch) AS terminal",
    )
    figures = {"quarantined": quarantined, "missing_numbers": gaps}
    return Proof(8, "nothing_lost_or_doubled", city, quarantined == 0 and gaps == 0, figures)
