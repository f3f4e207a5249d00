"""Records that stand, rows that do not, splits and taps: loaded and written by the file.

Writes are COPYs and set statements; their number does not depend on how many rows a file has.
Names come from rows that were read, so they hold no space: a list of them travels as one text.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from tongxing.hub.admission import Judgement, twin_name
from tongxing.hub.checks import Standing
from tongxing.hub.claims import claims_of
from tongxing.hub.life import RecordState
from tongxing.hub.members import Member, same_province
from tongxing.hub.netting import PairTotal
from tongxing.hub.split import SplitBasis
from tongxing.hub.store.connection import Cursor
from tongxing.hub.store.recoveries import free_shares
from tongxing.hub.store.taps import load_holders
from tongxing.hub.store.twins import twins_of, write_twins
from tongxing.hub.verdicts import FORKED, bearer_once_proven
from tongxing.messages import Record, Share, Verdict


class TrialTotal(NamedTuple):
    """Rides of a trial that one acquirer showed of one issuer's media in a window."""

    issuer: str
    acquirer: str
    records: int
    charge_fen: int


_RECORD_COLUMNS = (
    "record_id, trip_id, revision, sender, file_id, row_no, status, codes, detail, window_id,"
    " admitted_s, issuer, acquirer, charge_fen, delta_fen, content_hash, basis_id, operators,"
    " share_fen, whole, body"
)
_REFUSED_COLUMNS = "sender, file_id, row_no, record_id, status, code, codes, detail, content"

_encode = msgspec.json.Encoder().encode
_decode_record = msgspec.json.Decoder(Record).decode
_decode_shares = msgspec.json.Decoder(tuple[Share, ...]).decode


def load_standing(cursor: Cursor, records: Iterable[Record]) -> dict[str, Standing]:
    """What stands of these records and of the revision before each, and under names of their own
    the rows that wait, or waited, for a name that stands."""
    wanted: set[str] = set()
    for record in records:
        wanted.add(record.record_id)
        if record.revision > 1:
            wanted.add(f"{record.trip_id}.{record.revision - 1}")
    rows = cursor.execute(
        "SELECT record_id, content_hash, status, codes, issuer, acquirer, charge_fen, whole, body"
        " FROM record WHERE record_id = ANY(string_to_array(%s, ' '))",
        (" ".join(wanted),),
    )
    standing = {
        row[0]: Standing(
            record_id=row[0],
            content_hash=bytes(row[1]),
            status=row[2],
            code=str(row[3]).split()[0],
            issuer=row[4],
            acquirer=row[5],
            charge_fen=int(row[6]),
            whole=_decode_shares(row[7]),
            claims=_claims(cursor, row[2], row[3], _decode_record(row[8])),
        )
        for row in rows.fetchall()
    }
    for record_id, content in twins_of(cursor, standing):
        name = twin_name(record_id, content)
        standing[name] = replace(standing[record_id], record_id=name, claims=())
    return standing


def _claims(cursor: Cursor, status: str, codes: str, record: Record) -> tuple[str, ...]:
    """The taps that the trip of a record holds after it: none where it waits beside the trip that
    has them, as only a record can that is on hold for its purse."""
    if status == RecordState.HELD and FORKED in codes.split():
        holders = load_holders(cursor, record.acquirer, [record])
        if record.trip_id not in holders.values():
            return ()
    return claims_of(record)


def load_rejected(cursor: Cursor, sender: str, records: Iterable[Record]) -> dict[str, list[str]]:
    """With which codes these records of a sender were rejected, one for each file in which they
    were, in the order of its files."""
    found: dict[str, list[str]] = {}
    for record_id, code in cursor.execute(
        "SELECT DISTINCT ON (record_id, number) record_id, code"
        " FROM refused_row JOIN record_file USING (sender, file_id)"
        " WHERE sender = %s AND status = 'rejected'"
        " AND record_id = ANY(string_to_array(%s, ' ')) ORDER BY record_id, number, row_no",
        (sender, " ".join(record.record_id for record in records)),
    ):
        found.setdefault(str(record_id), []).append(str(code))
    return found


def write_judgements(
    cursor: Cursor,
    sender: str,
    file_id: str,
    window_id: str,
    admitted_s: int,
    judgements: Sequence[Judgement],
) -> None:
    """Keep every row of a file: those that stand with their splits, the others as they came."""
    standing = [item for item in judgements if item.standing is not None]
    twins = [item for item in judgements if item.twin is not None]
    _write_bases(cursor, [*standing, *(item.twin for item in twins if item.twin is not None)])
    with cursor.copy(f"COPY record ({_RECORD_COLUMNS}) FROM STDIN") as copy:
        for item in standing:
            copy.write_row(_record_row(item, sender, file_id, window_id, admitted_s))
    with cursor.copy(f"COPY refused_row ({_REFUSED_COLUMNS}) FROM STDIN") as copy:
        for item in judgements:
            row = item.row
            if item.standing is None:
                codes = " ".join(item.codes)
                kept = (row.number, row.record_id, item.status, item.code, codes, item.detail)
                copy.write_row((sender, file_id, *kept, row.content))
    write_twins(cursor, sender, file_id, twins)


