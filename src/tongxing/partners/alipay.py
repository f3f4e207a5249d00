"""Alipay as a payment channel: pages to pay and to sign on, refunds, and debits without password.

Speaks the open platform's gateway: one address, one signed form a call. Our order, refund and
mandate ids are Alipay's out_trade_no, out_request_no and external_agreement_no, which is what
makes a repeated call move money once. Where Alipay says no to a call that moves money, the order
is asked for before that is passed on, and where it could not be asked the answer is `unknown`: an
earlier call under the same id may have got through.
"""

from collections.abc import Mapping
from urllib.parse import quote

from tongxing.kernel.clock import stamp
from tongxing.kernel.reasons import Refusal
from tongxing.partners.alipay_notice import read_alipay_notice
from tongxing.partners.alipay_signing import AlipaySigner
from tongxing.partners.amounts import yuan_of
from tongxing.partners.calling import Clock, bad_answer, call, wall_clock
from tongxing.partners.payment import (
    MandateAnswer,
    MandateOrder,
    MandateState,
    NoticeAnswer,
    PartnerNotice,
    PayAsked,
    PaymentState,
    PayOrder,
    PayState,
    RefundOrder,
    RefundState,
)
from tongxing.partners.settings import AlipaySettings
from tongxing.partners.strict import BadAnswer, Fields

NAME = "alipay"
_FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
_PAGES = {
    "wap": ("alipay.trade.wap.pay", "QUICK_WAP_WAY"),
    "page": ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
}
_TRADE: dict[str, PaymentState] = {
    "WAIT_BUYER_PAY": "unpaid",
    "TRADE_CLOSED": "closed",
    "TRADE_SUCCESS": "paid",
    "TRADE_FINISHED": "paid",
}
_AGREEMENT: dict[str, MandateAnswer] = {"TEMP": "asked", "NORMAL": "signed", "STOP": "ended"}
_NO_TRADE = "ACQ.TRADE_NOT_EXIST"
_NO_AGREEMENT = frozenset(
    {"USER_AGREEMENT_NOT_EXIST", "ACQ.AGREEMENT_NOT_EXIST", "ACQ.AGREEMENT_INVALID"}
)
_UNCLEAR = frozenset({"ACQ.SYSTEM_ERROR", "SYSTEM_ERROR"})
_NOT_ALLOWED = frozenset({"20001", "40001", "40002", "40006"})


