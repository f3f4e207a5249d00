"""The key with which a city signs what it sends to its devices and to the hub, as a sealed file."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tongxing.front.keys import FOLDER, PASSPHRASE_FILE
from tongxing.kernel.reasons import Refusal
from tongxing.media.keys.sealed_file import (
    LOG2_COST,
    open_file,
    passphrase_objection,
    seal_file,
)
from tongxing.messages import SigningKey

MESSAGES = "messages.key"
_KIND = "tongxing_message_key"
_SECRET_BYTES = 32


def seal_message_key(
    secret: bytes, passphrase: str, draw: Callable[[int], bytes], log2_cost: int = LOG2_COST
) -> bytes | Refusal:
    """The content of a city's key file. Refuses what `passphrase_objection` names."""
    objection = passphrase_objection(passphrase)
    if objection is not None:
        return objection
    return seal_file(_KIND, secret, passphrase, draw, log2_cost)


def unseal_message_key(city: str, content: bytes, passphrase: str) -> SigningKey | Refusal:
    """A city's key out of its file.

    Refuses MESSAGE_KEY_FILE for what is none, KEYVAULT_PASSPHRASE for a wrong passphrase or an
    altered file.
    """
    opened = open_file(_KIND, content, passphrase)
    if not isinstance(opened, bytes):
        return Refusal("MESSAGE_KEY_FILE" if opened == "foreign" else "KEYVAULT_PASSPHRASE")
    if len(opened) != _SECRET_BYTES:
        return Refusal("MESSAGE_KEY_FILE")
    return SigningKey.from_secret(city, opened)


def message_key_of(city: str, environ: Mapping[str, str]) -> SigningKey | Refusal:
    """A city's key in the folder that the environment names, beside its other keys.

    Refuses FRONT_KEYS_MISSING for a variable or file that is not there, and what
    `unseal_message_key` refuses.
    """
    found = _opened(city, environ, MESSAGES)
    return found if isinstance(found, Refusal) else found[0]


def message_keys_of(city: str, environ: Mapping[str, str]) -> list[SigningKey] | Refusal:
    """All its keys in that folder, `messages.key` and then each `messages-….key`: a house that
    changes its key has more than one for a while. Refuses as `message_key_of`."""
    return _opened(city, environ, "messages-*.key")


def _opened(city: str, environ: Mapping[str, str], more: str) -> list[SigningKey] | Refusal:
    folder, secret_file = environ.get(FOLDER, ""), environ.get(PASSPHRASE_FILE, "")
    for name, value in ((FOLDER, folder), (PASSPHRASE_FILE, secret_file)):
        if not value:
            return Refusal("FRONT_KEYS_MISSING", name, {"what": name})
    try:
        passphrase = Path(secret_file).read_text(encoding="utf-8").strip()
        first = Path(folder) / city / MESSAGES
        others = [path for path in sorted(first.parent.glob(more)) if path != first]
        contents = [path.read_bytes() for path in (first, *others)]
    except OSError as error:
        return Refusal("FRONT_KEYS_MISSING", city, {"what": str(error.filename or "")})
    found = []
    for content in contents:
        key = unseal_message_key(city, content, passphrase)
        if isinstance(key, Refusal):
            return key
        found.append(key)
    return found
