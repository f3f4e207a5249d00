"""What a city asks of a payment partner, and what it may believe of the answers.

One shape for every partner: an order is paid on the partner's own page, a refund goes back to where
that order was paid from, a mandate (免密, password-free payment) lets the city debit what is owed.
Adapters sign, verify and translate; they decide nothing and keep nothing. Who asks twice with one
id gets one movement of money: adapters pass our ids on as the partner's own idempotent ids.

An answer that did not come is `unknown`, never a guess. A `Refusal` from a call that moves money
says that certainly nothing moved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from tongxing.kernel.reasons import Refusal

PaymentState = Literal["unpaid", "paid", "closed", "refused", "absent", "unknown"]
"""Of an order at the partner. `unpaid`: it may still be paid, or the partner is still at it;
`closed`: it can never be paid again; `refused`: a debit that certainly took nothing; `absent`: the
partner never heard of it; `unknown`: no answer that can be believed."""

RefundAnswer = Literal["done", "failed", "pending", "absent", "unknown"]
"""Of a refund at the partner. `failed`: certainly nothing went back and nothing will under this id;
`pending`: ask again later; `absent`: never asked; `unknown`: no answer that can be believed."""

MandateAnswer = Literal["asked", "signed", "ended", "absent", "unknown"]
"""Of a mandate at the partner."""

NoticeKind = Literal[
    "paid", "closed", "refunded", "refund_failed", "mandate_signed", "mandate_ended", "other"
]
"""What a verified notice says; `other` is genuine and of no meaning to us."""


@dataclass(frozen=True, slots=True)
class PayOrder:
    """An order to be paid on the partner's page. `order_id` is ours and at most 32 characters of
    0-9 and a-z; `subject` is what the payer reads; `expires_s` is when it stops being payable."""

    order_id: str
    amount_fen: int
    subject: str
    return_url: str
    expires_s: int


@dataclass(frozen=True, slots=True)
class PayAsked:
    """Where the passenger goes to pay, or to sign a mandate."""

    url: str


@dataclass(frozen=True, slots=True)
class PayState:
    """An order as the partner has it. `partner_no` is the partner's number of the trade, "" before
    there is one; `merchant` is who was paid (the channel's own `merchant` where the partner's
    answer does not repeat it); `amount_fen` and `at_s` are 0 unless it is paid."""

    state: PaymentState
    partner_no: str = ""
    amount_fen: int = 0
    merchant: str = ""
    at_s: int = 0


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """Money back to where `order_id` was paid from; `paid_fen` is the whole of that order, and
    `refund_id` ours, as an order's id is."""

    refund_id: str
    order_id: str
    amount_fen: int
    paid_fen: int
    subject: str


@dataclass(frozen=True, slots=True)
class RefundState:
    """A refund as the partner has it; `amount_fen` and `at_s` are 0 unless it is done."""

    state: RefundAnswer
    partner_no: str = ""
    amount_fen: int = 0
    at_s: int = 0


@dataclass(frozen=True, slots=True)
class MandateOrder:
    """A mandate to be signed on the partner's page. `mandate_id` is ours; `account_ref` is the
    passenger's account with us, which the partner repeats in its notices."""

    mandate_id: str
    account_ref: str
    subject: str
    return_url: str


@dataclass(frozen=True, slots=True)
class MandateState:
    """A mandate as the partner has it. `mandate_ref` is the partner's number of the agreement, by
    which it is debited and ended; "" before it is signed."""

    state: MandateAnswer
    mandate_ref: str = ""
    account_ref: str = ""
    at_s: int = 0


@dataclass(frozen=True, slots=True)
class PartnerNotice:
    """What a partner told us by itself, its signature verified and nothing else.

    `order_id` is our order (of a mandate's notice: our mandate id); `refund_id` is ours, for the
    two refund kinds; `amount_fen` is what was paid or went back; `partner_no` is the partner's
    number of the trade. Amounts, merchant and order are for the city to compare.
    """

    kind: NoticeKind
    order_id: str
    partner_no: str = ""
    amount_fen: int = 0
    merchant: str = ""
    at_s: int = 0
    mandate_ref: str = ""
    account_ref: str = ""
    refund_id: str = ""


@dataclass(frozen=True, slots=True)
class NoticeAnswer:
    """What to send back over HTTP to the partner whose notice was taken, or was not."""

    body: bytes
    content_type: str
    status: int


class PaymentChannel(Protocol):
    """One payment partner. No method raises for what the network or the partner does."""

    @property
    def name(self) -> str:
        """How orders name this channel, for instance ``alipay``."""
        ...

    @property
    def merchant(self) -> str:
        """Who the partner must say was paid: our number with it."""
        ...

    def pay(self, order: PayOrder) -> PayAsked | Refusal:
        """Where to pay an order; asking again for one id gives a page of the same order."""
        ...

    def query(self, order_id: str) -> PayState:
        """An order, or a debit, as the partner has it now."""
        ...

    def close(self, order_id: str) -> PayState:
        """Make an order unpayable: `closed` (an order that never reached the partner too), `paid`
        where the passenger was quicker, else `unknown`."""
        ...

    def refund(self, order: RefundOrder) -> RefundState | Refusal:
        """Send money back to where it came from, once per `refund_id`."""
        ...

    def query_refund(self, refund_id: str, order_id: str) -> RefundState:
        """A refund as the partner has it now."""
        ...

    def ask_mandate(self, order: MandateOrder) -> PayAsked | Refusal:
        """Where the passenger signs a mandate."""
        ...

    def query_mandate(self, mandate_id: str) -> MandateState:
        """A mandate, by our id of it, as the partner has it now."""
        ...

    def end_mandate(self, mandate_id: str, mandate_ref: str) -> MandateState:
        """End a mandate: `ended` (one that was ended before too), else `unknown`."""
        ...

    def debit(
        self, mandate_ref: str, order_id: str, amount_fen: int, subject: str
    ) -> PayState | Refusal:
        """Take money under a signed mandate, once per `order_id`: `paid`, `refused`, or `unpaid`
        and `unknown`, which `query` clears up. Refuses MANDATE_NOT_SIGNED where the partner says
        that the mandate has ended."""
        ...

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> PartnerNotice | Refusal:
        """Verify a notice and read it. Header names come in any case.

        Refuses CALLBACK_SIGNATURE for one that is unsigned or signed by anybody else, and
        CALLBACK_MALFORMED for a genuine one that cannot be read.
        """
        ...

    def answer(self, ok: bool) -> NoticeAnswer:
        """What this partner wants to hear: `ok` ends its retries."""
        ...