class AlipayChannel:
    """One application at Alipay. See `PaymentChannel` for what each method promises."""

    def __init__(self, settings: AlipaySettings, clock: Clock = wall_clock) -> None:
        self._settings, self._clock = settings, clock
        self._signer = AlipaySigner(settings)

    @property
    def name(self) -> str:
        return NAME

    @property
    def merchant(self) -> str:
        return self._settings.seller_id

    def pay(self, order: PayOrder) -> PayAsked | Refusal:
        """A signed address that opens Alipay's page; asks nobody, so it is never refused."""
        method, product = _PAGES[self._settings.pay_way]
        content: dict[str, object] = {
            "out_trade_no": order.order_id,
            "total_amount": yuan_of(order.amount_fen),
            "subject": order.subject,
            "product_code": product,
            "seller_id": self._settings.seller_id,
            "time_expire": stamp(order.expires_s),
        }
        if self._settings.pay_way == "wap":
            content["quit_url"] = order.return_url
        return PayAsked(self._page(method, content, order.return_url))

    def query(self, order_id: str) -> PayState:
        """`closed` only where it was never paid: Alipay also closes what is wholly refunded."""
        answer = self._ask("alipay.trade.query", {"out_trade_no": order_id})
        if isinstance(answer, Refusal):
            absent = answer.values.get("reason") == _NO_TRADE
            return PayState("absent" if absent else "unknown")
        try:
            state = _TRADE[answer.choice("trade_status", {key: key for key in _TRADE})]
            if state == "closed" and answer.has("send_pay_date"):
                state = "paid"
            if state != "paid":
                return PayState(state, answer.text_or("trade_no", ""), 0, self.merchant)
            return self._paid(answer, order_id, "send_pay_date")
        except BadAnswer:
            return PayState("unknown")

    def close(self, order_id: str) -> PayState:
        answer = self._ask("alipay.trade.close", {"out_trade_no": order_id})
        if not isinstance(answer, Refusal):
            return PayState("closed", answer.text_or("trade_no", ""), 0, self.merchant)
        if answer.values.get("reason") == _NO_TRADE:
            return PayState("closed", merchant=self.merchant)
        now = self.query(order_id)
        return now if now.state in ("paid", "closed") else PayState("unknown")

    def refund(self, order: RefundOrder) -> RefundState | Refusal:
        """Done when Alipay says that funds changed; when it does not say so, the refund itself is
        asked for. Refuses PARTNER_REFUSED."""
        content: dict[str, object] = {
            "out_trade_no": order.order_id,
            "out_request_no": order.refund_id,
            "refund_amount": yuan_of(order.amount_fen),
            "refund_reason": order.subject,
        }
        answer = self._ask("alipay.trade.refund", content)
        if isinstance(answer, Refusal) and answer.code != "PARTNER_REFUSED":
            return RefundState("unknown")
        if not isinstance(answer, Refusal) and answer.text_or("fund_change", "") == "Y":
            return RefundState(
                "done", answer.text_or("trade_no", ""), order.amount_fen, self._clock()
            )
        now = self.query_refund(order.refund_id, order.order_id)
        if isinstance(answer, Refusal) and now.state == "absent":
            return answer
        return RefundState("pending") if now.state == "absent" else now

    def query_refund(self, refund_id: str, order_id: str) -> RefundState:
        """`absent` where Alipay names no status: it never had the refund, or it failed."""
        content: dict[str, object] = {
            "out_trade_no": order_id,
            "out_request_no": refund_id,
            "query_options": ["gmt_refund_pay"],
        }
        answer = self._ask("alipay.trade.fastpay.refund.query", content)
        if isinstance(answer, Refusal):
            absent = answer.values.get("reason") == _NO_TRADE
            return RefundState("absent" if absent else "unknown")
        try:
            if not answer.has("refund_status"):
                return RefundState("absent")
            answer.choice("refund_status", {"REFUND_SUCCESS": "done"})
            if answer.text("out_request_no") != refund_id:
                return RefundState("unknown")
            at_s = answer.china_s("gmt_refund_pay") if answer.has("gmt_refund_pay") else 0
            amount_fen = answer.fen("refund_amount")
            return RefundState("done", answer.text_or("trade_no", ""), amount_fen, at_s)
        except BadAnswer:
            return RefundState("unknown")

    def ask_mandate(self, order: MandateOrder) -> PayAsked | Refusal:
        """A signed address that opens Alipay's page for agreements. Refuses
        PARTNER_MANDATE_UNSUPPORTED where no scene was agreed with Alipay."""
        if not self._settings.sign_scene:
            return Refusal("PARTNER_MANDATE_UNSUPPORTED", NAME, {"partner": NAME})
        content: dict[str, object] = {
            **self._agreement(order.mandate_id),
            "product_code": "GENERAL_WITHHOLDING",
            "access_params": {"channel": "ALIPAYAPP"},
            "external_logon_id": order.account_ref,
        }
        page = self._page("alipay.user.agreement.page.sign", content, order.return_url)
        link = self._settings.app_link
        return PayAsked(link + quote(page, safe="") if link else page)

    def query_mandate(self, mandate_id: str) -> MandateState:
        """`absent` also for an agreement that has ended: Alipay no longer tells of it."""
        answer = self._ask("alipay.user.agreement.query", self._agreement(mandate_id))
        if isinstance(answer, Refusal):
            absent = answer.values.get("reason") in _NO_AGREEMENT
            return MandateState("absent" if absent else "unknown")
        try:
            state = _AGREEMENT[answer.choice("status", {key: key for key in _AGREEMENT})]
            if answer.text("external_agreement_no") != mandate_id:
                return MandateState("unknown")
            at_s = answer.china_s("sign_time") if answer.has("sign_time") else 0
            account = answer.text_or("external_logon_id", "")
            number = answer.text("agreement_no") if state == "signed" else ""
            return MandateState(state, number or answer.text_or("agreement_no", ""), account, at_s)
        except BadAnswer:
            return MandateState("unknown")

    def end_mandate(self, mandate_id: str, mandate_ref: str) -> MandateState:
        """Ends by Alipay's number of the agreement, or by ours where there is none yet."""
        content: dict[str, object] = self._agreement(mandate_id)
        if mandate_ref:
            content = {"agreement_no": mandate_ref}
        answer = self._ask(
            "alipay.user.agreement.unsign", content, notify_url=self._settings.notify_url
        )
        gone = isinstance(answer, Refusal) and answer.values.get("reason") in _NO_AGREEMENT
        if gone or not isinstance(answer, Refusal):
            return MandateState("ended", mandate_ref, "", self._clock())
        return MandateState("unknown", mandate_ref)

    def debit(
        self, mandate_ref: str, order_id: str, amount_fen: int, subject: str
    ) -> PayState | Refusal:
        """A debit that Alipay declined is asked for again, so that `refused` is certain. Refuses
        MANDATE_NOT_SIGNED."""
        content: dict[str, object] = {
            "out_trade_no": order_id,
            "total_amount": yuan_of(amount_fen),
            "subject": subject,
            "product_code": "GENERAL_WITHHOLDING",
            "seller_id": self._settings.seller_id,
            "agreement_params": {"agreement_no": mandate_ref},
        }
        answer = self._ask(
            "alipay.trade.pay", content, notify_url=self._settings.notify_url, inprocess=True
        )
        if isinstance(answer, Refusal):
            if answer.code != "PARTNER_REFUSED":
                return PayState("unknown")
            now = self.query(order_id)
            if now.state not in ("absent", "closed"):
                return now
            if answer.values.get("reason") in _NO_AGREEMENT:
                return Refusal("MANDATE_NOT_SIGNED", NAME)
            return PayState("refused", merchant=self.merchant)
        try:
            if answer.text("code") == "10003":
                return PayState("unpaid", answer.text_or("trade_no", ""), 0, self.merchant)
            return self._paid(answer, order_id, "gmt_payment")
        except BadAnswer:
            return PayState("unknown")

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> PartnerNotice | Refusal:
        return read_alipay_notice(self._signer, self._settings, body)

    def answer(self, ok: bool) -> NoticeAnswer:
        return NoticeAnswer(b"success" if ok else b"fail", "text/plain; charset=utf-8", 200)

    def _agreement(self, mandate_id: str) -> dict[str, object]:
        return {
            "personal_product_code": self._settings.personal_product_code,
            "sign_scene": self._settings.sign_scene,
            "external_agreement_no": mandate_id,
        }

    def _paid(self, answer: Fields, order_id: str, at: str) -> PayState:
        if answer.text("out_trade_no") != order_id:
            raise BadAnswer("out_trade_no")
        number, amount_fen = answer.text("trade_no"), answer.fen("total_amount")
        return PayState("paid", number, amount_fen, self.merchant, answer.china_s(at))

    def _page(self, method: str, content: dict[str, object], return_url: str) -> str:
        signed = self._signer.signed(
            method,
            content,
            self._clock(),
            notify_url=self._settings.notify_url,
            return_url=return_url,
        )
        return f"{self._settings.gateway}?{signed}"

    def _ask(
        self,
        method: str,
        content: dict[str, object],
        inprocess: bool = False,
        **addresses: str,
    ) -> Fields | Refusal:
        """One call of the gateway: the answer's fields when its code is 10000 (or 10003, where
        that may be), else a refusal whose `reason` is Alipay's sub_code."""
        signed = self._signer.signed(method, content, self._clock(), **addresses)
        reply = call(
            NAME, "POST", self._settings.gateway, _FORM, signed.encode(), self._settings.patience
        )
        if isinstance(reply, Refusal):
            return reply
        try:
            found, is_signed = self._signer.answered(method, reply.body)
            fields = Fields(found)
            code = fields.text("code")
            if is_signed and (code == "10000" or (inprocess and code == "10003")):
                return fields
            return _refused(code, fields.text_or("sub_code", code))
        except BadAnswer as bad:
            return bad_answer(NAME, bad.field)


def _refused(code: str, reason: str) -> Refusal:
    values = {"partner": NAME, "reason": reason}
    if code == "40005" or "call-limited" in reason:
        return Refusal("PARTNER_BUSY", NAME, values)
    if code in _NOT_ALLOWED:
        return Refusal("PARTNER_NOT_ALLOWED", NAME, values)
    if code != "40004" or reason in _UNCLEAR:
        return Refusal("PARTNER_NO_ANSWER", NAME, values)
    return Refusal("PARTNER_REFUSED", NAME, values)
