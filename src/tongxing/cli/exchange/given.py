"""Keys and lists that a person gives in files: read strictly, refused with a reason."""

import os
import re
import stat
import time
import tomllib
from pathlib import Path

from tongxing.cli.common import granted
from tongxing.exchange.lines.opening import LineFile, open_lines
from tongxing.exchange.ours.numbers import read_numbers
from tongxing.exchange.ours.profile import Profile, read_profile
from tongxing.kernel.reasons import Problem
from tongxing.messages import KeyRing, SigningKey

_KEY = re.compile(r"[0-9a-f]{64}")


def key_ring(path: Path | None) -> KeyRing:
    """Public keys from a TOML file, ``"ACQ-500000" = "<64 hexadecimal digits>"``.

    Raises Problem(EXCHANGE_KEYS); also when none is given, since nothing unsigned is read.
    """
    if path is None:
        raise Problem("EXCHANGE_KEYS", "--keys")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return KeyRing({name: bytes.fromhex(_hex(key)) for name, key in raw.items()})
    except (ValueError, TypeError) as error:
        raise Problem("EXCHANGE_KEYS", str(path)) from error


def signing_key(member: str, path: Path) -> SigningKey:
    """The private key of a member: 64 hexadecimal digits in a file that only its owner can read.

    Raises Problem(EXCHANGE_SECRET).
    """
    mode = stat.S_IMODE(path.stat().st_mode)
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    if not _KEY.fullmatch(text) or (os.name == "posix" and mode & 0o077):
        raise Problem("EXCHANGE_SECRET", str(path))
    return SigningKey.from_secret(member, bytes.fromhex(text))


def profile_of(path: Path | None) -> Profile:
    """What a member states, nothing when no file is given. Raises Problem(EXCHANGE_PROFILE)."""
    return Profile() if path is None else read_profile(path.read_bytes(), path.name)


def numbers_of(path: Path | None) -> dict[int, str]:
    """Which number stands for which record, none when no list is given. Raises Problem."""
    return {} if path is None else granted(read_numbers(path.read_bytes(), path.name))


def lines_of(path: Path, keys: Path | None, receiver: str) -> LineFile:
    """The line file of an argument. Raises Problem when any of it is not sound."""
    ring = key_ring(keys)
    now_s = int(time.time())
    data = path.read_bytes()
    return granted(open_lines(data, path.name, ring, receiver=receiver, now_s=now_s))


def _hex(value: object) -> str:
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise ValueError("a public key has 64 hexadecimal digits")
    return value
