"""What the console alone has to name: parties at the hub, ledger accounts, proofs."""

from functools import cache

from tongxing.city.upgrading.programme import TEXTS as UPGRADE_TEXTS
from tongxing.kernel.ids import masked
from tongxing.kernel.payments import reason_text
from tongxing.kernel.proofs import proof_texts
from tongxing.kernel.texts import Catalogue, load_catalogue
from tongxing.messages import HUB_SENDER
from tongxing.web.names import Names as CommonNames

_MEMBER_KINDS = {"ISS": "issuer", "ACQ": "acquirer"}


class Names(CommonNames):
    """Names in one language."""

    def party(self, party: str) -> str:
        """Whoever can owe or be owed money: a member, an operator, or the hub."""
        if party == HUB_SENDER:
            return _hub_words().text("statement.hub", self._language)
        kind, _, code = party.partition("-")
        if kind in _MEMBER_KINDS:
            key = f"member.{_MEMBER_KINDS[kind]}"
            return _hub_words().text(key, self._language, city=self.city(code))
        return self.operator(party)

    def truth(self, number: int) -> str:
        """What one of the eight truths says."""
        return proof_texts().text(f"truth.{number}", self._language)

    def proof(self, name: str) -> str:
        """What a proof says."""
        return proof_texts().text(name, self._language)

    def proof_figure(self, name: str) -> str:
        """A figure of a proof; without its unit where it is money, which pages show as ¥."""
        text = proof_texts().text(f"figure.{name}", self._language)
        return text.removesuffix("（分）").removesuffix(", fen")

    def upgrade(self, group: str, key: str) -> str:
        """A channel or kind of the upgrade service; one without a name as it is."""
        entry = UPGRADE_TEXTS.entries.get(f"{group}.{key}")
        return key if entry is None else entry[self._language]

    def bank_reason(self, code: str) -> str:
        """Why a bank turned a payment down or sent it back."""
        return reason_text(code, self._language)

    def account(self, account: str) -> str:
        """A ledger account: what it holds, and whose it is where it is somebody's."""
        stem, _, owner = account.partition(":")
        key = f"account.{stem}"
        if key not in self._words.entries:
            return account
        named = self.party(owner) if stem in ("due_op", "pos") else owner
        return self._words.text(key, self._language, owner=named)

    def account_code(self, account: str) -> str:
        """A ledger account as the books write it, with a card number in it masked."""
        stem, colon, owner = account.partition(":")
        is_number = stem == "liab_purse" and owner.isdigit()
        return f"{stem}{colon}{masked(owner) if is_number else owner}"


def city_of(member: str) -> str:
    """The division code of a member id such as ``ISS-500000``."""
    return member.partition("-")[2]


@cache
def _hub_words() -> Catalogue:
    """What the hub calls its members, so that pages and statements say the same."""
    return load_catalogue("tongxing.hub")
