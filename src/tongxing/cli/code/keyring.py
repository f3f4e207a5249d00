"""A folder of TEST keys: a root, an issuer and a phone, made where they are missing.

Only this user may read the private ones (0600). They are for trying things out: whoever has the
folder can make codes that a gate with its root believes. Their content is never shown.
"""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.code.issue import Signer
from tongxing.media.crypto.providers import private_key, simulated_signer, sm2
from tongxing.media.crypto.sm2 import is_private

OWNERS = ("root", "issuer", "user")
ROOTS = "roots.json"
ROOT_INDEX = 1


@dataclass(frozen=True, slots=True)
class HeldKey:
    """One private key of the folder: it signs, and tells its public half (33 bytes)."""

    sign: Signer
    public: bytes


@dataclass(frozen=True, slots=True)
class Keyring:
    """The three keys, and the names of those that were made just now."""

    root: HeldKey
    issuer: HeldKey
    user: HeldKey
    made: tuple[str, ...]


def open_keyring(folder: Path) -> Keyring:
    """The keys of a folder; what is missing is made, and ``roots.json`` tells the public root.

    Raises Problem: CODE_KEY for a file that holds no private key, CODE_KEYS_FOLDER when a file is
    where the folder should be.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (FileExistsError, NotADirectoryError):
        raise Problem("CODE_KEYS_FOLDER", str(folder)) from None
    made = tuple(owner for owner in OWNERS if _make_missing(folder / f"{owner}.key"))
    root, issuer, user = (_load(folder / f"{owner}.key") for owner in OWNERS)
    told = json.dumps({str(ROOT_INDEX): root.public.hex()}) + "\n"
    if "root" in made or not (folder / ROOTS).exists():
        write_whole(folder / ROOTS, told.encode())
    return Keyring(root, issuer, user, made)


def _make_missing(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(private_key(secrets.token_bytes).hex() + "\n")
    return True


def _load(path: Path) -> HeldKey:
    try:
        private = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (ValueError, UnicodeDecodeError):
        private = b""
    if not is_private(private):
        raise Problem("CODE_KEY", str(path))
    public = sm2().public_of(private)
    if isinstance(public, Refusal):  # these are test keys: signing need not hide its time
        simulated = simulated_signer()
        return HeldKey(lambda message: simulated.sign(private, message),
                       simulated.public_of(private))  # fmt: skip
    return HeldKey(lambda message: sm2().sign(private, message), public)
