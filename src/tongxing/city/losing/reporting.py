"""A medium is reported lost, found again, and what its purse still has is found.

From the effective time on what is ridden is the issuer's (`city.bearing`): the passenger is told so
at once. A bearer card without a name cannot be reported, for nobody could say whose it is (R-203).
"""

from datetime import date

from tongxing.city.bearing import bear_late_trips
from tongxing.city.covering import cover_purses
from tongxing.city.losing.values import LossReport, LossState, Released
from tongxing.city.loss_terms import loss_terms
from tongxing.city.members import issuer_member
from tongxing.city.store import losing as store
from tongxing.city.store import media, replacing
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.losing import FoundMoney, ReportRow
from tongxing.kernel.clock import DAY_S, business_date
from tongxing.kernel.ids import digest, masked
from tongxing.kernel.reasons import Refusal, reason
from tongxing.ledger import Posting, credit, debit
from tongxing.ledger.store import write_postings

MEDIUM_LOST = "MEDIUM_LOST"


def report(
    cursor: Cursor, city: str, account: str, medium_no: str, request_id: str, now_s: int
) -> LossReport | Refusal:
    """Take a loss report and deny the medium; what a medium reported before again answers the
    standing report, so that nobody is worse off for asking twice.

    Refuses REQUEST_REUSED, LOSS_REPORT_ANONYMOUS for a purse, LOSS_NOT_YOURS for every other medium
    that is not the account's, known or not, and LOSS_MEDIUM_ENDED.
    """
    before = store.find_report(cursor, request_id)
    if before is not None:
        same = (before.account, before.medium_no) == (account, medium_no)
        return _told(cursor, before) if same else Refusal("REQUEST_REUSED", request_id)
    medium = replacing.find_medium(cursor, medium_no)
    if medium is not None and medium.rider_kind == "purse":
        return Refusal("LOSS_REPORT_ANONYMOUS", masked(medium_no))
    if medium is None or medium.rider_id != account:
        return Refusal("LOSS_NOT_YOURS", masked(medium_no))
    standing = store.standing_report(cursor, medium_no)
    if standing is not None:
        return _told(cursor, standing)
    if medium.denied not in ("", MEDIUM_LOST):
        told = reason(medium.denied)
        values = {"why_zh": told.zh, "why_en": told.en}
        return Refusal("LOSS_MEDIUM_ENDED", masked(medium_no), values)
    terms = loss_terms(city, now_s)
    row = ReportRow(
        report_id=request_id,
        account=account,
        medium_no=medium_no,
        purse_rider=store.purse_rider_of(cursor, medium_no),
        reported_s=now_s,
        effective_s=terms.effective_s(now_s),
        money_s=terms.money_s(now_s),
    )
    store.write_report(cursor, row)
    media.deny(cursor, medium_no, MEDIUM_LOST)
    _bear(cursor, city, row, now_s)
    return _told(cursor, row)


def found_again(
    cursor: Cursor,
    city: str,
    account: str,
    report_id: str,
    request_id: str,
    now_s: int,
    *,
    by_staff: bool = False,
) -> LossReport | Refusal:
    """Take a loss report back: the next deny list leaves the medium out. What the issuer bore until
    now stays borne. The same again answers the same.

    Refuses REQUEST_REUSED, LOSS_UNKNOWN, LOSS_CARD_REPLACED, LOSS_MONEY_FOUND, LOSS_TOO_OLD, and,
    but `by_staff`, LOSS_TOO_OFTEN: whoever loses and finds again and again rides at the issuer's
    cost meanwhile.
    """
    known = store.find_lift(cursor, request_id)
    row = store.find_report(cursor, report_id)
    if known is not None and known != report_id:
        return Refusal("REQUEST_REUSED", request_id)
    if row is None or row.account != account:
        return Refusal("LOSS_UNKNOWN", report_id)
    if row.lifted_s is not None:
        return _told(cursor, row)
    if replacing.replacement_of(cursor, row.medium_no) is not None:
        return Refusal("LOSS_CARD_REPLACED", report_id)
    if row.found_s is not None and row.found_fen:
        return Refusal("LOSS_MONEY_FOUND", report_id)
    terms = loss_terms(city, row.reported_s)
    if now_s > row.reported_s + terms.found_days * DAY_S:
        return Refusal("LOSS_TOO_OLD", report_id, {"days": terms.found_days})
    since_s = now_s - terms.lifts_days * DAY_S
    lifted = [one for one in store.reports_of(cursor, account) if (one.lifted_s or 0) > since_s]
    if not by_staff and len(lifted) >= terms.lifts_most:
        return Refusal("LOSS_TOO_OFTEN", report_id, {"most": terms.lifts_most})
    store.write_lift(cursor, report_id, request_id, now_s)
    store.undeny(cursor, row.medium_no, MEDIUM_LOST)
    _bear(cursor, city, row, now_s)
    again = store.find_report(cursor, report_id)
    assert again is not None
    return _told(cursor, again)


def reports_of(cursor: Cursor, account: str) -> list[LossReport]:
    """All loss reports of an account, newest first."""
    return [_told(cursor, row) for row in store.reports_of(cursor, account)]


def release_found(cursor: Cursor, city: str, now_s: int) -> Released:
    """Move what lost cards' own purses still have to the accounts, each exactly once, after the
    last gates had their time. What a later tap takes from such a purse is the issuer's loss.
    """
    due = store.money_due(cursor, now_s)
    day = business_date(now_s)
    write_postings(cursor, [_found_posting(city, one, now_s, day) for one in due if one.amount_fen])
    for one in due:
        media.add_to_balance(cursor, one.purse_rider, -one.amount_fen)
        media.add_to_balance(cursor, one.account, one.amount_fen)
    store.write_found(cursor, due, now_s)
    cover_purses(cursor, city, now_s)
    moved = [one.amount_fen for one in due if one.amount_fen]
    return Released(len(moved), sum(moved))


def _found_posting(city: str, one: FoundMoney, now_s: int, day: date) -> Posting:
    issuer = issuer_member(city)
    return Posting(
        posting_id=digest("loss_found", city, one.report_id),
        kind="loss_found",
        occurred_s=now_s,
        booked_on=day,
        source=one.report_id,
        lines=(
            debit(issuer, one.purse_liability, one.amount_fen),
            credit(issuer, one.account_liability, one.amount_fen),
        ),
    )


def _bear(cursor: Cursor, city: str, row: ReportRow, now_s: int) -> None:
    riders = [rider for rider in (row.account, row.purse_rider) if rider]
    bear_late_trips(cursor, city, riders, business_date(now_s))


def _told(cursor: Cursor, row: ReportRow) -> LossReport:
    state: LossState = "lost"
    if row.lifted_s is not None:
        state = "found_again"
    elif replacing.replacement_of(cursor, row.medium_no) is not None:
        state = "replaced"
    again = store.find_report(cursor, row.report_id)
    borne_fen = 0 if again is None else again.borne_fen
    return LossReport(
        report_id=row.report_id,
        account=row.account,
        medium_no=row.medium_no,
        reported_s=row.reported_s,
        effective_s=row.effective_s,
        money_from_s=row.money_s,
        state=state,
        before="passenger",
        after="issuer",
        purse_fen=store.purse_fen(cursor, row.purse_rider),
        found_fen=row.found_fen,
        borne_fen=borne_fen,
        lifted_s=row.lifted_s,
    )
