"""What the kit has to know of a card before it begins: its application, its test keys, its habits.

Keys in a profile are test keys of whoever made the card. They never show in a repr.
"""

import tomllib
from collections.abc import Mapping

import msgspec

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.suites import DES, KEY_BYTES, SM4
from tongxing.media.keys.marks import simulated_masters
from tongxing.media.keys.software import SoftwareVault
from tongxing.media.keys.vault import KeyUse, KeyVault, MasterName

_SM4_INDEXES = 0x40
_VERSIONS = range(1, 4)


class CardUnderTest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One card, as a profile file describes it; every field may be left out.

    `application` and `terminal` (6 bytes) are hex; `indexes` are the key indexes to test (01 for
    3DES, 41 for SM4). `masters` are the master keys by use (DPK, DLK, DTK, DAMK; 16 bytes hex), of
    which issuer and card key are derived; `masters_sm4` those of indexes from 40 on, where they
    are others. Without them the published test keys are meant. `counts_zero` and `logs_zero` say
    what a debit of nothing does; `may_lock` allows the cases that block and unblock the
    application; `pin` (hex) is verified before a load.
    """

    application: str = "A000000632010105"
    terminal: str = "690000000001"
    indexes: tuple[str, ...] = ("01", "41")
    masters: Mapping[KeyUse, str] = msgspec.field(default_factory=dict)
    masters_sm4: Mapping[KeyUse, str] = msgspec.field(default_factory=dict)
    counts_zero: bool = True
    logs_zero: bool = True
    may_lock: bool = True
    pin: str = ""

    def __repr__(self) -> str:
        return f"CardUnderTest({self.application}, indexes {', '.join(self.indexes)})"

    @property
    def aid(self) -> bytes:
        """The application's name."""
        return bytes.fromhex(self.application)

    @property
    def terminal_no(self) -> bytes:
        """The terminal's number, 6 bytes."""
        return bytes.fromhex(self.terminal)

    def key_indexes(self) -> tuple[int, ...]:
        """The key indexes as numbers."""
        return tuple(int(index, 16) for index in self.indexes)

    def vault(self) -> KeyVault:
        """The card's keys."""
        if not self.masters and not self.masters_sm4:
            return SoftwareVault(simulated_masters())
        found = {
            MasterName(use, algorithm, version): bytes.fromhex(key)
            for algorithm, keys in (
                (DES, self.masters),
                (SM4, {**self.masters, **self.masters_sm4}),
            )
            for use, key in keys.items()
            for version in _VERSIONS
        }
        return SoftwareVault(found)


def family_of(index: int) -> int:
    """The algorithm that a key index means: 3DES, from 40 (hex) on SM4."""
    return SM4 if index >= _SM4_INDEXES else DES


def parse_profile(raw: bytes) -> CardUnderTest | Refusal:
    """The profile in a TOML file. Refuses CONFORMANCE_PROFILE with what is wrong."""
    try:
        found = msgspec.convert(tomllib.loads(raw.decode("utf-8")), CardUnderTest, strict=True)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return _refused(str(error).partition("\n")[0])
    except msgspec.ValidationError as error:
        return _refused(str(error))
    for name, text, sizes in _hexes(found):
        try:
            if len(bytes.fromhex(text)) not in sizes:
                return _refused(name)
        except ValueError:
            return _refused(name)
    return found


def _hexes(found: CardUnderTest) -> list[tuple[str, str, range]]:
    """Name, text and allowed lengths of everything that is hex."""
    key = range(KEY_BYTES, KEY_BYTES + 1)
    keys = [
        (f"{table}.{use}", text, key)
        for table, masters in (("masters", found.masters), ("masters_sm4", found.masters_sm4))
        for use, text in masters.items()
    ]
    return [
        ("application", found.application, range(5, 17)),
        ("terminal", found.terminal, range(6, 7)),
        ("pin", found.pin, range(7)),
        *(("indexes", index, range(1, 2)) for index in found.indexes),
        *keys,
    ]


def _refused(detail: str) -> Refusal:
    return Refusal("CONFORMANCE_PROFILE", values={"detail": detail[:120]})
