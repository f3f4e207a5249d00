"""A card on a reader of this machine, through PC/SC: pcscd on Linux, the system's own elsewhere.

The library (pyscard) is loaded only when a reader is asked for, for it is an extra. All that can
break on the way becomes `CardGone`; what is not there to begin with becomes a `Refusal`. A card
that lies there but does not wake is taken for several at once: PC/SC has no other word for it.
"""

import warnings
from types import ModuleType
from typing import Any, NoReturn

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.link import CardGone
from tongxing.media.card.readers.atr import CardKind, kind_of
from tongxing.media.card.readers.patience import Late, Patience

WAIT_S = 10.0
ANSWER_S = 3.0
_SETTLE_S = 0.6  # a service looks at its readers every 0.4 s
_UNSIGNED = 0xFFFFFFFF
_MORE, _LENGTH = 0x61, 0x6C
_UID = bytes.fromhex("FFCA000000")
_GONE = ("W_REMOVED_CARD", "W_RESET_CARD", "E_NO_SMARTCARD", "E_READER_UNAVAILABLE",
         "E_UNKNOWN_READER", "E_NO_SERVICE", "E_SERVICE_STOPPED", "E_INVALID_HANDLE")  # fmt: skip
_MUTE = ("W_UNRESPONSIVE_CARD", "W_UNPOWERED_CARD", "W_UNSUPPORTED_CARD", "E_PROTO_MISMATCH")
_DOWN = ("E_NO_SERVICE", "E_SERVICE_STOPPED")


def list_readers() -> list[str] | Refusal:
    """The names of this machine's readers, as PC/SC gives them.

    Refuses READER_SUPPORT_MISSING, READER_SERVICE_DOWN.
    """
    session = _Session.open()
    if isinstance(session, Refusal):
        return session
    with session:
        return session.readers()


def open_pcsc(
    name: str = "", *, wait_s: float = WAIT_S, answer_s: float = ANSWER_S
) -> "PcscLink | Refusal":
    """The card on the reader with `name` in its name ("": the only one), when it comes in time.

    `wait_s` is for the card to come, `answer_s` for each answer. Refuses READER_SUPPORT_MISSING,
    READER_SERVICE_DOWN, READER_NOT_FOUND, READER_SEVERAL, READER_NO_CARD, READER_IN_USE, and
    CARD_COLLISION for a card that does not wake.
    """
    session = _Session.open()
    if isinstance(session, Refusal):
        return session
    reader = _chosen(name, session.readers())
    link = reader if isinstance(reader, Refusal) else session.connect(reader, wait_s, answer_s)
    if isinstance(link, Refusal):
        session.close()
    return link


def _chosen(name: str, readers: list[str]) -> str | Refusal:
    exact = [reader for reader in readers if reader == name]
    found = exact or [reader for reader in readers if name.lower() in reader.lower()]
    if len(found) == 1:
        return found[0]
    values = {"name": name, "found": ", ".join(found or readers) or "-"}
    return Refusal("READER_SEVERAL" if found else "READER_NOT_FOUND", name, values)


class _Session:
    """A connection to the smart card service."""

    def __init__(self, scard: ModuleType, context: Any, watching: Any) -> None:
        self.scard, self._context = scard, context
        self._watching = watching  # a context of its own: a hanging call blocks the other one

    @classmethod
    def open(cls) -> "_Session | Refusal":
        try:
            with warnings.catch_warnings():  # its generated code is older than newer Pythons
                warnings.simplefilter("ignore", DeprecationWarning)
                from smartcard import scard
        except ImportError:
            return Refusal("READER_SUPPORT_MISSING")
        result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        if result != scard.SCARD_S_SUCCESS:
            return Refusal("READER_SERVICE_DOWN")
        result, watching = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        if result != scard.SCARD_S_SUCCESS:
            scard.SCardReleaseContext(context)
            return Refusal("READER_SERVICE_DOWN")
        return cls(scard, context, watching)

    def __enter__(self) -> "_Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.scard.SCardReleaseContext(self._watching)
        self.scard.SCardReleaseContext(self._context)

    def readers(self) -> list[str]:
        _, names = self.scard.SCardListReaders(self._context, [])
        return sorted(names)

    def state(self, reader: str, wait_s: float = 0.0, known: int = 0) -> int:
        """The reader's state bits, once they differ from `known` or the time is over."""
        states = [(reader, known)]
        _, found = self.scard.SCardGetStatusChange(self._watching, int(wait_s * 1000), states)
        return int(found[0][1]) if found else int(self.scard.SCARD_STATE_UNAVAILABLE)

    def connect(self, reader: str, wait_s: float, answer_s: float) -> "PcscLink | Refusal":
        scard = self.scard
        known = self.state(reader)
        if not known & scard.SCARD_STATE_PRESENT:
            known = self.state(reader, wait_s, known & ~scard.SCARD_STATE_CHANGED)
        if not known & scard.SCARD_STATE_PRESENT:
            return Refusal("READER_NO_CARD", values={"reader": reader})
        if known & scard.SCARD_STATE_MUTE:
            return Refusal("CARD_COLLISION")
        result, card, protocol = scard.SCardConnect(
            self._context,
            reader,
            scard.SCARD_SHARE_EXCLUSIVE,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
        )
        if result == scard.SCARD_S_SUCCESS:
            return PcscLink(self, reader, card, protocol, answer_s)
        return self._why_not(result, reader)

    def _why_not(self, result: int, reader: str) -> Refusal:
        if self.is_one(result, "E_SHARING_VIOLATION"):
            return Refusal("READER_IN_USE", values={"reader": reader})
        if self.is_one(result, *_MUTE):
            return Refusal("CARD_COLLISION")
        if self.is_one(result, *_DOWN):
            return Refusal("READER_SERVICE_DOWN")
        return Refusal("READER_NO_CARD", values={"reader": reader})

    def is_one(self, result: int, *names: str) -> bool:
        """Whether a result is one of these. Some systems give it signed, some unsigned."""
        known = (getattr(self.scard, f"SCARD_{name}", None) for name in names)
        return result & _UNSIGNED in {code & _UNSIGNED for code in known if code is not None}


