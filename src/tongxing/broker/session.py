"""One connection to a broker, from CONNECT to its end. Whoever wants another opens another.

Nothing of it outlives it: a clean start, no session kept, so that no question and no answer of an
earlier connection comes in a later one.
"""

import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from tongxing.broker.address import BrokerAddress
from tongxing.broker.login import Login
from tongxing.broker.topics import properties
from tongxing.kernel.reasons import Refusal

PACKET_BYTES_MAX = 268_435_455
"""The most that MQTT itself lets through."""

IN_FLIGHT = 20
"""How many messages are sent before the broker has taken one of them; it must take that many."""

_CONNECT_S, _KEEPALIVE_S, _LOOP_S, _GOODBYE_S = 5.0, 30, 1.0, 2.0
_FAILURE, _NOBODY = 0x80, 0x10
_NOT_LET_IN = (0x85, 0x86, 0x87, 0x8A, 0x8C)
"""Client identifier, name or password, not authorised, banned, bad method."""

_CALLBACKS = ("on_connect", "on_subscribe", "on_message", "on_publish", "on_disconnect")
_Nothing = Properties | None


class Hears(Protocol):
    """Who listens. Called in the session's own thread, and must return at once."""

    def heard(self, session: "Session", message: MQTTMessage) -> None:
        """A message has come."""

    def ended(self, session: "Session") -> None:
        """The connection is over; called once."""


