"""The desk of ride codes: a phone proves its key and is granted an authorisation for some days.

The phone's private key never comes here; what comes is its public one and a signature over a
question of ours. What is granted works without a network until it ends, and gates deny accounts and
never phones: so authorisations are short, and ending a phone says what it can still do.
"""

from collections.abc import Callable

from msgspec.json import decode

from tongxing.city.codes.issuer import CodeIssuer
from tongxing.city.codes.proof import ACCOUNT_FORM, NONCE_BYTES, Asked, proof_objection
from tongxing.city.codes.rules import (
    account_objection,
    basis_of,
    device_objection,
    granting,
    kind_objection,
)
from tongxing.city.codes.terms import CodeKind, CodeRules, code_rules
from tongxing.city.codes.values import (
    AccountPeople,
    Authorised,
    CodeType,
    CodeTypeChosen,
    Device,
    DeviceEnded,
)
from tongxing.city.office import Office
from tongxing.city.store import ride_codes as store
from tongxing.city.store.cursor import Cursor
from tongxing.city.store.ride_codes import GrantRow, Holder
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.layout import RideCode, parse_code
from tongxing.media.crypto.providers import sm2
from tongxing.messages import Tap


class CodeDesk:
    """Ride codes of one city's accounts. For any number of threads.

    `people` knows who stands behind an account (`PeopleDesk`); `draw` gives unpredictable bytes.
    `issuer` may be put in another's place at any time (a renewed certificate).
    """

    def __init__(
        self,
        office: Office,
        issuer: CodeIssuer,
        draw: Callable[[int], bytes],
        people: AccountPeople,
    ) -> None:
        self.issuer = issuer
        self._office = office
        self._draw = draw
        self._people = people
        self._sm2 = sm2()

    def nonce(self, account: str, now_s: int) -> str | Refusal:
        """A question (64 hex digits) for a phone of this account, good for one answer within the
        time the rules allow. Refuses CODE_INPUT and RIDER_UNKNOWN."""
        if not ACCOUNT_FORM.fullmatch(account):
            return Refusal("CODE_INPUT", "account", {"field": "account"})
        nonce = self._draw(NONCE_BYTES).hex()
        with self._office.writing() as cursor:
            if store.holder_of(cursor, account) is None:
                return Refusal("RIDER_UNKNOWN")
            keep = self._rules(now_s).terms.nonces_max
            store.write_nonce(cursor, account, nonce, now_s, keep)
        return nonce

    def authorise(
        self,
        account: str,
        device_id: str,
        code_type: str,
        user_key: bytes,
        nonce: str,
        signature: bytes,
        now_s: int,
    ) -> Authorised | Refusal:
        """Grant a phone codes of a kind, or give again what it was granted while that is fresh.

        Refuses what `proof_objection`, `account_objection`, `kind_objection` and `device_objection`
        name, CODE_TYPE_UNKNOWN, CODE_NONCE, CODE_KEY_IN_USE, CODE_ISSUER_EXPIRED, and what the
        issuer's signer refuses. After a refusal nothing is changed and the question stays open.
        """
        asked = Asked(account, device_id, code_type, user_key, nonce)
        rules = self._rules(now_s)
        kind = rules.kind(code_type)
        objection = proof_objection(self._sm2, asked, signature)
        if objection is not None:
            return objection
        if kind is None:
            return Refusal("CODE_TYPE_UNKNOWN", code_type)
        if self.issuer.ends_s <= now_s:
            return Refusal("CODE_ISSUER_EXPIRED")
        person = self._people.standing_of(account)
        with self._office.writing() as cursor:
            since_s = now_s - rules.terms.nonce_s
            seen = store.look(cursor, account, device_id, code_type, nonce, since_s)
            holder = seen.holder
            objection = account_objection(rules.terms, person, holder, now_s)
            if objection is not None or holder is None or person is None:
                return objection or Refusal("RIDER_UNKNOWN")
            objection = kind_objection(kind, holder) or _objection(rules, asked, seen, now_s)
            if objection is not None:
                return objection
            basis = basis_of(rules, kind, account, holder, self.issuer.platform_id)
            kept = None if seen.newest is None else _authorised(rules, seen.newest)
            if kept is not None and kept.basis == basis and now_s < kept.renew_from_s:
                store.take_nonce(cursor, nonce)
                return kept
            length_s = rules.terms.length_s(person.opened_s, now_s)
            is_new = all(phone.device_id != device_id for phone in seen.devices)
            return self._granted(
                cursor, rules, kind, holder, asked, signature, basis, length_s, now_s, is_new=is_new
            )

    def _granted(
        self,
        cursor: Cursor,
        rules: CodeRules,
        kind: CodeKind,
        holder: Holder,
        asked: Asked,
        signature: bytes,
        basis: str,
        length_s: int,
        now_s: int,
        *,
        is_new: bool,
    ) -> Authorised | Refusal:
        issuer, account = self.issuer, asked.account
        ends_s = min(now_s + length_s, issuer.ends_s)
        grant = granting(rules, kind, account, holder, issuer.platform_id, asked.user_key, ends_s)
        authorisation = issuer.authorise(grant)
        if isinstance(authorisation, Refusal):
            return authorisation
        row = GrantRow(asked.nonce, account, asked.device_id, kind.name, basis, signature,
                       authorisation, now_s, ends_s)  # fmt: skip
        if not store.write_grant(cursor, row, asked.user_key, is_new=is_new):
            return Refusal("CODE_KEY_IN_USE", asked.device_id)
        return _authorised(rules, row)

    def devices(self, account: str) -> list[Device]:
        """The phones of an account, the one used last first."""
        with self._office.reading() as cursor:
            rows = store.devices(cursor, account)
        return [
            Device(row.device_id, row.first_s, row.last_s, row.ends_s, row.ended_s) for row in rows
        ]

    def end_device(self, account: str, device_id: str, now_s: int) -> DeviceEnded | Refusal:
        """Grant a phone no more; the same again answers the same. Refuses CODE_DEVICE_UNKNOWN.

        To stop at once whatever the phone still has, the account's code must be denied at gates.
        """
        with self._office.writing() as cursor:
            store.lock_account(cursor, account)
            store.end_device(cursor, account, device_id, now_s)
            row = store.device(cursor, account, device_id)
            holder = store.holder_of(cursor, account)
        if row is None or row.ended_s is None:
            return Refusal("CODE_DEVICE_UNKNOWN", device_id)
        covered = 0 if holder is None else holder.balance_fen + holder.limit_fen
        terms = self._rules(row.ended_s).terms
        most_fen = terms.most_lost_fen(covered, row.ends_s - now_s)
        return DeviceEnded(device_id, row.ended_s, row.ends_s, most_fen)

    def kinds(self, now_s: int) -> tuple[CodeKind, ...]:
        """The kinds of code of this city, whoever asks."""
        return self._rules(now_s).kinds

    def types(self, account: str, now_s: int) -> list[CodeType]:
        """The kinds of code of this city as this account sees them, in the order of the rules.

        All of them carry the same reason when the account itself may show none.
        """
        person = self._people.standing_of(account)
        with self._office.reading() as cursor:
            holder = store.holder_of(cursor, account)
        rules = self._rules(now_s)
        objection = account_objection(rules.terms, person, holder, now_s)
        return [self._offered(rules, kind, account, holder, objection) for kind in rules.kinds]

    def last_type(self, account: str, now_s: int) -> str:
        """The kind of code that comes first: that of the newest ride with a code or the one chosen
        by hand, whichever is newer, as long as the account may show it; else the first it may."""
        rules = self._rules(now_s)
        with self._office.reading() as cursor:
            holder = store.holder_of(cursor, account)
            wished = [(at_s, name) for name, at_s in (store.chosen(cursor, account),) if name]
            taps = store.newest_code_taps(cursor, account)
        ridden = ((time_s, _kind_ridden(rules, body)) for time_s, body in taps)
        wished += [next(((at_s, kind.name) for at_s, kind in ridden if kind), (-1, ""))]
        may = [
            kind.name
            for kind in rules.kinds
            if holder is not None and kind_objection(kind, holder) is None
        ]
        newest_first = [name for _, name in sorted(wished, reverse=True)]
        usual = [name for name in newest_first if name in may] + may
        return usual[0] if usual else rules.kinds[-1].name

    def choose_type(self, account: str, code_type: str, now_s: int) -> CodeTypeChosen | Refusal:
        """Put a kind of code first from now on. Refuses CODE_TYPE_UNKNOWN, RIDER_UNKNOWN and
        CODE_TYPE_NEEDS_CARD."""
        kind = self._rules(now_s).kind(code_type)
        if kind is None:
            return Refusal("CODE_TYPE_UNKNOWN", code_type)
        with self._office.writing() as cursor:
            holder = store.holder_of(cursor, account)
            if holder is None:
                return Refusal("RIDER_UNKNOWN")
            objection = kind_objection(kind, holder)
            if objection is not None:
                return objection
            store.lock_account(cursor, account)
            store.choose(cursor, account, code_type, now_s)
        return CodeTypeChosen(code_type, now_s)

    def _offered(
        self,
        rules: CodeRules,
        kind: CodeKind,
        account: str,
        holder: Holder | None,
        objection: Refusal | None,
    ) -> CodeType:
        basis = ""
        if holder is not None:
            objection = objection or kind_objection(kind, holder)
            basis = basis_of(rules, kind, account, holder, self.issuer.platform_id)
        return CodeType(
            code_type=kind.name,
            title_key=f"code.type.{kind.name}",
            gold=kind.gold,
            available=objection is None,
            why=objection,
            basis=basis,
        )

    def _rules(self, now_s: int) -> CodeRules:
        return code_rules(self._office.code, now_s)


def _objection(rules: CodeRules, asked: Asked, seen: store.Seen, now_s: int) -> Refusal | None:
    """What speaks against the question or the phone."""
    if not seen.is_open:
        return Refusal("CODE_NONCE", "nonce")
    return device_objection(rules.terms, seen.devices, asked.device_id, asked.user_key, now_s)


def _authorised(rules: CodeRules, row: GrantRow) -> Authorised:
    terms = rules.terms
    return Authorised(
        authorisation=row.authorisation,
        ends_s=row.ends_s,
        renew_from_s=terms.renew_from_s(row.issued_s, row.ends_s),
        validity_s=terms.validity_s,
        refresh_s=terms.refresh_s,
        code_type=row.code_type,
        basis=row.basis,
    )


def _kind_ridden(rules: CodeRules, body: str) -> CodeKind | None:
    """The kind of code that a tap was made with; None for another issuer's or an unreadable one."""
    code = parse_code(decode(body, type=Tap).code)
    return rules.kind_in(code.custom) if isinstance(code, RideCode) else None
