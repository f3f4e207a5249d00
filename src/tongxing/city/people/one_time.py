"""One-time codes: six digits, bound to a number, a purpose and a session; never stored readable.

Whoever asks learns nothing of whether the number is known: nothing here looks at persons at all.
Guessing is bounded three times: five tries of a code, so many wrong tries of a client, and a
breaker over all of them, for a thousand numbers tried once each are a thousand tries. Only tries
that could hit a code count for it, or a stranger without any would stop the city; and while it
holds, a code that was sent before is looked at once, so that whoever waits for a message comes in.
Messages cost money: what an hour may cost is a full stop, counted one request after the other.
"""

import hashlib
import hmac
from dataclasses import dataclass

from tongxing.city.people.forms import phone_objection
from tongxing.city.people.house import PHONE, House
from tongxing.city.people.store import asking as store
from tongxing.city.people.store.asking import CodeRow
from tongxing.city.people.store.persons import lock
from tongxing.city.people.terms import HOUR_S, PeopleTerms
from tongxing.city.people.values import CodeHealth, CodeSent
from tongxing.city.store.cursor import Cursor
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal

PURPOSES = ("sign_in", "help", "close", "pay_out", "export", "upgrade", "change_phone")
DIGITS = 6

_CLIENT, _CODE = "client", "code"
_SPENT = ("sent", "used")
_NOBODY = "0" * 64
"""What a code is compared with where none was sent: the same work is done."""


@dataclass(frozen=True, slots=True)
class Asked:
    """For what a code is asked for or shown. Where `client` (address, device) is "" at a try, it is
    the one that asked for the code."""

    phone: str
    purpose: str
    session_id: str
    client: str

    def __repr__(self) -> str:
        return f"Asked({self.purpose})"


@dataclass(frozen=True, slots=True)
class Fresh:
    """A code that was made and has to be sent now, after the commit."""

    code_id: str
    code: str
    sent: CodeSent

    def __repr__(self) -> str:
        return f"Fresh({self.code_id})"


def make_code(house: House, cursor: Cursor, asked: Asked, now_s: int) -> Fresh | Refusal:
    """Make a code and count it.

    Refuses PHONE_INVALID, OTP_PURPOSE, OTP_RATE_LIMIT (too soon, too many for the number, by the
    client, or by the client for the number), OTP_SPEND_STOPPED and OTP_PAUSED.
    """
    terms = house.terms(now_s)
    refusal = phone_objection(asked.phone, terms)
    if refusal is not None:
        return refusal
    if asked.purpose not in PURPOSES:
        return Refusal("OTP_PURPOSE", asked.purpose)
    lock(cursor, ["one-time codes"])
    phones = house.indexes(PHONE, asked.phone)
    clients = house.indexes(_CLIENT, asked.client)
    refusal = (
        _paused(cursor, terms, now_s)
        or _spent(cursor, terms, now_s)
        or _client_limit(cursor, terms, clients, now_s)
        or _number_limit(cursor, terms, phones, clients, now_s)
    )
    if refusal is not None:
        return refusal
    code = _drawn(house)
    row = CodeRow(
        code_id=house.new_id(),
        phone_index=phones[-1],
        client_index=clients[-1],
        purpose=asked.purpose,
        session_hash=_session_hash(asked),
        code_hash=house.cells.blind_index(_CODE, _bound(asked, code)),
        asked_s=now_s,
        expires_s=now_s + terms.code_life_s,
        tries_left=terms.code_tries,
        state="sent",
    )
    store.write_code(cursor, row)
    return Fresh(row.code_id, code, CodeSent(now_s + terms.code_wait_s, row.expires_s))


def try_code(
    house: House, cursor: Cursor, asked: Asked, code: str, now_s: int
) -> CodeRow | Refusal:
    """The code's row when this is the code: still unused, for `use_code`. Counts the try; the
    caller commits after a refusal too, or nothing would be counted. The code and then its client
    stay locked until then: lock persons, phones and the like after it, never before.

    Refuses PHONE_INVALID, OTP_RATE_LIMIT (wrong tries of this client), OTP_PAUSED (but for the
    first try of a code, which was sent before the pause), OTP_WRONG (also for another purpose or
    session, or where no code was sent), OTP_LOCKED and OTP_EXPIRED.
    """
    terms = house.terms(now_s)
    refusal = phone_objection(asked.phone, terms)
    if refusal is not None:
        return refusal
    phones = house.indexes(PHONE, asked.phone)
    row = store.newest_code(cursor, phones, asked.purpose, [_session_hash(asked)])
    clients = house.indexes(_CLIENT, asked.client)
    if not asked.client and row is not None:
        clients = [row.client_index]
    lock(cursor, [f"{_CLIENT}:{one}" for one in clients])
    refusal = _wrong_limit(cursor, terms, clients, now_s)
    if refusal is not None:
        return refusal
    paused = _paused(cursor, terms, now_s)
    if paused is not None and (row is None or row.tries_left < terms.code_tries):
        return paused
    shown = house.indexes(_CODE, _bound(asked, code))
    kept = _NOBODY if row is None or row.state == "used" else row.code_hash
    matches = [hmac.compare_digest(one, kept) for one in shown]
    is_live = row is not None and _is_live(row, now_s)
    is_right = is_live and any(matches)
    store.write_try(cursor, now_s, clients[-1], is_right, is_live)
    if row is not None and is_right:
        return row
    if row is not None and is_live:
        store.set_code(cursor, row.code_id, row.state, row.tries_left - 1)
    return paused or _miss(asked, row, now_s)


