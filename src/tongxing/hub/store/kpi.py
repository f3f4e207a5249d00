"""What the hub's books say of its service in a period: every number is counted, none is guessed.

A period is of files by their arrival, ``[from_s, end_s)``; what stands, waits or is open is so at
its end.
"""

from fractions import Fraction
from typing import LiteralString

from tongxing.hub.kpi import Measure, nearest_rank, rate, workdays_between
from tongxing.hub.store.connection import Cursor
from tongxing.kernel.clock import DAY_S, calendar_date

MILLION, BASIS = 1_000_000, 10_000
WORST_TERMINALS = 20
HALVES = ("missing_exit", "missing_entry")
COMPLETED = {
    "declared": "passenger",
    "habitual": "itself",
    "median": "itself",
    "disruption": "itself",
    "staff": "staff",
    "cleared": "staff",
}
"""How a trip with a half missing came to be whole: by whom."""

_RANKED: LiteralString = """
SELECT grp, max(n)::int, max(v) FILTER (WHERE rank = (n * 50 + 99) / 100),
    max(v) FILTER (WHERE rank = (n * 95 + 99) / 100),
    max(v) FILTER (WHERE rank = (n * 99 + 99) / 100)
FROM (SELECT grp, v, row_number() OVER (PARTITION BY grp ORDER BY v) AS rank,
    count(*) OVER (PARTITION BY grp) AS n FROM found) AS ranked
GROUP BY grp ORDER BY grp
"""
_FIRST: LiteralString = """
SELECT acquirer, received_s, (body::json->>'exited_s')::bigint AS exited_s
FROM record JOIN record_file USING (sender, file_id)
WHERE received_s >= %(from)s AND received_s < %(end)s AND revision = 1
"""
_DELAYS: LiteralString = (
    f"WITH first AS ({_FIRST}), found AS (SELECT grp, greatest(received_s - exited_s, 0) AS v"
    f" FROM first CROSS JOIN LATERAL (VALUES (''), (acquirer)) AS of (grp)) {_RANKED}"
)
_IN_TIME: LiteralString = (
    f"SELECT count(*) FILTER (WHERE received_s <= (exited_s + 18000) / 86400 * 86400 + 79200),"
    " count(*) FILTER (WHERE (received_s + 28800) / 86400 - (exited_s + 18000) / 86400 <= 3),"
    f" count(*) FROM ({_FIRST}) AS first"
)
"""In time are 06:00 of the day after the business day, and the third day after it."""
_TRIPS: LiteralString = """
SELECT newest, is_half, count(*) FROM (
    SELECT (array_agg(body::json->>'how' ORDER BY revision DESC))[1] AS newest,
        bool_or(body::json->>'how' = ANY(%(half)s)) AS is_half
    FROM record JOIN record_file USING (sender, file_id)
    WHERE received_s < %(end)s AND status <> 'void'
    GROUP BY trip_id HAVING min(received_s) FILTER (WHERE revision = 1) >= %(from)s) AS trip
GROUP BY 1, 2 ORDER BY 1, 2
"""
_SIGNED: LiteralString = """
SELECT terminal, count(*)::int, count(*) FILTER (WHERE wrong)::int FROM (
    SELECT DISTINCT record_id, tap->>0 AS terminal,
        '1001' = ANY(string_to_array(codes, ' ')) AS wrong
    FROM record JOIN record_file USING (sender, file_id)
    CROSS JOIN LATERAL json_array_elements(body::json->'taps') AS tap
    WHERE received_s >= %(from)s AND received_s < %(end)s
        AND json_array_length(body::json->'proofs') > 0) AS signed
GROUP BY 1 ORDER BY 1
"""
_LOADED: LiteralString = """
WITH seen AS (
    SELECT city, terminal, shown, tapped_s FROM (
        SELECT body::json->>'city' AS city, body::json->'taps'->0->>0 AS terminal,
            (body::json->>'deny_list_version')::bigint AS shown,
            (body::json->>'entered_s')::bigint AS tapped_s
        FROM record JOIN record_file USING (sender, file_id)
        WHERE received_s >= %(from)s AND received_s < %(end)s) AS told WHERE shown > 0),
list AS (SELECT owner, version, published_s FROM register_version
    WHERE kind = 'DenyList' AND published_s >= %(from)s AND published_s < %(end)s),
found AS (SELECT '' AS grp, min(tapped_s) FILTER (WHERE shown >= version) - published_s AS v
    FROM list JOIN seen ON city = owner AND tapped_s >= published_s
    GROUP BY owner, version, published_s, terminal)
"""


def measure_period(cursor: Cursor, from_s: int, end_s: int) -> list[Measure]:
    """All measures of a period, in the order in which they are published."""
    asked = {"from": from_s, "end": end_s, "half": [*HALVES, *COMPLETED]}
    return [
        *_uploads(cursor, asked),
        *_half_trips(cursor, asked),
        *_rows(cursor, asked),
        *_deny_lists(cursor, asked),
        *_cases(cursor, from_s, end_s),
        *_breaks(cursor, end_s),
    ]


def _uploads(cursor: Cursor, asked: dict[str, object]) -> list[Measure]:
    ranked = cursor.execute(_DELAYS, asked).fetchall() or [("", 0, None, None, None)]
    found = [
        Measure(f"upload_delay_p{percent}", str(row[0]), "seconds", row[at], int(row[1]))
        for at, percent in ((2, 50), (3, 95), (4, 99))
        for row in ranked
    ]
    row = cursor.execute(_IN_TIME, asked).fetchone()
    assert row is not None
    for name, count in (("next_morning", row[0]), ("third_day", row[1])):
        value = rate(int(count), int(row[2]), BASIS)
        found.append(Measure(f"upload_by_{name}", "", "basis_points", value, int(row[2])))
    return found