class PcscLink:
    """A card on a reader, held alone until `close`. A link that lost its card stays lost."""

    def __init__(
        self, session: _Session, reader: str, card: Any, protocol: int, answer_s: float
    ) -> None:
        self.reader = reader
        self._session, self._card, self._protocol = session, card, protocol
        self._patience: Patience[Any] = Patience(answer_s)
        self._is_open = True
        _, _, _, _, atr = session.scard.SCardStatus(card)
        self.atr = bytes(atr)

    def __enter__(self) -> "PcscLink":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def kind(self) -> CardKind:
        """What kind of card this is; a `legacy` one answers no command of a purse."""
        return kind_of(self.atr)

    def uid(self) -> bytes:
        """The number a contactless reader gives this chip; empty where the reader has none.

        It proves nothing: some cards choose a new one each time, and any can be imitated.
        """
        answer = self._send(_UID)
        return answer[:-2] if answer[-2:] == b"\x90\x00" else b""

    def transmit(self, command: bytes) -> bytes:
        """Send a command. With the older protocol T=0 the rest of an answer is fetched too."""
        if self._protocol != self._session.scard.SCARD_PROTOCOL_T0:
            return self._send(command)
        has_both = len(command) > 5 and len(command) == 6 + command[4]
        answer = self._send(command[:-1] if has_both else command)
        if len(answer) == 2 and answer[0] == _LENGTH:
            answer = self._send(command[:4] + answer[1:])
        data = answer[:-2]
        while answer[-2:-1] == bytes((_MORE,)):
            answer = self._send(b"\x00\xc0\x00\x00" + answer[-1:])
            data += answer[:-2]
        return data + answer[-2:]

    def reset(self) -> None:
        """Take the card's power and give it back. Raises CardGone."""
        scard = self._session.scard
        asked = (self._card, scard.SCARD_SHARE_EXCLUSIVE, self._protocol, scard.SCARD_UNPOWER_CARD)
        result, protocol = self._call(lambda: scard.SCardReconnect(*asked))
        if result != scard.SCARD_S_SUCCESS:
            self._lose(result)
        self._protocol = protocol

    def is_present(self) -> bool:
        """Whether a card lies on the reader now."""
        return bool(self._session.state(self.reader) & self._session.scard.SCARD_STATE_PRESENT)

    def wait_removed(self, wait_s: float) -> bool:
        """Wait until the card has left the reader; False when it still lies there."""
        scard = self._session.scard
        known = self._session.state(self.reader)
        if known & scard.SCARD_STATE_PRESENT:
            known = self._session.state(self.reader, wait_s, known & ~scard.SCARD_STATE_CHANGED)
        return not known & scard.SCARD_STATE_PRESENT

    def close(self) -> None:
        """Let go of the card, without power, and of the service. Twice is harmless."""
        if not self._is_open:
            return
        self._is_open = False
        self._patience.close(self._let_go)

    def _let_go(self) -> None:
        scard = self._session.scard
        scard.SCardDisconnect(self._card, scard.SCARD_UNPOWER_CARD)
        self._session.close()

    def _send(self, command: bytes) -> bytes:
        scard = self._session.scard
        sent = list(command)
        found = self._call(lambda: scard.SCardTransmit(self._card, self._protocol, sent))
        result, answer = found
        if result != scard.SCARD_S_SUCCESS or not answer:  # some drivers call nothing a success
            self._lose(result)
        return bytes(answer)

    def _call(self, function: Any) -> Any:
        if not self._is_open:
            raise CardGone("CARD_REMOVED")
        try:
            return self._patience.call(function)
        except Late:
            raise CardGone("CARD_TIMEOUT") from None

    def _lose(self, result: int) -> NoReturn:
        is_gone = self._session.is_one(result, *_GONE) or self.wait_removed(_SETTLE_S)
        raise CardGone("CARD_REMOVED" if is_gone else "CARD_TIMEOUT")
