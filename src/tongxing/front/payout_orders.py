"""The messages that pay a city's operators: read as the hub wrote them, written once more, handed
to the bank.

A message that is written once more is the old one with another identification, hour and (where two
persons said so) account, and says which payment it takes the place of.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pyiso20022.pacs import pacs_009_001_08 as pacs
from pyiso20022.pain import pain_001_001_09 as pain

from tongxing.city.hub_line.store import LetterBook
from tongxing.city.payouts import Order, PayoutDesk, Successor
from tongxing.hub.iso20022.common import SCHEME, from_bytes, to_bytes, xml_moment
from tongxing.hub.iso20022.payments import PAIN_001
from tongxing.kernel.clock import instant
from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Refusal
from tongxing.messages import HUB_SENDER


@dataclass(frozen=True, slots=True)
class Parties:
    """Who pays whom by a message, and when a payout is due (None between members and hub)."""

    debtor: str
    creditor: str
    due_s: int | None = None

    def other_than(self, member: str) -> str:
        """The other end of a payment of a member: the member itself when that is the hub."""
        other = self.creditor if self.debtor == member else self.debtor
        return member if other == HUB_SENDER else other


def read_order(message: bytes) -> Parties | Refusal:
    """The parties of a pacs.009 or pain.001. Refuses PAYMENT_MALFORMED."""
    found: Refusal | None = None
    readers: tuple[tuple[type[Any], Callable[[Any], Parties]], ...] = (
        (pacs.Document, _interbank),
        (pain.Document, _payout),
    )
    for kind, parties in readers:
        document: Any = from_bytes(message, kind)
        if not isinstance(document, Refusal):
            return parties(document)
        found = document
    assert found is not None
    return found


def payout_again(message: bytes, now_s: int, successor: Successor) -> bytes:
    """A pain.001 of ours or of the hub, written once more. Raises ValueError for any other."""
    document: Any = from_bytes(message, pain.Document)
    if isinstance(document, Refusal):
        raise ValueError(document.code)
    head, (order,) = document.cstmr_cdt_trf_initn.grp_hdr, document.cstmr_cdt_trf_initn.pmt_inf
    (transfer,) = order.cdt_trf_tx_inf
    name = successor.payment
    head.msg_id, head.cre_dt_tm, order.pmt_inf_id = name, xml_moment(now_s), name
    order.reqd_exctn_dt = pain.DateAndDateTime2Choice(dt_tm=xml_moment(successor.due_s))
    transfer.pmt_id = pain.PaymentIdentification6(instr_id=name, end_to_end_id=name)
    if successor.account:
        account = pain.GenericAccountIdentification1(id=successor.account, issr=SCHEME)
        transfer.cdtr_acct.id = pain.AccountIdentification4Choice(othr=account)
    told = [one for one in transfer.rmt_inf.ustrd if not one.startswith("replaces ")]
    transfer.rmt_inf.ustrd = [*told, f"replaces {successor.replaces}"]
    return to_bytes(document, PAIN_001)


@dataclass(frozen=True, slots=True)
class PayoutHouse:
    """A city's payouts: the desk, the hub's letters, and the folder for its bank."""

    city: str
    desk: PayoutDesk
    letters: LetterBook
    folder: Path

    def reissue(
        self, payment: str, by: str, why: str, account: str, now_s: int
    ) -> Order | Refusal | None:
        """Send a payout again, once a second person says so; None for the first one's word.

        Refuses PAYMENT_UNKNOWN, PAYOUT_OTHERS for a payment with the hub or of an operator to its
        acquirer, and as `PayoutDesk.reissue`.
        """
        old = self.desk.order(payment) or self._of_hub(payment)
        if isinstance(old, Refusal):
            return old
        make = partial(payout_again, old.message, now_s)
        return self.desk.reissue(old, by, why, account, now_s, make)

    def hand_out(self) -> list[Path]:
        """Lay what waits to be sent into the folder for the bank; those that were not there."""
        return list(_put(self.folder, self.desk.to_send()))

    def _of_hub(self, payment: str) -> Order | Refusal:
        told = self.letters.instruction(payment)
        if told is None:
            return Refusal("PAYMENT_UNKNOWN", values={"reference": payment})
        member, window_id, message = told
        parties = read_order(message)
        if isinstance(parties, Refusal):
            return parties
        if parties.due_s is None or parties.debtor != member:
            return Refusal("PAYOUT_OTHERS", values={"reference": payment})
        return Order(payment, window_id, parties.creditor, parties.due_s, message)


def _put(folder: Path, orders: Iterable[Order]) -> Iterable[Path]:
    for order in orders:
        path = folder / order.window_id / f"{order.payment}.xml"
        if not path.is_file() or path.read_bytes() != order.message:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, order.message)
            yield path


def _interbank(document: Any) -> Parties:
    (one,) = document.ficdt_trf.cdt_trf_tx_inf
    return Parties(one.dbtr.fin_instn_id.othr.id, one.cdtr.fin_instn_id.othr.id)


def _payout(document: Any) -> Parties:
    (order,) = document.cstmr_cdt_trf_initn.pmt_inf
    (one,) = order.cdt_trf_tx_inf
    due_s = instant(order.reqd_exctn_dt.dt_tm.to_datetime())
    return Parties(order.dbtr.id.org_id.othr[0].id, one.cdtr.id.org_id.othr[0].id, due_s)