def _half_trips(cursor: Cursor, asked: dict[str, object]) -> list[Measure]:
    """By whom half trips were completed, or not; evidence that came later did so by itself."""
    trips = halves = paired = 0
    healed = dict.fromkeys(("itself", "passenger", "staff"), 0)
    for newest, is_half, count in cursor.execute(_TRIPS, asked):
        trips += count
        halves += count if is_half else 0
        paired += count if newest == "paired_by_account" and not is_half else 0
        if is_half and newest not in HALVES:
            healed[COMPLETED.get(newest, "itself")] += count
    return [
        Measure("half_trips", "", "basis_points", rate(halves, trips, BASIS), trips),
        *(
            Measure(f"healed_by_{who}", "", "basis_points", rate(count, halves, BASIS), halves)
            for who, count in healed.items()
        ),
        Measure("paired_by_account", "", "basis_points", rate(paired, trips, BASIS), trips),
    ]


def _rows(cursor: Cursor, asked: dict[str, object]) -> list[Measure]:
    """Duplicates among all rows, and wrong signatures among those of cards, by terminal."""
    row = cursor.execute(
        "SELECT coalesce(sum(f.rows), 0)::bigint, coalesce(sum((SELECT count(*) FROM refused_row r"
        "  WHERE r.sender = f.sender AND r.file_id = f.file_id AND r.code = '1002')), 0)::bigint,"
        " coalesce(sum((SELECT sum(c.rows) FROM check_not_made c WHERE c.sender = f.sender"
        "  AND c.file_id = f.file_id AND c.name = 'signature')), 0)::bigint"
        " FROM record_file f WHERE received_s >= %(from)s AND received_s < %(end)s",
        asked,
    ).fetchone()
    assert row is not None
    rows, copies, unchecked = (int(value) for value in row)
    signed = cursor.execute(_SIGNED, asked).fetchall()
    taps, wrong = sum(one[1] for one in signed), sum(one[2] for one in signed)
    faulty = [one for one in signed if one[2]]
    worst = sorted(faulty, key=lambda one: (Fraction(-one[2], one[1]), one[0]))
    return [
        Measure("duplicates", "", "per_million", rate(copies, rows, MILLION), rows),
        Measure("tac_failures", "", "per_million", rate(wrong, taps, MILLION), taps),
        *(
            Measure("tac_failures", str(name), "per_million", rate(bad, of, MILLION), int(of))
            for name, of, bad in worst[:WORST_TERMINALS]
        ),
        Measure("signatures_unchecked", "", "count", unchecked, rows),
    ]


def _deny_lists(cursor: Cursor, asked: dict[str, object]) -> list[Measure]:
    """From the publication of a list to the first ride that a terminal proves to have had it."""
    ranked = cursor.execute(
        f"{_LOADED}, known AS (SELECT * FROM found WHERE v IS NOT NULL)"
        f" {_RANKED.replace('found', 'known')}",
        asked,
    ).fetchone()
    never = cursor.execute(
        f"{_LOADED} SELECT count(*) FILTER (WHERE v IS NULL), count(*) FROM found", asked
    ).fetchone()
    assert never is not None
    _, of, _, p95, _ = ranked or ("", 0, None, None, None)
    return [
        Measure("deny_list_shown_p95", "", "seconds", p95, int(of)),
        Measure("deny_list_not_shown", "", "count", int(never[0]), int(never[1])),
    ]


def _cases(cursor: Cursor, from_s: int, end_s: int) -> list[Measure]:
    """How old open disputes are, and how long those took that gave their issuer money back."""
    ages = [
        (end_s - int(row[0])) // DAY_S
        for row in cursor.execute(
            "SELECT opened_s FROM dispute_case WHERE opened_s < %(end)s"
            " AND (ended_s IS NULL OR ended_s >= %(end)s)",
            {"end": end_s},
        )
    ]
    took = [
        workdays_between(calendar_date(int(row[0])), calendar_date(int(row[1])))
        for row in cursor.execute(
            "SELECT opened_s, ended_s FROM dispute_case"
            " WHERE ended_s >= %s AND ended_s < %s AND to_issuer_fen > 0",
            (from_s, end_s),
        )
    ]
    return [
        Measure("dispute_age_p50", "", "days", nearest_rank(ages, 50), len(ages)),
        Measure("dispute_age_p95", "", "days", nearest_rank(ages, 95), len(ages)),
        Measure("dispute_age_max", "", "days", nearest_rank(ages, 100), len(ages)),
        Measure("case_refund_p95", "", "workdays", nearest_rank(took, 95), len(took)),
    ]


def _breaks(cursor: Cursor, end_s: int) -> list[Measure]:
    """What the bank has more or less than the books and nobody has explained; nothing is known of
    it before the first statement of the bank was laid beside the books."""
    row = cursor.execute(
        "SELECT CASE WHEN EXISTS (SELECT FROM bank_statement WHERE taken_s < %(end)s)"
        " THEN coalesce(sum(abs(amount_fen)), 0)::bigint END, count(*) FROM bank_break"
        " WHERE found_s < %(end)s AND (ended_s IS NULL OR ended_s >= %(end)s)",
        {"end": end_s},
    ).fetchone()
    assert row is not None
    return [Measure("unexplained_break", "", "fen", row[0], int(row[1]))]
