"""What the sandbox remembers, in memory and behind one lock: trades, agreements, messages."""

import secrets
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Channel = Literal["alipay", "wechat"]
_MESSAGES_KEPT = 500


@dataclass(slots=True)
class Refund:
    """Money that went back."""

    refund_id: str
    number: str
    amount_fen: int
    at_s: int


@dataclass(slots=True)
class Trade:
    """An order at a partner. `key` opens its page for people; nobody can guess it."""

    channel: Channel
    order_id: str
    number: str
    amount_fen: int
    subject: str
    notify_url: str
    return_url: str
    expires_s: int
    made_s: int
    state: Literal["waiting", "paid", "closed"] = "waiting"
    paid_s: int = 0
    refunds: dict[str, Refund] = field(default_factory=dict)
    key: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    @property
    def refunded_fen(self) -> int:
        """What has gone back so far."""
        return sum(refund.amount_fen for refund in self.refunds.values())


@dataclass(slots=True)
class Agreement:
    """A payment without password that was asked for, signed or ended."""

    mandate_id: str
    number: str
    account_ref: str
    notify_url: str
    return_url: str
    state: Literal["asked", "signed", "ended"] = "asked"
    signed_s: int = 0
    key: str = field(default_factory=lambda: secrets.token_urlsafe(18))


@dataclass(frozen=True, slots=True)
class Message:
    """A short message that was sent, for the inbox page. Never logged."""

    phone: str = field(repr=False)
    template: str
    values: Mapping[str, str] = field(repr=False)
    out_id: str
    at_s: int


class Book:
    """All of it. Hold `lock` around whatever reads and then writes."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.trades: dict[tuple[Channel, str], Trade] = {}
        self.agreements: dict[str, Agreement] = {}
        self.nonces: set[str] = set()
        self._messages: deque[Message] = deque(maxlen=_MESSAGES_KEPT)
        self._count = 0

    def number(self, now_s: int) -> str:
        """A number as partners give them: 28 digits, never twice."""
        with self.lock:
            self._count += 1
            return f"{now_s:018d}{self._count:010d}"

    def trade_of_key(self, key: str) -> Trade | None:
        """The trade whose page has this key."""
        with self.lock:
            found = (trade for trade in self.trades.values() if trade.key == key)
            return next(found, None)

    def agreement_of_key(self, key: str) -> Agreement | None:
        """The agreement whose page has this key."""
        with self.lock:
            found = (one for one in self.agreements.values() if one.key == key)
            return next(found, None)

    def keep(self, message: Message) -> None:
        """Take a message that was sent."""
        with self.lock:
            self._messages.appendleft(message)

    def messages(self) -> list[Message]:
        """The messages that were sent, the newest first."""
        with self.lock:
            return list(self._messages)
