"""The test port of a device: its JSON shapes, and the kit's side of it and of any other test port.

docs/conformance-gate.md tells the same for vendors. Answers are read strictly and never believed to
be small, quick or JSON.
"""

import time
from typing import Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
import requests
from msgspec import Struct

from tongxing.kernel.reasons import Refusal
from tongxing.kernel.texts import LANGUAGES, load_catalogue
from tongxing.signed_http.reaching import not_reached

Can = Literal["code", "card", "clock", "power"]
Body = TypeVar("Body")

CONNECT_S = 3.0
ANSWER_BYTES_MAX = 1 << 20
_DETAIL_MAX = 160


class Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every shape of the test port is read to the letter."""


class About(Strict, frozen=True):
    """What a device is, and what of it can be tried."""

    name: str
    software: str
    can: list[Can]


class CitySetup(Strict, frozen=True):
    """Where the city is, under which name and key (32 bytes in hex) it signs, and the code with
    which the device enrols."""

    address: str
    sender: str
    public_key: str
    code: str


class PlaceSetup(Strict, frozen=True):
    """Where all terminals stand, in words of the city's network (division codes and ids)."""

    city: str
    place: str
    mode: str
    operator: str
    line: str
    station: str


class TerminalSetup(Strict, frozen=True):
    """One lane: its name at the city, and its side."""

    id: str
    role: Literal["entry", "exit"]


class IssuerSetup(Strict, frozen=True):
    """What an issuer of codes belongs to; `city` is a division code."""

    scheme: str
    city: str


class MasterKey(Strict, frozen=True):
    """A master key of cards (16 bytes in hex): a published test key, which protects nothing."""

    use: str
    algorithm: int
    version: int
    key: str


class CardSetup(Strict, frozen=True):
    """What a card reader needs: the keys of its security module."""

    masters: list[MasterKey]


class Setup(Strict, frozen=True):
    """Begin anew: empty storage, a new key, enrol at this city.

    `roots` are the root keys of codes by index (33 bytes in hex), `issuers` those that are welcome,
    by 8 digits. `fare_most_fen` is the dearest ride from here: a code that allows less does not
    open an entry. `cards` is there for devices that can read cards.
    """

    city: CitySetup
    place: PlaceSetup
    terminals: list[TerminalSetup]
    roots: dict[str, str]
    issuers: dict[str, IssuerSetup]
    fare_most_fen: int
    cards: CardSetup | None = None


class Done(Strict, frozen=True):
    """It has been done."""

    ok: bool


class Show(Strict, frozen=True):
    """A code (bytes in hex) is held to the scanner of a lane."""

    terminal: str
    code: str


class Hold(Strict, frozen=True):
    """A card is held to the reader of a lane; it is lent at this address by the card relay."""

    terminal: str
    address: str


class SetClock(Strict, frozen=True):
    """The clock of the machine shows this time (Unix seconds) and goes on; null: the true one."""

    time_s: int | None


class Power(Strict, frozen=True):
    """`cut` ends the device without warning, `restart` tidily; both start it on the same storage
    and answer when it works again."""

    what: Literal["cut", "restart"]


class Shown(Strict, frozen=True):
    """What the lane did: a reason of the one list (`OPEN` when it opened as ever), and the lines on
    its screen."""

    opened: bool
    reason: str
    shown: list[str] = []


class State(Strict, frozen=True):
    """How a device is now: the time by which it decides, its deny list, taps without a receipt, and
    the order in force (`normal` without one)."""

    time_s: int
    deny_list: int
    waiting_taps: int
    mode: str


class PortError(Struct, frozen=True):
    """The one JSON shape of errors, as far as the kit needs it."""

    code: str
    message_en: str = ""


