"""Who speaks for which member, and from when until when: a file that the hub's staff keep.

A key is never changed: a new one is added before the old one's last day, and for a while both hold.
Whoever lost one ends it by bringing its `until` forward.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class MemberKey:
    """One public key: it speaks for `members` from `from_s` on and before `until_s`."""

    key_id: str
    members: tuple[str, ...]
    public: Ed25519PublicKey
    from_s: int
    until_s: int

    def holds(self, now_s: int) -> bool:
        """Whether it is valid now."""
        return self.from_s <= now_s < self.until_s


class MemberKeys:
    """All keys by id. Ids are unique."""

    def __init__(self, keys: Sequence[MemberKey]) -> None:
        self.by_id: Mapping[str, MemberKey] = {key.key_id: key for key in keys}

    def take_over(self, other: "MemberKeys") -> None:
        """From now on hold exactly these keys: whoever has this ring goes by them at once."""
        self.by_id = other.by_id

    def members(self) -> list[str]:
        """Everybody that any key speaks for, in order."""
        return sorted({member for key in self.by_id.values() for member in key.members})

    def public(self, key_id: str) -> Ed25519PublicKey | None:
        """The key of an id, valid or not."""
        found = self.by_id.get(key_id)
        return None if found is None else found.public

    def signer(self, key_id: str, now_s: int) -> MemberKey | Refusal:
        """The key of an id. Refuses HTTP_KEY and HTTP_KEY_DATES."""
        found = self.by_id.get(key_id)
        if found is None or not found.holds(now_s):
            code = "HTTP_KEY" if found is None else "HTTP_KEY_DATES"
            return Refusal(code, values={"key": key_id[:80]})
        return found


class MemberRing(KeyRing):
    """The same keys as the hub asks for them when it opens a sealed manifest: any key that speaks
    for the sender now will do."""

    def __init__(self, keys: MemberKeys, clock: Callable[[], int]) -> None:
        super().__init__({})
        self._members, self._clock = keys, clock

    def verify(self, sender: str, signature: bytes, signed: bytes) -> bool:
        """Whether one of the sender's keys signed exactly these bytes."""
        now_s = self._clock()
        for key in self._members.by_id.values():
            if sender not in key.members or not key.holds(now_s):
                continue
            try:
                key.public.verify(signature, signed)
            except InvalidSignature:
                continue
            return True
        return False


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    id: str
    members: list[str]
    public: str
    from_: datetime
    until: datetime


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: list[_Row]


def member_keys_at(path: Path) -> MemberKeys | Refusal:
    """The keys of a file. Refuses MEMBER_KEYS, also for one that cannot be read."""
    try:
        return read_member_keys(path.read_bytes(), str(path))
    except OSError as error:
        return Refusal("MEMBER_KEYS", str(path), {"detail": error.strerror or "-"})


def read_member_keys(content: bytes, name: str) -> MemberKeys | Refusal:
    """The keys of a file (docs/exchange-api.md has an example). Refuses MEMBER_KEYS."""
    try:
        found = msgspec.convert(tomllib.loads(content.decode("utf-8")), _File)
        keys = [_key(row) for row in found.key]
    except (ValueError, TypeError) as error:  # the libraries' own errors are among them
        return Refusal("MEMBER_KEYS", name, {"detail": str(error).partition("\n")[0]})
    names = [key.key_id for key in keys]
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        return Refusal("MEMBER_KEYS", name, {"detail": f"id {twice[0]}"})
    return MemberKeys(keys)


def _key(row: _Row) -> MemberKey:
    if not _ID.fullmatch(row.id) or not row.members or not _HEX.fullmatch(row.public):
        raise ValueError(f"id, members, public: {row.id[:64]}")
    if row.from_.tzinfo is None or row.until.tzinfo is None or row.from_ >= row.until:
        raise ValueError(f"from, until: {row.id}")
    return MemberKey(
        row.id,
        tuple(row.members),
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(row.public)),
        int(row.from_.timestamp()),
        int(row.until.timestamp()),
    )
