"""A vault whose master keys lie in a hardware module (PKCS#11) and never come out of it.

The first step of every derivation, the one that needs the master key, is done in the module
(CKM_DES3_ECB); the key of one issuer that comes out is used and forgotten. What the module has no
mechanism for (SM4, in many) is refused. The library is loaded only when a module is opened.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.suites import DES, KEY_BYTES
from tongxing.media.keys.marks import (
    MARK_BYTES,
    MARKED_BLOCK,
    check_value,
    enciphered,
    is_test_key,
    test_key_refusal,
)
from tongxing.media.keys.vault import (
    KEY_USES,
    Bytes2D,
    Environment,
    KeyUse,
    MasterName,
    check_factors,
    factor_block,
    factor_blocks,
    master_name,
    unknown_key,
)


class Pkcs11Vault:
    """The master keys of one token, each under the label of its name. For one thread, and one
    vault for each token in a process, for a process logs in to a token once.

    Use `Pkcs11Vault.open`. With `environment` "prod" known test keys, and keys that the module
    would give away, are refused.
    """

    def __init__(self, session: Any, environment: Environment) -> None:
        self._session = session
        self._environment: Environment = environment
        self._checked: dict[MasterName, Any] = {}

    def __repr__(self) -> str:
        return f"Pkcs11Vault({self._environment})"

    @classmethod
    def open(
        cls, module: Path, token: str, pin: str, environment: Environment = "test"
    ) -> "Pkcs11Vault | Refusal":
        """Log in to the token with this label, in the module whose library is `module`.

        Refuses KEYVAULT_SUPPORT when python-pkcs11 is not installed, KEYVAULT_MODULE when the
        library cannot be used, KEYVAULT_TOKEN for no or no single such token, KEYVAULT_PIN.
        """
        session = _session(module, token, pin, writes=False)
        return session if isinstance(session, Refusal) else cls(session, environment)

    @property
    def environment(self) -> Environment:
        return self._environment

    def close(self) -> None:
        """Log out; the vault is of no use afterwards."""
        self._checked.clear()
        self._session.close()

    def check_values(self) -> Mapping[MasterName, str]:
        """The check value of each master key that this token can use, in the order of names."""
        return {name: check_value(mark) for name, mark in self._marks().items()}

    def refused(self) -> tuple[Refusal, ...]:
        """What the real world must refuse in here: test keys, and keys that can be taken out."""
        found = [
            test_key_refusal(name) for name, mark in self._marks().items() if is_test_key(mark)
        ]
        keys = ((name, self._key(name)) for name in self._names())
        return (*found, *(_policy(name) for name, key in keys if _can_leave(key)))

    def card_key(
        self, use: KeyUse, algorithm: int, version: int, factors: Sequence[bytes]
    ) -> bytes | Refusal:
        """As `KeyVault.card_key` says."""
        check_factors(factors)
        key = self._issuer_key(use, algorithm, version, factors[0])
        if isinstance(key, Refusal):
            return key
        for factor in factors[1:]:
            key = enciphered(key, DES, factor_block(factor))
        return key

    def card_keys(
        self,
        use: KeyUse,
        algorithm: int,
        version: int,
        issuer_factor: bytes,
        card_factors: Bytes2D,
    ) -> Bytes2D | Refusal:
        """As `KeyVault.card_keys` says."""
        check_factors((issuer_factor,))
        blocks = factor_blocks(card_factors)
        key = self._issuer_key(use, algorithm, version, issuer_factor)
        if isinstance(key, Refusal):
            return key
        return np.frombuffer(enciphered(key, DES, blocks), dtype=np.uint8).reshape(-1, KEY_BYTES)

    def _issuer_key(
        self, use: KeyUse, algorithm: int, version: int, factor: bytes
    ) -> bytes | Refusal:
        name = master_name(use, algorithm, version)
        if isinstance(name, Refusal):
            return name
        if name.algorithm != DES:
            values = {"algorithm": f"{algorithm:02X}"}
            return Refusal("KEY_ALGORITHM_UNSUPPORTED", use, values)
        from pkcs11 import exceptions

        try:
            key = self._usable(name)
            return key if isinstance(key, Refusal) else _enciphered_in(key, factor_block(factor))
        except exceptions.PKCS11Error as error:
            values = {"use": use, "detail": type(error).__name__}
            return Refusal("KEYVAULT_LOST", use, values)

    def _usable(self, name: MasterName) -> Any:
        """The handle of a master key that may be used here; a refusal else. Checked once."""
        if name in self._checked:
            return self._checked[name]
        key = self._key(name)
        if key is None:
            return unknown_key(name)
        if self._environment == "prod":
            if is_test_key(_enciphered_in(key, MARKED_BLOCK)[:MARK_BYTES]):
                return test_key_refusal(name)
            if _can_leave(key):
                return _policy(name)
        self._checked[name] = key
        return key

    def _key(self, name: MasterName) -> Any:
        """The handle of the one key of this name; None when there is none, or more than one."""
        from pkcs11 import Attribute, ObjectClass

        wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: label_of(name)}
        found = list(self._session.get_objects(wanted))
        return found[0] if len(found) == 1 else None

    def _names(self) -> list[MasterName]:
        from pkcs11 import Attribute, ObjectClass

        wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY}
        labels = (key.label for key in self._session.get_objects(wanted))
        names = {name for name in map(_name_of, labels) if name is not None}
        return sorted(name for name in names if self._key(name) is not None)

    def _marks(self) -> dict[MasterName, bytes]:
        return {
            name: _enciphered_in(self._key(name), MARKED_BLOCK)[:MARK_BYTES]
            for name in self._names()
        }


def put_masters(
    module: Path, token: str, pin: str, masters: Mapping[MasterName, bytes]
) -> Refusal | None:
    """Put master keys into a token, never to come out again (sensitive, not extractable).

    Refuses what `Pkcs11Vault.open` refuses, KEY_ALGORITHM_UNSUPPORTED for a key that is not 3DES,
    and KEYVAULT_KEY_TAKEN for a name that the token has already; then nothing was put.
    """
    from pkcs11 import Attribute, KeyType, ObjectClass

    if other := [name for name in masters if name.algorithm != DES]:
        values = {"algorithm": f"{other[0].algorithm:02X}"}
        return Refusal("KEY_ALGORITHM_UNSUPPORTED", other[0].use, values)
    session = _session(module, token, pin, writes=True)
    if isinstance(session, Refusal):
        return session
    with session:
        there = {
            key.label for key in session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY})
        }
        taken = sorted(label for label in map(label_of, masters) if label in there)
        if taken:
            return Refusal("KEYVAULT_KEY_TAKEN", taken[0], {"label": taken[0]})
        for name, key in masters.items():
            session.create_object(
                {
                    Attribute.CLASS: ObjectClass.SECRET_KEY,
                    Attribute.KEY_TYPE: KeyType.DES2,
                    Attribute.VALUE: key,
                    Attribute.LABEL: label_of(name),
                    Attribute.TOKEN: True,
                    Attribute.PRIVATE: True,
                    Attribute.SENSITIVE: True,
                    Attribute.EXTRACTABLE: False,
                    Attribute.ENCRYPT: True,
                    Attribute.DECRYPT: False,
                }
            )
    return None


def label_of(name: MasterName) -> str:
    """The label of a master key in a token, such as ``DPK-00-1``."""
    return f"{name.use}-{name.algorithm:02X}-{name.version}"


def _name_of(label: str) -> MasterName | None:
    """The name behind a label of ours that this vault can use; None for every other one."""
    use, _, rest = label.partition("-")
    algorithm, _, version = rest.partition("-")
    uses: dict[str, KeyUse] = {known: known for known in KEY_USES}
    if (
        use not in uses
        or algorithm != f"{DES:02X}"
        or not (len(version) <= 3 and version.isascii() and version.isdigit())
    ):
        return None
    name = MasterName(uses[use], DES, int(version))
    return name if label_of(name) == label else None


def _session(module: Path, token: str, pin: str, *, writes: bool) -> Any:
    """An open session, logged in; or the refusal."""
    try:
        import pkcs11
        from pkcs11 import exceptions
    except ImportError:
        return Refusal("KEYVAULT_SUPPORT")
    try:
        library = pkcs11.lib(str(module))
        found = library.get_token(token_label=token)
    except (exceptions.NoSuchToken, exceptions.MultipleTokensReturned):
        return Refusal("KEYVAULT_TOKEN", token, {"token": token})
    except (exceptions.PKCS11Error, RuntimeError, OSError):
        return Refusal("KEYVAULT_MODULE", str(module), {"module": str(module)})
    return _opened(lambda: found.open(user_pin=pin, rw=writes), token)


def _opened(open_it: Callable[[], Any], token: str) -> Any:
    from pkcs11 import exceptions

    wrong_pin = (
        exceptions.PinIncorrect,
        exceptions.PinInvalid,
        exceptions.PinLenRange,
        exceptions.PinLocked,
        exceptions.PinExpired,
    )
    try:
        return open_it()
    except wrong_pin:
        return Refusal("KEYVAULT_PIN", token, {"token": token})
    except exceptions.PKCS11Error:
        return Refusal("KEYVAULT_TOKEN", token, {"token": token})


def _enciphered_in(key: Any, blocks: bytes) -> bytes:
    """Whole blocks under a key that stays where it is."""
    from pkcs11 import Mechanism

    return bytes(key.encrypt(blocks, mechanism=Mechanism.DES3_ECB))


def _can_leave(key: Any) -> bool:
    from pkcs11 import Attribute

    return bool(key[Attribute.EXTRACTABLE]) or not key[Attribute.SENSITIVE]


def _policy(name: MasterName) -> Refusal:
    return Refusal("KEYVAULT_POLICY", name.use, {"label": label_of(name)})