class PortRefused(Exception):
    """The test port did not do what it was asked; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


class Port:
    """The test port of something that is tried, at `url` (``http://host:port``).

    Every method raises PortRefused: CONFORMANCE_PORT_AWAY, CONFORMANCE_PORT_SLOW,
    CONFORMANCE_PORT_FOREIGN, CONFORMANCE_PORT_SAID.
    """

    def __init__(self, url: str, answer_s: float) -> None:
        self._url, self._answer_s = url.rstrip("/"), answer_s
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        """Let go of the line."""
        self._session.close()

    def _asked(self, method: str, path: str, body: Struct | None, expected: type[Body]) -> Body:
        status, content = self._fetched(method, path, body)
        if status != 200:
            raise PortRefused(self._said(path, status, content))
        try:
            return msgspec.json.decode(content, type=expected)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise PortRefused(self._foreign(path, "form", said=str(error))) from None

    def _fetched(self, method: str, path: str, body: Struct | None) -> tuple[int, bytes]:
        until = time.monotonic() + self._answer_s
        found = bytearray()
        try:
            with self._session.request(
                method,
                self._url + path,
                data=None if body is None else msgspec.json.encode(body),
                headers={"Content-Type": "application/json", "Accept-Encoding": "identity"},
                timeout=(CONNECT_S, self._answer_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                for piece in response.iter_content(1 << 14):
                    found += piece
                    if len(found) > ANSWER_BYTES_MAX:
                        raise PortRefused(self._foreign(path, "long"))
                    if time.monotonic() > until:
                        raise PortRefused(self._slow(path))
                return response.status_code, bytes(found)
        except requests.exceptions.ConnectTimeout as error:
            raise PortRefused(self._away(error)) from None
        except requests.exceptions.Timeout:
            raise PortRefused(self._slow(path)) from None
        except (requests.RequestException, OSError, UnicodeError) as error:
            if "timed out" in str(error):
                raise PortRefused(self._slow(path)) from None
            raise PortRefused(self._away(error)) from None

    def _said(self, path: str, status: int, content: bytes) -> Refusal:
        try:
            told = msgspec.json.decode(content, type=PortError)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return self._foreign(path, "status", status=status)
        detail = f"{told.code[:40]}: {told.message_en[:_DETAIL_MAX]}"
        return Refusal("CONFORMANCE_PORT_SAID", path, {"path": path, "detail": detail})

    def _foreign(self, path: str, why: str, said: str = "", **values: object) -> Refusal:
        """`said` is what the library says: beside the sentence."""
        texts, key = load_catalogue("tongxing.conformance"), f"foreign.{why}"
        told = {f"why_{language}": texts.text(key, language, **values) for language in LANGUAGES}
        where = f"{self._host()}: {said[:_DETAIL_MAX]}" if said else self._host()
        return Refusal("CONFORMANCE_PORT_FOREIGN", where, {"path": path} | told)

    def _slow(self, path: str) -> Refusal:
        values = {"path": path, "seconds": int(self._answer_s)}
        return Refusal("CONFORMANCE_PORT_SLOW", self._host(), values)

    def _away(self, error: BaseException) -> Refusal:
        told, said = not_reached(error)
        where = f"{self._host()}: {said}" if said else self._host()
        return Refusal("CONFORMANCE_PORT_AWAY", where, {"url": self._url} | told)

    def _host(self) -> str:
        return urlsplit(self._url).netloc


class DevicePort(Port):
    """The test port of a device."""

    def about(self) -> About:
        """What it is."""
        return self._asked("GET", "/about", None, About)

    def setup(self, setup: Setup) -> None:
        """Begin anew."""
        self._asked("POST", "/setup", setup, Done)

    def show(self, terminal: str, code: bytes) -> Shown:
        """Hold a code to a scanner."""
        return self._asked("POST", "/show", Show(terminal=terminal, code=code.hex()), Shown)

    def card(self, terminal: str, address: str) -> Shown:
        """Hold a card to a reader."""
        return self._asked("POST", "/card", Hold(terminal=terminal, address=address), Shown)

    def clock(self, time_s: int | None) -> None:
        """Set the machine's clock."""
        self._asked("POST", "/clock", SetClock(time_s=time_s), Done)

    def power(self, what: Literal["cut", "restart"]) -> None:
        """Cut the power, or restart."""
        self._asked("POST", "/power", Power(what=what), Done)

    def state(self) -> State:
        """How it is."""
        return self._asked("GET", "/state", None, State)