class Session:
    """A live connection. `packet_bytes_max` is what the broker lets through. Thread-safe."""

    def __init__(self, client: Client, hears: Hears) -> None:
        self.packet_bytes_max = PACKET_BYTES_MAX
        self.over = threading.Event()
        self.refusal: Refusal | None = None
        self._client, self._hears = client, hears
        self._ready = threading.Event()
        self._lock = threading.Lock()
        self._sent: dict[int, Callable[[int], None]] = {}
        self._codes: dict[int, int] = {}
        client.on_message = self._heard
        client.on_publish = self._acknowledged
        client.on_socket_register_write = _left_to_the_loop
        self._thread = threading.Thread(target=self._run, name="broker", daemon=True)

    def publish(
        self,
        topic: str,
        content: bytes,
        beside: Properties,
        refused: Callable[[int], None] = lambda _code: None,
    ) -> bool:
        """Send at QoS 1; whether it is on its way. `refused` is called when the broker says that it
        went nowhere. Nothing is called when it was taken: that proves nothing."""
        told = self._client.publish(topic, content, qos=1, properties=beside)
        if told.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        with self._lock:
            code = self._codes.pop(told.mid, None)
            if code is None:
                self._sent[told.mid] = refused
        if code is not None and _went_nowhere(code):
            refused(code)
        return True

    def done_with(self, message: MQTTMessage) -> None:
        """Tell the broker that a message needs no other reader."""
        self._client.ack(message.mid, message.qos)

    def close(self) -> None:
        """Take leave of the broker, and wait until it is over."""
        self._client.disconnect()
        self.over.wait(_GOODBYE_S)
        self.over.set()
        self._thread.join()

    def _begun(self, topic: str, wait_s: float) -> Refusal | None:
        """Wait until the broker has let us in and listens for us; why it did not."""

        def connected(
            client: Client, _data: object, _flags: ConnectFlags, code: ReasonCode, props: _Nothing
        ) -> None:
            if code.is_failure:
                self._stop(_not_in(code))
                return
            room = getattr(props, "ReceiveMaximum", IN_FLIGHT)
            if room < IN_FLIGHT:
                detail = f"Receive Maximum {room} < {IN_FLIGHT}"
                self._stop(Refusal("BROKER_AWAY", values={"detail": detail}))
                return
            self.packet_bytes_max = getattr(props, "MaximumPacketSize", PACKET_BYTES_MAX)
            client.subscribe(topic, options=SubscribeOptions(qos=1))

        def subscribed(
            _client: Client, _data: object, _mid: int, codes: list[ReasonCode], _props: _Nothing
        ) -> None:
            failed = [code for code in codes if code.is_failure]
            if failed:
                self._stop(_not_in(failed[0]))
            else:
                self._ready.set()

        def disconnected(
            _client: Client, _data: object, _flags: DisconnectFlags, code: ReasonCode, _p: _Nothing
        ) -> None:
            self._stop(Refusal("BROKER_AWAY", values={"detail": str(code)}))

        client = self._client
        client.on_connect, client.on_subscribe = connected, subscribed
        client.on_disconnect = disconnected
        self._thread.start()
        if not self._ready.wait(wait_s):
            self._stop(Refusal("BROKER_AWAY", values={"detail": "CONNACK"}))
        return self.refusal

    def _stop(self, why: Refusal) -> None:
        if self.refusal is None:
            self.refusal = why
        self.over.set()
        self._ready.set()

    def _run(self) -> None:
        try:
            while not self.over.is_set():
                if self._client.loop(_LOOP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                    break
        except Exception as error:  # what a broker sends must never end this unnoticed
            self._stop(Refusal("BROKER_AWAY", values={"detail": type(error).__name__}))
        self._stop(Refusal("BROKER_AWAY", values={"detail": "connection lost"}))
        if (socket := self._client.socket()) is not None:
            socket.close()
        for name in _CALLBACKS:
            setattr(self._client, name, None)  # else the two would keep one another alive
        self._hears.ended(self)

    def _heard(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._hears.heard(self, message)

    def _acknowledged(
        self, _client: Client, _data: object, mid: int, code: ReasonCode, _properties: _Nothing
    ) -> None:
        with self._lock:
            refused = self._sent.pop(mid, None)
            if refused is None:
                self._codes[mid] = code.value
        if refused is not None and _went_nowhere(code.value):
            refused(code.value)


def open_session(
    address: BrokerAddress,
    login: Login,
    ca: Path | None,
    client_id: str,
    topic: str,
    hears: Hears,
    receive_max: int,
    packet_bytes_max: int = PACKET_BYTES_MAX,
) -> Session | Refusal:
    """Connect, and listen at `topic`. `ca` is a PEM file; without one the system's authorities
    count. At most `receive_max` messages come before `done_with` is called for one of them.

    Refuses BROKER_TLS, BROKER_LOGIN when the broker does not let this client in or listen, and
    BROKER_AWAY; BROKER_LOGIN_FILE for a certificate that went away since it was read.
    """
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=MQTTProtocolVersion.MQTTv5,
        reconnect_on_failure=False,
        manual_ack=True,
    )
    client.connect_timeout = _CONNECT_S
    client.max_inflight_messages_set(IN_FLIGHT)
    if login.user:
        client.username_pw_set(login.user, login.password or None)
    beside = properties(PacketTypes.CONNECT)
    beside.SessionExpiryInterval = 0
    beside.ReceiveMaximum = receive_max
    beside.MaximumPacketSize = packet_bytes_max
    session = Session(client, hears)
    where = str(address)
    if address.is_tls:
        context = _context(login, ca)
        if isinstance(context, Refusal):
            return context
        client.tls_set_context(context)
    try:
        client.connect(
            address.host, address.port, _KEEPALIVE_S, clean_start=True, properties=beside
        )
    except ssl.SSLError as error:
        return Refusal("BROKER_TLS", where, {"detail": _first(error)})
    except (OSError, ValueError) as error:
        return Refusal("BROKER_AWAY", where, {"detail": _first(error)})
    refusal = session._begun(topic, _CONNECT_S)
    if refusal is None:
        return session
    session.close()
    return Refusal(refusal.code, where, refusal.values)


def _context(login: Login, ca: Path | None) -> ssl.SSLContext | Refusal:
    """Whom a client believes, and how it proves who it is."""
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except OSError as error:
        return Refusal("BROKER_TLS", str(ca), {"detail": _first(error)})
    try:
        login.prove(context)
    except OSError as error:
        return Refusal("BROKER_LOGIN_FILE", login.certificate, {"detail": _first(error)})
    return context


def _left_to_the_loop(_client: Client, _data: object, _socket: object) -> None:
    """Whoever publishes only queues: one thread writes, so that packets cannot be mixed up."""


def _went_nowhere(code: int) -> bool:
    return code >= _FAILURE or code == _NOBODY


def _not_in(code: ReasonCode) -> Refusal:
    name = "BROKER_LOGIN" if code.value in _NOT_LET_IN else "BROKER_AWAY"
    return Refusal(name, values={"detail": str(code)})


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