def use_code(cursor: Cursor, row: CodeRow) -> None:
    """A code did what it was for, and does nothing more."""
    store.set_code(cursor, row.code_id, "used", row.tries_left)


def not_sent(cursor: Cursor, code_id: str) -> None:
    """The partner did not take the message: the code is void, and costs its number nothing."""
    store.set_code(cursor, code_id, "failed", 0)


def code_health(terms: PeopleTerms, cursor: Cursor, now_s: int) -> CodeHealth:
    """How the last hour of codes looks: `is_low` where messages are paid for and not used."""
    counts = store.code_counts(cursor, now_s - HOUR_S)
    used, failed = counts.get("used", 0), counts.get("failed", 0)
    sent = used + counts.get("sent", 0)
    _, wrong = store.try_counts(cursor, now_s - terms.breaker_window_s)
    return CodeHealth(
        sent=sent,
        used=used,
        failed=failed,
        spent_fen=sent * terms.sms_price_fen,
        cap_fen=terms.sms_cap_fen,
        wrong=wrong,
        is_stopped=sent >= terms.sms_max,
        is_paused=_paused(cursor, terms, now_s) is not None,
        is_low=sent >= terms.alarm_codes and used * 100 < sent * terms.alarm_percent,
    )


def _paused(cursor: Cursor, terms: PeopleTerms, now_s: int) -> Refusal | None:
    tries, wrong = store.try_counts(cursor, now_s - terms.breaker_window_s)
    most_are_wrong = wrong * 100 >= tries * terms.breaker_percent
    if (wrong >= terms.breaker_wrong and most_are_wrong) or wrong >= terms.breaker_wrong_max:
        return Refusal("OTP_PAUSED", values={"minutes": _minutes(terms.breaker_window_s)})
    return None


def _is_live(row: CodeRow, now_s: int) -> bool:
    """Whether the right digits would be taken."""
    return row.state == "sent" and row.tries_left > 0 and row.expires_s > now_s


def _miss(asked: Asked, row: CodeRow | None, now_s: int) -> Refusal:
    """What a try that was not right is told, where `row` is how its code stood before."""
    if row is None or row.state == "used":
        return Refusal("OTP_WRONG", asked.purpose, {"left": 0})
    if row.expires_s <= now_s:
        return Refusal("OTP_EXPIRED", asked.purpose)
    if row.tries_left == 0:
        return Refusal("OTP_LOCKED", asked.purpose)
    return Refusal("OTP_WRONG", asked.purpose, {"left": row.tries_left - 1})


def _spent(cursor: Cursor, terms: PeopleTerms, now_s: int) -> Refusal | None:
    counts = store.code_counts(cursor, now_s - HOUR_S)
    sent = sum(counts.get(state, 0) for state in _SPENT)
    return Refusal("OTP_SPEND_STOPPED") if sent >= terms.sms_max else None


def _client_limit(
    cursor: Cursor, terms: PeopleTerms, clients: list[str], now_s: int
) -> Refusal | None:
    codes, _ = store.client_times(cursor, clients, now_s - HOUR_S)
    codes_s = _free_s(codes, terms.client_codes_max, HOUR_S)
    return _wait("client", codes_s, now_s) or _wrong_limit(cursor, terms, clients, now_s)


def _wrong_limit(
    cursor: Cursor, terms: PeopleTerms, clients: list[str], now_s: int
) -> Refusal | None:
    """The limit of tries alone: whoever asked for all the codes of an hour may show them."""
    _, wrong = store.client_times(cursor, clients, now_s - HOUR_S)
    return _wait("client", _free_s(wrong, terms.client_wrong_max, HOUR_S), now_s)


def _number_limit(
    cursor: Cursor, terms: PeopleTerms, phones: list[str], clients: list[str], now_s: int
) -> Refusal | None:
    """So many codes of a number a day, and fewer of them by one client: a stranger alone does not
    use up the day of a number."""
    asked = store.asked_times(cursor, phones, clients, now_s - DAY_S)
    times = [asked_s for asked_s, _ in asked]
    by_client = [asked_s for asked_s, by_these in asked if by_these]
    from_s = max(
        _free_s(times, 1, terms.code_wait_s),
        _free_s(times, terms.codes_a_day, DAY_S),
        _free_s(by_client, terms.client_codes_a_day, DAY_S),
    )
    return _wait("phone", from_s, now_s)


def _wait(whose: str, from_s: int, now_s: int) -> Refusal | None:
    """Come back later, and when: `wait_s` counts from now."""
    wait_s = from_s - now_s
    if wait_s <= 0:
        return None
    return Refusal("OTP_RATE_LIMIT", whose, {"minutes": _minutes(wait_s), "wait_s": wait_s})


def _free_s(times: list[int], most: int, within_s: int) -> int:
    """From when on fewer than `most` of these times, oldest first, lie within so many seconds."""
    return times[-most] + within_s if len(times) >= most else 0


def _drawn(house: House) -> str:
    return f"{int.from_bytes(house.draw(16)) % 10**DIGITS:0{DIGITS}d}"


def _bound(asked: Asked, code: str) -> str:
    return "|".join((asked.phone, asked.purpose, _session_hash(asked), code))


def _session_hash(asked: Asked) -> str:
    return hashlib.sha256(asked.session_id.encode("utf-8", "surrogatepass")).hexdigest()


def _minutes(seconds: int) -> int:
    return -(-seconds // 60)
