"""Where the money of a dispute ends: back in the card's own purse, or free in the account.

Back means what the binding moved, less what was ridden with that card since. The holder never bears
what the account no longer has: the issuer does, and it stands in the books as its loss.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tongxing.city.binding.moving import HOLD_WHY
from tongxing.city.covering import cover_purses
from tongxing.city.losing.values import Bindings, Money, Notify, People
from tongxing.city.loss_terms import Outcome
from tongxing.city.members import issuer_member
from tongxing.city.store import binding, losing, media
from tongxing.city.store import disputes as store
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.disputes import CaseRow
from tongxing.kernel.clock import business_date
from tongxing.kernel.ids import digest, masked
from tongxing.ledger import Posting, credit, debit
from tongxing.ledger.store import write_postings

DISPUTE_LOSS = "exp_dispute_loss"
CARD_UNBOUND = "CARD_UNBOUND"


@dataclass(frozen=True, slots=True)
class Parties:
    """The neighbours a dispute needs: people to tell, money to freeze, bindings to end."""

    people: People
    money: Money
    bindings: Bindings
    notify: Notify

    def tell(
        self, cursor: Cursor, case: CaseRow, kind: str, values: Mapping[str, object], now_s: int
    ) -> None:
        """Tell the account's holder; the number is masked."""
        self._say(cursor, case, case.account, kind, values, now_s)

    def tell_claimant(
        self, cursor: Cursor, case: CaseRow, kind: str, values: Mapping[str, object], now_s: int
    ) -> None:
        """Tell whoever claimed the card, where a person is known; only what two people decided."""
        if case.claimant:
            self._say(cursor, case, case.claimant, kind, values, now_s)

    def _say(
        self,
        cursor: Cursor,
        case: CaseRow,
        whom: str,
        kind: str,
        values: Mapping[str, object],
        now_s: int,
    ) -> None:
        said = {"card": masked(case.medium_no), **values}
        self.notify(cursor, whom, kind, said, now_s)


def joined_freeze(case_id: str) -> str:
    """The freeze of a case that a card took over: it is another one than its first."""
    return digest("dispute_join", case_id)


def settle(
    cursor: Cursor,
    city: str,
    parties: Parties,
    case: CaseRow,
    outcome: Outcome,
    now_s: int,
    *,
    decided: bool,
) -> None:
    """End a dispute: move its money where it belongs, let go of the rest, tell the account's holder
    and, where two people `decided`, the claimant."""
    back_fen = borne_fen = 0
    for freeze_id in (case.case_id, joined_freeze(case.case_id)):
        parties.money.thaw(cursor, freeze_id, now_s)
    if outcome == "back":
        back_fen, borne_fen = _give_back(cursor, city, parties, case, now_s, decided=decided)
    store.write_end(cursor, case.case_id, outcome, back_fen, borne_fen, now_s)
    values = {"amount_fen": back_fen}
    parties.tell(cursor, case, f"dispute_{outcome}", values, now_s)
    if decided:
        parties.tell_claimant(cursor, case, f"dispute_{outcome}", values, now_s)


def _give_back(
    cursor: Cursor, city: str, parties: Parties, case: CaseRow, now_s: int, *, decided: bool
) -> tuple[int, int]:
    """What goes back to the card, and how much of that the issuer bears: nothing where no two
    people `decided`, or whoever disputes their own binding would be paid twice by the clock."""
    moved_fen = case.moved_fen + store.found_fen(cursor, case.account, case.medium_no, case.from_s)
    ridden_fen = store.ridden_fen(cursor, case.account, case.medium_no, case.from_s)
    back_fen = max(0, moved_fen - ridden_fen)
    liability, balance_fen = store.account_money(cursor, case.account)
    taken_fen = min(back_fen, max(0, balance_fen))
    if not decided:
        back_fen = taken_fen
    borne_fen = back_fen - taken_fen
    parties.bindings.end(cursor, case.binding_id, "disputed", now_s)
    for move in binding.moves_of(cursor, case.binding_id):
        hold_id = digest(HOLD_WHY, case.binding_id, move.number)
        parties.money.thaw(cursor, hold_id, now_s)
    report = losing.standing_report(cursor, case.medium_no)
    if report is not None:
        losing.write_lift(cursor, report.report_id, digest("dispute", case.case_id), now_s)
    purse_rider = losing.purse_rider_of(cursor, case.medium_no)
    purse = store.give_card_its_purse(cursor, case.medium_no, purse_rider, CARD_UNBOUND)
    issuer = issuer_member(city)
    lines = (
        debit(issuer, liability, taken_fen),
        debit(issuer, DISPUTE_LOSS, borne_fen),
        credit(issuer, purse, back_fen),
    )
    write_postings(
        cursor,
        [
            Posting(
                posting_id=digest("dispute_back", city, case.case_id),
                kind="dispute_back",
                occurred_s=now_s,
                booked_on=business_date(now_s),
                source=case.case_id,
                lines=lines,
            )
        ],
    )
    media.add_to_balance(cursor, case.account, -taken_fen)
    media.add_to_balance(cursor, purse_rider or case.medium_no, back_fen)
    cover_purses(cursor, city, now_s)
    return back_fen, borne_fen