def _record_row(
    item: Judgement, sender: str, file_id: str, window_id: str, admitted_s: int
) -> tuple[object, ...]:
    record, stands, basis = item.row.record, item.standing, item.basis
    assert record is not None and stands is not None and basis is not None
    is_accepted = item.status == "accepted"
    return (
        record.record_id,
        record.trip_id,
        record.revision,
        sender,
        file_id,
        item.row.number,
        item.status,
        " ".join(item.codes),
        item.detail,
        window_id if is_accepted else None,
        admitted_s if is_accepted else None,
        record.issuer,
        record.acquirer,
        record.charge_fen,
        record.delta_fen,
        stands.content_hash,
        basis.basis_id,
        _names_array(tuple(share.operator for share in item.shares)),
        "{" + ",".join(str(share.share_fen) for share in item.shares) + "}",
        _encode(stands.whole).decode(),
        item.row.content.decode(),
    )


def release_carried(cursor: Cursor, window_id: str, admitted_s: int) -> dict[str, list[Verdict]]:
    """Accept carried records, in order of record, whose members are all in good standing now;
    their new verdicts by sender."""
    released: dict[str, list[Verdict]] = {}
    for sender, record_id, codes, operators, share_fen in cursor.execute(
        "WITH released AS ("
        " UPDATE record SET status = 'accepted', window_id = %s, admitted_s = %s,"
        "  codes = coalesce(nullif(ltrim(replace(codes, '1019', '')), ''), '0000')"
        " WHERE status = 'carried' AND NOT EXISTS (SELECT FROM member"
        "  WHERE member_id IN (issuer, acquirer) AND suspended_s IS NOT NULL)"
        " RETURNING sender, record_id, codes, operators, share_fen)"
        " SELECT * FROM released ORDER BY record_id",
        (window_id, admitted_s),
    ):
        listed = str(codes).split()
        shares = [Share(name, int(fen)) for name, fen in zip(operators, share_fen, strict=True)]
        released.setdefault(str(sender), []).append(
            Verdict(
                record_id=record_id,
                status="accepted",
                code=listed[0],
                bearer=bearer_once_proven(listed),
                shares=shares,
            )
        )
    return released


def pair_totals(cursor: Cursor, window_id: str, members: Mapping[str, Member]) -> list[PairTotal]:
    """What each acquirer has accepted on each issuer in a window, with the operators' shares."""
    free = free_shares(cursor, window_id)
    operators: dict[tuple[str, str], list[Share]] = {}
    for issuer, acquirer, operator, share_fen in cursor.execute(
        "SELECT issuer, acquirer, part.operator, sum(part.fen)::bigint"
        " FROM record, unnest(operators, share_fen) AS part (operator, fen)"
        ' WHERE window_id = %s GROUP BY 1, 2, 3 ORDER BY 1, 2, part.operator COLLATE "C"',
        (window_id,),
    ):
        operators.setdefault((issuer, acquirer), []).append(Share(operator, int(share_fen)))
    return [
        PairTotal(
            issuer=issuer,
            acquirer=acquirer,
            is_cross_city=members[issuer].city != members[acquirer].city,
            records=int(records),
            delta_fen=int(delta_fen),
            operators=tuple(operators.get((issuer, acquirer), ())),
            is_same_province=same_province(members[issuer], members[acquirer]),
            free=free.get((issuer, acquirer), ()),
        )
        for issuer, acquirer, records, delta_fen in cursor.execute(
            "SELECT issuer, acquirer, count(*), sum(delta_fen)::bigint FROM record"
            " WHERE window_id = %s GROUP BY 1, 2 ORDER BY 1, 2",
            (window_id,),
        )
    ]


def trial_totals(cursor: Cursor, window_id: str) -> list[TrialTotal]:
    """The rides of trials in a window, by issuer and acquirer; each record once, however often it
    was shown."""
    rides = {
        record.record_id: record
        for (content,) in cursor.execute(
            "SELECT content FROM refused_row JOIN record_file USING (sender, file_id)"
            " WHERE window_id = %s AND code = '1013' ORDER BY number, row_no",
            (window_id,),
        )
        for record in [_decode_record(content)]
    }
    totals: dict[tuple[str, str], list[int]] = {}
    for record in rides.values():
        total = totals.setdefault((record.issuer, record.acquirer), [0, 0])
        total[0] += 1
        total[1] += record.delta_fen
    return [TrialTotal(*pair, *total) for pair, total in sorted(totals.items())]


def records_from_elsewhere(cursor: Cursor, window_id: str) -> dict[str, list[Record]]:
    """Per issuer, the accepted records of its passengers in other cities, in order of record."""
    found: dict[str, list[Record]] = {}
    for issuer, body in cursor.execute(
        "SELECT issuer, body FROM record"
        " JOIN member home ON home.member_id = issuer"
        " JOIN member there ON there.member_id = acquirer"
        " WHERE window_id = %s AND home.city <> there.city ORDER BY issuer, record_id",
        (window_id,),
    ):
        found.setdefault(str(issuer), []).append(_decode_record(body))
    return found


def _write_bases(cursor: Cursor, standing: Iterable[Judgement]) -> None:
    bases: dict[str, SplitBasis] = {
        item.basis.basis_id: item.basis for item in standing if item.basis is not None
    }
    there = cursor.execute(
        "SELECT basis_id FROM split_basis WHERE basis_id = ANY(string_to_array(%s, ' '))",
        (" ".join(bases),),
    ).fetchall()
    for (basis_id,) in there:
        del bases[basis_id]
    with cursor.copy("COPY split_basis (basis_id, body) FROM STDIN") as copy:
        for basis_id, basis in bases.items():
            copy.write_row((basis_id, _encode(basis).decode()))


@lru_cache(maxsize=4096)
def _names_array(names: tuple[str, ...]) -> str:
    """Names as PostgreSQL writes an array of them."""
    escaped = (name.replace("\\", "\\\\").replace('"', '\\"') for name in names)
    return "{" + ",".join(f'"{name}"' for name in escaped) + "}"
