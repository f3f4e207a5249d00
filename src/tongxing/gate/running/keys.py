"""The keys that a configuration names: whose site this is, whom it believes, how it reads media.

A file that is not there, that others may read, or that does not hold what it should is refused with
where the configuration names it.
"""

import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tongxing.gate.identity import Identity, load_identity
from tongxing.gate.running.calling import line_of
from tongxing.gate.running.checking import sides_of, terminal_of
from tongxing.gate.running.config import Written
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.terminal import Issuer, IssuerList, make_issuers
from tongxing.media.code.trusting import parse_roots
from tongxing.media.code.verify import Trust
from tongxing.media.crypto.providers import sm2
from tongxing.media.keys import KeyVault
from tongxing.media.keys.vault_file import unseal
from tongxing.messages import KeyRing, SigningKey

SECRET_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Secrets:
    """The site's own key, whom it believes, and who this machine is where it has enrolled; with
    what it takes to read codes and cards, as far as there are readers for them."""

    key: SigningKey
    city_keys: KeyRing
    device: Identity | None
    trust: Trust
    code_issuers: Mapping[str, tuple[str, str]]
    vault: KeyVault | None
    card_issuers: IssuerList | None
    registers: KeyRing


def load_secrets(written: Written) -> Secrets | Refusal:
    """All that `[keys]` names. Refuses GATE_KEY_FILE, GATE_KEY_OPEN, GATE_KEY_UNFIT,
    GATE_DEVICE_OTHER, and what the files themselves and `line_of` refuse."""
    keys = written.config.keys
    who = _enrolled(written) if keys.device else _told(written)
    if isinstance(who, Refusal):
        return who
    key, city_keys, device = who
    trust = Trust(roots={})
    issuers: Mapping[str, tuple[str, str]] = {}
    if keys.code_roots:
        found, known = _roots(written), _code_issuers(written)
        for one in (found, known):
            if isinstance(one, Refusal):
                return one
        assert isinstance(found, dict) and not isinstance(known, Refusal)
        trust, issuers = Trust(roots=found, issuers=frozenset(known)), known
    vault = _vault(written) if keys.cards else None
    card_issuers = _card_issuers(written) if keys.card_issuers else None
    if isinstance(vault, Refusal):
        return vault
    if isinstance(card_issuers, Refusal):
        return card_issuers
    registers = _ring(written, "registers", key) if keys.registers else KeyRing({})
    if isinstance(registers, Refusal):
        return registers
    return Secrets(key, city_keys, device, trust, issuers, vault, card_issuers, registers)


def _content(written: Written, name: str, private: bool = False) -> bytes | Refusal:
    """What stands in a file of keys; one that others may read is refused where it is secret."""
    file, where = written.file(getattr(written.config.keys, name)), written.at("keys", name)
    try:
        if private and file.stat().st_mode & _OTHERS:
            return Refusal("GATE_KEY_OPEN", where, {"file": file.name})
        return file.read_bytes()
    except OSError:
        return Refusal("GATE_KEY_FILE", where, {"file": str(file)})


def _enrolled(written: Written) -> tuple[SigningKey, KeyRing, Identity] | Refusal:
    """Who this machine became when it enrolled; site and terminals must be the ones it came for."""
    where = written.at("keys", "device")
    found = load_identity(written.file(written.config.keys.device))
    if isinstance(found, Refusal):
        return Refusal(found.code, where, found.values)
    site = written.config.site
    told, known = (site.name, site.city), (found.facts.device, found.facts.city)
    if told != known:
        values = {"found": " ".join(told), "expected": " ".join(known)}
        return Refusal("GATE_DEVICE_OTHER", written.at("site"), values)
    for index, spec in enumerate(written.config.validator):
        for terminal in (terminal_of(spec, role) for role in sides_of(spec)):
            if terminal not in found.facts.terminals:
                values = {"found": terminal, "expected": ", ".join(found.facts.terminals)}
                return Refusal("GATE_DEVICE_OTHER", written.at("validator", index, "id"), values)
    line = line_of(written, found)
    return line if isinstance(line, Refusal) else (found.key, found.city_keys, found)


