"""A card is replaced at the counter: the old one ends at once, the new one carries on.

An M1 card is never turned into a CPU card in place (R-303): its holder gets a new one, and what is
known of the old one stays known under the new one. A card of an account only changes its number. A
purse is a rider by itself, so the new card is a rider of its own: a copy of the old card that still
rides somewhere never touches it. The old purse's money waits for the last gates, and is then loaded
onto the new chip (`loading`): what the issuer's books say, never what the old card claims.
"""

from dataclasses import dataclass, field

from tongxing.city.accounts import CARD_REPLACED
from tongxing.city.loss_terms import loss_terms
from tongxing.city.members import issuer_member
from tongxing.city.replacement_terms import replacement_terms
from tongxing.city.riding import NEW_STATE
from tongxing.city.store import disputes, media
from tongxing.city.store import replacing as store
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.replacing import MediumRow, ReplacementRow, Why
from tongxing.kernel.clock import business_date
from tongxing.kernel.ids import digest, masked
from tongxing.kernel.reasons import Refusal, reason
from tongxing.ledger import Posting, credit, debit
from tongxing.ledger.store import write_postings
from tongxing.network.legacy import LEGACY, Trust, legacy_objection
from tongxing.network.registry import Registry

BANK_OWN = "bank_own"
CARD_INCOME = "inc_card"
_ENDED_BEFORE = {"lost": "MEDIUM_LOST", "unbound": "CARD_UNBOUND"}
"""For what a card is on the deny list already when it is replaced for this reason."""


@dataclass(frozen=True, slots=True)
class NewCard:
    """The card that is handed out: its number, its scheme, and what the counter's reader could
    prove of it."""

    medium_no: str
    scheme: str
    trust: Trust = "proven"


@dataclass(frozen=True, slots=True)
class Replacing:
    """What staff ask for at the counter."""

    request_id: str
    staff: str
    old_no: str
    new: NewCard
    why: Why


@dataclass(frozen=True, slots=True)
class Replaced:
    """What was done: which card took whose place, what its holder paid for it, what the books say
    the old purse has (0 for a card of an account, whose money stays where it is), and from when
    that can be loaded onto the new one. `already_s` says when the same request was carried out
    before (None: only now); it is no part of what was done, so it is not compared."""

    old_no: str
    new_no: str
    why: Why
    fee_fen: int
    waiting_fen: int
    ready_s: int
    already_s: int | None = field(default=None, compare=False)


def replace_medium(
    cursor: Cursor, city: str, registry: Registry, asked: Replacing, now_s: int
) -> Replaced | Refusal:
    """Give a card's holder a new one; the same request again answers the same and does nothing.

    Refuses REQUEST_REUSED, MEDIUM_UNKNOWN, M1_UPGRADE_REFUSED and REPLACE_SAME_CARD (the old number
    again), what `_old_objection` and `_new_objection` name. Nothing is changed after a refusal.
    """
    before = store.find_replacement(cursor, asked.request_id)
    if before is not None:
        same = (before.old_no, before.new_no, before.why, before.decided_by) == (
            asked.old_no, asked.new.medium_no, asked.why, asked.staff,
        )  # fmt: skip
        if not same:
            return Refusal("REQUEST_REUSED", asked.request_id)
        return _answer(cursor, before, before.decided_s)
    old = store.find_medium(cursor, asked.old_no)
    if old is None:
        return Refusal("MEDIUM_UNKNOWN", asked.old_no)
    if asked.new.medium_no == asked.old_no:
        in_place = legacy_objection("upgrade_in_place", old.trust, asked.old_no)
        return in_place or Refusal("REPLACE_SAME_CARD", asked.old_no)
    refusal = _old_objection(cursor, old, asked.why) or _new_objection(
        cursor, city, registry, old, asked.new
    )
    if refusal is not None:
        return refusal
    row = ReplacementRow(
        request_id=asked.request_id,
        old_no=old.medium_no,
        new_no=asked.new.medium_no,
        why=asked.why,
        fee_fen=_fee_fen(city, asked.why, now_s),
        ready_s=_ready_s(city, old, asked.why, now_s),
        decided_s=now_s,
        decided_by=asked.staff,
    )
    _carry_out(cursor, city, old, asked.new, row)
    return _answer(cursor, row)


