"""WeChat Pay (APIv3) as a payment channel: H5 and native orders, refunds, and their notices.

Our order and refund ids are its out_trade_no and out_refund_no. Debits without password are not
offered: what WeChat Pay publishes for them on the mainland is its older XML interface, and the
APIv3 pages are for merchants admitted to it, so a mandate is refused plainly and never imitated.
"""

import json
from collections.abc import Mapping
from urllib.parse import quote

from tongxing.kernel.clock import local
from tongxing.kernel.reasons import Refusal
from tongxing.partners.calling import Clock, Reply, bad_answer, call, wall_clock
from tongxing.partners.payment import (
    MandateOrder,
    MandateState,
    NoticeAnswer,
    PartnerNotice,
    PayAsked,
    PaymentState,
    PayOrder,
    PayState,
    RefundAnswer,
    RefundOrder,
    RefundState,
)
from tongxing.partners.settings import WechatSettings
from tongxing.partners.strict import BadAnswer, Fields, json_object
from tongxing.partners.wechat_notice import read_wechat_notice
from tongxing.partners.wechat_signing import WechatSigner

NAME = "wechat"
_ORDERS = "/v3/pay/transactions"
_REFUNDS = "/v3/refund/domestic/refunds"
_TRADE: dict[str, PaymentState] = {
    "SUCCESS": "paid",
    "REFUND": "paid",
    "NOTPAY": "unpaid",
    "USERPAYING": "unpaid",
    "ACCEPT": "unpaid",
    "PAYERROR": "unpaid",
    "CLOSED": "closed",
    "REVOKED": "closed",
}
_REFUND: dict[str, RefundAnswer] = {
    "SUCCESS": "done",
    "CLOSED": "failed",
    "PROCESSING": "pending",
    "ABNORMAL": "pending",
}
_ABSENT = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"})
_BUSY = frozenset({"FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "RATELIMIT_EXCEEDED"})


class WechatChannel:
    """One merchant at WeChat Pay. See `PaymentChannel` for what each method promises."""

    def __init__(self, settings: WechatSettings, clock: Clock = wall_clock) -> None:
        self._settings, self._clock = settings, clock
        self._signer = WechatSigner(settings)

    @property
    def name(self) -> str:
        return NAME

    @property
    def merchant(self) -> str:
        return self._settings.merchant_id

    def pay(self, order: PayOrder) -> PayAsked | Refusal:
        """The page of an H5 order, or the text of a native order's QR code (``weixin://…``).
        Refuses what `call` refuses, PARTNER_REFUSED, PARTNER_NOT_ALLOWED and
        PARTNER_ANSWER_BAD."""
        content: dict[str, object] = {
            "appid": self._settings.app_id,
            "mchid": self._settings.merchant_id,
            "description": order.subject,
            "out_trade_no": order.order_id,
            "time_expire": local(order.expires_s).isoformat(timespec="seconds"),
            "notify_url": self._settings.notify_url,
            "amount": {"total": order.amount_fen, "currency": "CNY"},
        }
        way = self._settings.pay_way
        if way == "h5":
            payer = {"payer_client_ip": self._settings.client_ip, "h5_info": {"type": "Wap"}}
            content["scene_info"] = payer
        answer = self._ask("POST", f"{_ORDERS}/{way}", content)
        if isinstance(answer, Refusal):
            return answer
        try:
            if way == "native":
                return PayAsked(answer.text("code_url"))
            page = answer.text("h5_url")
        except BadAnswer as bad:
            return bad_answer(NAME, bad.field)
        joint = "&" if "?" in page else "?"
        return PayAsked(f"{page}{joint}redirect_url={quote(order.return_url, safe='')}")

    def query(self, order_id: str) -> PayState:
        """What was paid stays `paid`, also when all of it went back."""
        path = f"{_ORDERS}/out-trade-no/{quote(order_id, safe='')}?mchid={self.merchant}"
        answer = self._ask("GET", path)
        if isinstance(answer, Refusal):
            return PayState("absent" if answer.values.get("reason") in _ABSENT else "unknown")
        try:
            state = _TRADE[answer.choice("trade_state", {key: key for key in _TRADE})]
            merchant = answer.text("mchid")
            if answer.text("out_trade_no") != order_id:
                return PayState("unknown")
            number = answer.text_or("transaction_id", "")
            if state != "paid":
                return PayState(state, number, 0, merchant)
            amount = answer.inner("amount")
            amount.choice("currency", {"CNY": ""})
            paid_s = answer.rfc3339_s("success_time")
            return PayState(
                state, answer.text("transaction_id"), amount.whole("total"), merchant, paid_s
            )
        except BadAnswer:
            return PayState("unknown")

    def close(self, order_id: str) -> PayState:
        path = f"{_ORDERS}/out-trade-no/{quote(order_id, safe='')}/close"
        answer = self._ask("POST", path, {"mchid": self.merchant})
        absent = isinstance(answer, Refusal) and answer.values.get("reason") in _ABSENT
        if absent or not isinstance(answer, Refusal):
            return PayState("closed", merchant=self.merchant)
        now = self.query(order_id)
        return now if now.state in ("paid", "closed") else PayState("unknown")

    def refund(self, order: RefundOrder) -> RefundState | Refusal:
        """Refuses PARTNER_REFUSED, after asking for the refund itself; `unknown` where it could
        not be asked."""
        content: dict[str, object] = {
            "out_trade_no": order.order_id,
            "out_refund_no": order.refund_id,
            "reason": order.subject,
            "notify_url": self._settings.notify_url,
            "amount": {
                "refund": order.amount_fen,
                "total": order.paid_fen,
                "currency": "CNY",
            },
        }
        answer = self._ask("POST", _REFUNDS, content)
        if not isinstance(answer, Refusal):
            return _refund_state(answer, order.refund_id)
        if answer.code != "PARTNER_REFUSED":
            return RefundState("unknown")
        now = self.query_refund(order.refund_id, order.order_id)
        return answer if now.state == "absent" else now

    def query_refund(self, refund_id: str, order_id: str) -> RefundState:
        answer = self._ask("GET", f"{_REFUNDS}/{quote(refund_id, safe='')}")
        if isinstance(answer, Refusal):
            return RefundState("absent" if answer.values.get("reason") in _ABSENT else "unknown")
        return _refund_state(answer, refund_id)

    def ask_mandate(self, order: MandateOrder) -> PayAsked | Refusal:
        return self._no_mandates()

    def query_mandate(self, mandate_id: str) -> MandateState:
        return MandateState("absent")

    def end_mandate(self, mandate_id: str, mandate_ref: str) -> MandateState:
        return MandateState("ended", mandate_ref)

    def debit(
        self, mandate_ref: str, order_id: str, amount_fen: int, subject: str
    ) -> PayState | Refusal:
        return self._no_mandates()

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> PartnerNotice | Refusal:
        told = {name.lower(): value for name, value in headers.items()}
        if not self._signer.is_genuine(told, body, self._clock(), self._certificates):
            return Refusal("CALLBACK_SIGNATURE", NAME)
        return read_wechat_notice(self._signer, self._settings, body)

    def answer(self, ok: bool) -> NoticeAnswer:
        code = "SUCCESS" if ok else "FAIL"
        body = json.dumps({"code": code, "message": code}).encode()
        return NoticeAnswer(body, "application/json", 200 if ok else 500)

    def _no_mandates(self) -> Refusal:
        return Refusal("PARTNER_MANDATE_UNSUPPORTED", NAME, {"partner": NAME})

    def _certificates(self) -> bytes | None:
        reply = self._send("GET", "/v3/certificates", "")
        return reply.body if isinstance(reply, Reply) and reply.status == 200 else None

    def _send(self, method: str, path: str, body: str) -> Reply | Refusal:
        headers = {
            "Authorization": self._signer.authorization(method, path, body),
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "tongxing",
        }
        url = self._settings.base + path
        return call(NAME, method, url, headers, body.encode(), self._settings.patience)

    def _ask(
        self, method: str, path: str, content: dict[str, object] | None = None
    ) -> Fields | Refusal:
        """One call: the verified answer's fields, else a refusal whose `reason` is its code.

        A success has to be signed; an error is believed unsigned, as WeChat Pay documents it,
        but not with a wrong signature.
        """
        body = "" if content is None else json.dumps(content, ensure_ascii=False)
        reply = self._send(method, path, body)
        if isinstance(reply, Refusal):
            return reply
        is_ok = 200 <= reply.status < 300
        signed = is_ok or "wechatpay-signature" in reply.headers
        now_s = self._clock()
        if signed and not self._signer.is_genuine(
            reply.headers, reply.body, now_s, self._certificates
        ):
            return bad_answer(NAME, "Wechatpay-Signature")
        try:
            if is_ok:
                return Fields(json_object(reply.body) if reply.body else {})
            return _refused(reply.status, Fields(json_object(reply.body)).text("code"))
        except BadAnswer as bad:
            return bad_answer(NAME, bad.field)


def _refund_state(answer: Fields, refund_id: str) -> RefundState:
    try:
        state = _REFUND[answer.choice("status", {key: key for key in _REFUND})]
        if answer.text("out_refund_no") != refund_id:
            return RefundState("unknown")
        number = answer.text("refund_id")
        if state != "done":
            return RefundState(state, number)
        amount = answer.inner("amount")
        amount.choice("currency", {"CNY": ""})
        return RefundState(state, number, amount.whole("refund"), answer.rfc3339_s("success_time"))
    except BadAnswer:
        return RefundState("unknown")


def _refused(status: int, reason: str) -> Refusal:
    values = {"partner": NAME, "reason": reason}
    if status == 401 or reason in ("SIGN_ERROR", "NO_AUTH", "APPID_MCHID_NOT_MATCH"):
        return Refusal("PARTNER_NOT_ALLOWED", NAME, values)
    if reason in _BUSY:
        return Refusal("PARTNER_BUSY", NAME, values)
    if reason in ("SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR"):
        return Refusal("PARTNER_NO_ANSWER", NAME, values)
    return Refusal("PARTNER_REFUSED", NAME, values)
