"""Who may show which code: the questions an account and a phone must pass. Pure."""

from collections.abc import Sequence

from tongxing.city.codes.terms import CodeKind, CodeRules, CodeTerms
from tongxing.city.codes.values import AccountPerson
from tongxing.city.store.ride_codes import DeviceRow, Holder
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.ids import digest
from tongxing.kernel.reasons import Refusal, reason
from tongxing.media.code.issue import Authorisation, card_account_of

CARD_ACCOUNT_DIGITS = 20
_CARD_DIGITS = 19


def account_objection(
    terms: CodeTerms, person: AccountPerson | None, holder: Holder | None, now_s: int
) -> Refusal | None:
    """Why an account may not show codes: RIDER_UNKNOWN, CODE_ACCOUNT_CLOSED, CODE_LEVEL, or
    CODE_DENIED for whatever denies its code at gates (a loss, a debt beyond the limit, …)."""
    if person is not None and person.closed_s is not None and person.closed_s <= now_s:
        return Refusal("CODE_ACCOUNT_CLOSED")
    if person is None or holder is None:
        return Refusal("RIDER_UNKNOWN")
    if person.level < terms.level_min:
        return Refusal("CODE_LEVEL")
    if holder.denied:
        why = reason(holder.denied)
        return Refusal("CODE_DENIED", holder.denied, {"why_zh": why.zh, "why_en": why.en})
    return None


def device_objection(
    terms: CodeTerms,
    devices: Sequence[DeviceRow],
    device_id: str,
    user_key: bytes,
    now_s: int,
) -> Refusal | None:
    """Why a phone may not be granted anything: CODE_DEVICE_ENDED, CODE_DEVICE_KEY for another key
    than its own, CODE_DEVICE_LIMIT, CODE_NEW_DEVICE_LIMIT.

    A phone counts while it can show codes and was not ended.
    """
    others = [one for one in devices if one.device_id != device_id]
    known = next((one for one in devices if one.device_id == device_id), None)
    if known is not None and known.ended_s is not None:
        return Refusal("CODE_DEVICE_ENDED", device_id)
    if known is not None and known.user_key != user_key:
        return Refusal("CODE_DEVICE_KEY", device_id)
    in_use = [one for one in others if one.ended_s is None and one.ends_s > now_s]
    if len(in_use) >= terms.devices_max:
        return Refusal("CODE_DEVICE_LIMIT", device_id, {"most": terms.devices_max})
    newcomers = [one for one in others if one.first_s > now_s - terms.new_devices_s]
    if known is None and len(newcomers) >= terms.new_devices_max:
        values = {"most": terms.new_devices_max, "days": terms.new_devices_s // DAY_S}
        return Refusal("CODE_NEW_DEVICE_LIMIT", device_id, values)
    return None


def kind_objection(kind: CodeKind, holder: Holder) -> Refusal | None:
    """Why an account may not show this kind of code: CODE_TYPE_NEEDS_CARD."""
    lacks = kind.needs_card and holder.card is None
    return Refusal("CODE_TYPE_NEEDS_CARD", kind.name) if lacks else None


def card_account(account: str, card: str | None) -> str:
    """Field 5 of a code: the bound card's number, where it has the 19 digits of a national one.

    A local card's number has no form there; the account's own digits stand for it. A display is
    known to gates by the payment account and its time, so that two phones of one account are one
    passenger whatever stands here.
    """
    if card is not None and len(card) == _CARD_DIGITS and card[0] != "0":
        return card_account_of(card)
    return account.rjust(CARD_ACCOUNT_DIGITS, "0")


def granting(
    rules: CodeRules,
    kind: CodeKind,
    account: str,
    holder: Holder,
    platform_id: str,
    user_key: bytes,
    ends_s: int,
) -> Authorisation:
    """What is granted to a phone."""
    return Authorisation(
        payment_account=account,
        card_account=card_account(account, holder.card),
        platform_id=platform_id,
        user_key=user_key,
        ends_s=ends_s,
        account_type=rules.account_type(holder.product),
        limit_fen=rules.terms.limit_fen,
        validity_s=rules.terms.validity_s,
        custom=kind.custom,
    )


def basis_of(
    rules: CodeRules, kind: CodeKind, account: str, holder: Holder, platform_id: str
) -> str:
    """A digest of what an authorisation rests on: where it has changed, a phone should ask anew."""
    granted = granting(rules, kind, account, holder, platform_id, b"", 0)
    return digest(
        granted.payment_account,
        granted.card_account,
        granted.platform_id,
        granted.account_type,
        granted.limit_fen,
        granted.validity_s,
        granted.custom,
    )