def _told(written: Written) -> tuple[SigningKey, KeyRing, None] | Refusal:
    """Keys from files of one's own."""
    key = _site_key(written, written.config.keys.site)
    if isinstance(key, Refusal):
        return key
    city_keys = _ring(written, "city")
    return city_keys if isinstance(city_keys, Refusal) else (key, city_keys, None)


def _site_key(written: Written, name: str) -> SigningKey | Refusal:
    content = _content(written, "site", private=True)
    if isinstance(content, Refusal):
        return content
    try:
        return SigningKey.from_secret(written.config.site.name, _secret(content))
    except ValueError:
        return _unfit(written, "site", name)


def _secret(content: bytes) -> bytes:
    found = bytes.fromhex(content.decode("ascii").strip())
    if len(found) != SECRET_BYTES:
        raise ValueError("a secret has 32 bytes")
    return found


def _ring(written: Written, name: str, own: SigningKey | None = None) -> KeyRing | Refusal:
    """Who signs for whom, from a table in a file; `own` is believed whatever stands there."""
    table = _table(written, name)
    if isinstance(table, Refusal):
        return table
    mine = {} if own is None else {own.sender: own.public_bytes()}
    try:
        return KeyRing({who: bytes.fromhex(str(key)) for who, key in table.items()} | mine)
    except ValueError:
        return _unfit(written, name, getattr(written.config.keys, name))


def _roots(written: Written) -> dict[int, bytes] | Refusal:
    content = _content(written, "code_roots")
    found = content if isinstance(content, Refusal) else parse_roots(content, sm2())
    if isinstance(found, Refusal) and found.code == "CODE_ROOTS":
        return Refusal(found.code, written.at("keys", "code_roots"), found.values)
    return found


def _code_issuers(written: Written) -> Mapping[str, tuple[str, str]] | Refusal:
    table = _table(written, "code_issuers")
    if isinstance(table, Refusal):
        return table
    found: dict[str, tuple[str, str]] = {}
    for name, of in table.items():
        pair = [of.get("scheme"), of.get("city")] if isinstance(of, dict) else []
        if len(name) != 8 or not name.isdigit() or not all(isinstance(one, str) for one in pair):
            return _unfit(written, "code_issuers", written.config.keys.code_issuers)
        if len(pair) != 2:
            return _unfit(written, "code_issuers", written.config.keys.code_issuers)
        found[name] = (str(pair[0]), str(pair[1]))
    return found


def _card_issuers(written: Written) -> IssuerList | Refusal:
    table = _table(written, "card_issuers")
    if isinstance(table, Refusal):
        return table
    try:
        found = msgspec.convert(table, dict[str, list[str]])
        return make_issuers(
            1, [Issuer(bytes.fromhex(code), tuple(iins)) for code, iins in found.items()]
        )
    except (msgspec.ValidationError, ValueError):
        return _unfit(written, "card_issuers", written.config.keys.card_issuers)


def _vault(written: Written) -> KeyVault | Refusal:
    content, words = _content(written, "cards"), _content(written, "cards_passphrase", private=True)
    for one in (content, words):
        if isinstance(one, Refusal):
            return one
    assert isinstance(content, bytes) and isinstance(words, bytes)
    try:
        vault = unseal(content, words.decode("utf-8").strip())
    except UnicodeDecodeError:
        return _unfit(written, "cards_passphrase", written.config.keys.cards_passphrase)
    if isinstance(vault, Refusal):
        return Refusal(vault.code, written.at("keys", "cards"), vault.values)
    return vault


def _table(written: Written, name: str) -> dict[str, object] | Refusal:
    content = _content(written, name)
    if isinstance(content, Refusal):
        return content
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    file = getattr(written.config.keys, name)
    return found if isinstance(found, dict) and found else _unfit(written, name, file)


def _unfit(written: Written, name: str, file: str) -> Refusal:
    return Refusal("GATE_KEY_UNFIT", written.at("keys", name), {"file": Path(file).name})
