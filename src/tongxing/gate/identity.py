"""Who a device is: its key, which it made itself and never gives away, and what the city told it.

They lie in one folder: the key in a file that only its owner may read, the rest as text. Where the
machine has something better to keep keys in, another program can put the key there and here alike.
"""

import os
import stat
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tongxing.broker import NOBODY, Login
from tongxing.gate.lines import line_to
from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, SigningKey, seal, unseal
from tongxing.messages.claims import claimed_sender
from tongxing.messages.fleet import ENROLMENT_SENDER, Enrolled, Enrolment

ENROL = "/v1/enrol"
SECRET_BYTES = 32
KEY_FILE, FACTS_FILE = "device.key", "device.json"
_FORBIDDEN = stat.S_IRWXG | stat.S_IRWXO


class DeviceFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the city told a device when it enrolled, and where the city is."""

    device: str
    city: str
    site: str
    operator: str
    terminals: list[str]
    address: str
    city_sender: str
    city_key: str


@dataclass(frozen=True)
class Identity:
    """An enrolled device."""

    facts: DeviceFacts
    key: SigningKey

    @property
    def city_keys(self) -> KeyRing:
        """The city's key, under the name by which it signs."""
        return KeyRing({self.facts.city_sender: bytes.fromhex(self.facts.city_key)})


def enrol(
    folder: Path,
    address: str,
    code: str,
    city_key: bytes,
    software: str,
    now_s: int,
    draw: Callable[[int], bytes],
    ca: Path | None = None,
    login: Login = NOBODY,
) -> Identity | Refusal:
    """Bring a code to the city and keep what it answers. The key is kept before it is shown to
    anybody, so that an enrolment whose answer was lost can be done again with the same code.
    `login` says who this machine is where `address` is a broker's.

    Refuses what `line_to` refuses, DEVICE_FOLDER_TAKEN for a folder with an enrolled device,
    DEVICE_FILE_OPEN, what the line and the city refuse, and UPLINK_ANSWER for an answer that is not
    the city's to this device.
    Raises OSError when the folder refuses.
    """
    if (folder / FACTS_FILE).exists():
        return Refusal("DEVICE_FOLDER_TAKEN", str(folder), {"path": folder})
    line = line_to(address, ca, login)
    if isinstance(line, Refusal):
        return line
    folder.mkdir(parents=True, exist_ok=True)
    secret = _secret(folder, draw)
    if isinstance(secret, Refusal):
        return secret
    key = SigningKey.from_secret(ENROLMENT_SENDER, secret)
    asked = Enrolment(code=code, public_key=key.public_bytes(), software=software, sent_s=now_s)
    with closing(line):
        answer = line.post(ENROL, seal(asked, key))
    if answer.refusal is not None:
        return answer.refusal
    heard = _told(answer.body or b"", city_key, key.public_bytes())
    if isinstance(heard, Refusal):
        return heard
    sender, told = heard
    facts = DeviceFacts(
        device=told.device,
        city=told.city,
        site=told.site,
        operator=told.operator,
        terminals=told.terminals,
        address=address,
        city_sender=sender,
        city_key=city_key.hex(),
    )
    write_whole(folder / FACTS_FILE, msgspec.json.format(msgspec.json.encode(facts), indent=2))
    return Identity(facts, SigningKey.from_secret(told.device, secret))


def load_identity(folder: Path) -> Identity | Refusal:
    """The device that lives in a folder. Refuses DEVICE_FOLDER, and DEVICE_FILE_OPEN for a key that
    others may read."""
    missing = Refusal("DEVICE_FOLDER", str(folder), {"path": folder})
    try:
        facts = msgspec.json.decode((folder / FACTS_FILE).read_bytes(), type=DeviceFacts)
        secret = _kept_secret(folder / KEY_FILE)
        if isinstance(secret, Refusal):
            return secret
        found = Identity(facts, SigningKey.from_secret(facts.device, secret))
        assert found.city_keys is not None
    except (OSError, ValueError, msgspec.MsgspecError):
        return missing
    return found


def _secret(folder: Path, draw: Callable[[int], bytes]) -> bytes | Refusal:
    path = folder / KEY_FILE
    if path.exists():
        return _kept_secret(path)
    secret = draw(SECRET_BYTES)
    write_whole(path, secret, private=True)
    return secret


def _kept_secret(path: Path) -> bytes | Refusal:
    if sys.platform != "win32" and path.stat().st_mode & _FORBIDDEN:
        return Refusal("DEVICE_FILE_OPEN", str(path), {"path": os.fspath(path)})
    return path.read_bytes()


def _told(message: bytes, city_key: bytes, public_key: bytes) -> tuple[str, Enrolled] | Refusal:
    """The city's answer to the device with this key. The name under which the city signs is taken
    from the answer, and believed because its key holds."""
    sender = claimed_sender(message, Enrolled)
    if isinstance(sender, Refusal):
        return sender
    opened = unseal(message, Enrolled, KeyRing({sender: city_key}))
    if isinstance(opened, Refusal):
        return opened
    if opened[1].public_key != public_key:
        return Refusal("UPLINK_ANSWER", values={"detail": "Enrolled"})
    return opened