def _old_objection(cursor: Cursor, old: MediumRow, why: Why) -> Refusal | None:
    """REPLACE_NOT_A_CARD for a code, REPLACED_ALREADY, REPLACE_DENIED for a card that is denied for
    a reason of its own, REPLACE_NOT_LOST, REPLACE_NOT_UNBOUND and REPLACE_NOT_LEGACY where that is
    not so, REPLACE_DISPUTED, REPLACE_LOAD_PENDING while money goes onto it."""
    if old.medium_kind != "card":
        return Refusal("REPLACE_NOT_A_CARD", old.medium_no)
    done = store.replacement_of(cursor, old.medium_no)
    if done is not None:
        return Refusal("REPLACED_ALREADY", old.medium_no, {"new": masked(done.new_no)})
    needed = _ENDED_BEFORE.get(why, "")
    if needed and old.denied != needed:
        return Refusal(f"REPLACE_NOT_{why.upper()}", old.medium_no)
    if why == "lost" and disputes.open_case_of_card(cursor, old.medium_no):
        return Refusal("REPLACE_DISPUTED", old.medium_no)
    if old.denied != needed:
        told = reason(old.denied)
        values = {"why_zh": told.zh, "why_en": told.en}
        return Refusal("REPLACE_DENIED", old.medium_no, values)
    if why == "legacy" and old.trust != LEGACY:
        return Refusal("REPLACE_NOT_LEGACY", old.medium_no)
    if store.pending_load(cursor, old.medium_no) is not None:
        return Refusal("REPLACE_LOAD_PENDING", old.medium_no)
    return None


def _new_objection(
    cursor: Cursor, city: str, registry: Registry, old: MediumRow, new: NewCard
) -> Refusal | None:
    """REPLACE_NEEDS_CHIP for another legacy card, REPLACE_OTHER_ISSUER for a number that is not one
    of this city's in the old card's scheme or a national one, REPLACE_NEW_USED."""
    refusal = legacy_objection("become_replacement", new.trust, new.medium_no)
    if refusal is not None:
        return refusal
    if not _is_ours(city, registry, old.scheme, new):
        return Refusal("REPLACE_OTHER_ISSUER", new.medium_no)
    if store.was_ever_used(cursor, new.medium_no):
        return Refusal("REPLACE_NEW_USED", new.medium_no)
    return None


def _is_ours(city: str, registry: Registry, old_scheme: str, new: NewCard) -> bool:
    scheme = registry.schemes.get(new.scheme)
    if scheme is None or (new.scheme != old_scheme and scheme.kind != "national"):
        return False
    matches = registry.identify(new.medium_no)
    if isinstance(matches, Refusal):
        return False
    return any(
        match.scheme == new.scheme and match.issuer in ("", city) and match.kind != "outside"
        for match in matches
    )


def _fee_fen(city: str, why: Why, now_s: int) -> int:
    if why == "lost":
        return loss_terms(city, now_s).lost_fee_fen
    if why == "unbound":
        return loss_terms(city, now_s).unbound_fee_fen
    return replacement_terms(city, now_s).fee_fen


def _ready_s(city: str, old: MediumRow, why: Why, now_s: int) -> int:
    """From when an old purse's money may be loaded. That of an unbound card waited in the account;
    what a gate still took from its own purse meanwhile is the issuer's loss."""
    waits = old.rider_kind == "purse" and why != "unbound"
    return replacement_terms(city, now_s).ready_s(now_s) if waits else now_s


def _carry_out(
    cursor: Cursor, city: str, old: MediumRow, new: NewCard, row: ReplacementRow
) -> None:
    if row.why != "lost":  # a lost card stays one, and is told so at a gate
        media.deny(cursor, old.medium_no, CARD_REPLACED)
    rider_id = old.rider_id
    if old.rider_kind == "purse" or row.why == "unbound":
        rider_id = new.medium_no
        liability = f"liab_purse:{rider_id}"
        media.write_riders(cursor, [(rider_id, "purse", liability, 0, 0, NEW_STATE)])
    media.write_media(
        cursor, [(new.medium_no, rider_id, "card", new.scheme, old.product, new.trust)]
    )
    store.write_replacement(cursor, row)
    issuer = issuer_member(city)
    fee = (debit(issuer, BANK_OWN, row.fee_fen), credit(issuer, CARD_INCOME, row.fee_fen))
    posting_id = digest("card_fee", city, row.request_id)
    booked_on = business_date(row.decided_s)
    write_postings(
        cursor, [Posting(posting_id, "card_fee", row.decided_s, booked_on, row.new_no, fee)]
    )


def _answer(cursor: Cursor, row: ReplacementRow, already_s: int | None = None) -> Replaced:
    waiting_fen = sum(max(0, purse.balance_fen) for purse in store.old_purses(cursor, row.new_no))
    return Replaced(
        row.old_no, row.new_no, row.why, row.fee_fen, waiting_fen, row.ready_s, already_s
    )
