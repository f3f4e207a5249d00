"""The files of a gate that is set up over its test port: configuration, keys, certificates."""

import json
import os
from pathlib import Path

from tongxing.conformance.port import CardSetup, Setup
from tongxing.gate.identity import enrol
from tongxing.kernel.files import write_whole
from tongxing.kernel.reasons import Refusal
from tongxing.media.keys.vault import KEY_USES, KeyUse, MasterName
from tongxing.media.keys.vault_file import seal

CONFIG, DEVICE = "gate.toml", "device"
_PASSPHRASE = "a bench gate keeps published test keys"
_HEAD = """# Written by `tongxing gate bench`; set up anew by whoever tries this gate.
[site]
name = {name}
city = {city}

[keys]
device = "device"
code_roots = "roots.json"
code_issuers = "issuers.json"
{cards}
[journal]
path = "journal.sqlite"
"""
_CARDS = 'cards = "cards.vault"\ncards_passphrase = "cards.passphrase"\n'
_VALIDATOR = """
[[validator]]
id = {id}
device = "gate"
role = {role}
line = {line}
station = {station}
readers = [{{ kind = "simulated", port = 0 }}]
"""
_VAULT_COST = 14
"""Quick to open: what is in there is published."""


def set_up(folder: Path, setup: Setup, software: str, now_s: int) -> Refusal | None:
    """Enrol in an empty folder and write all that a gate works from; why that failed.

    Raises OSError when the folder refuses.
    """
    city = setup.city
    try:
        key = bytes.fromhex(city.public_key)
        identity = enrol(folder / DEVICE, city.address, city.code, key, software, now_s, os.urandom)
    except ValueError:
        return Refusal("BENCH_BODY", values={"detail": "city.public_key"})
    if isinstance(identity, Refusal):
        return identity
    write_whole(folder / "roots.json", _json(setup.roots))
    known = {name: {"scheme": of.scheme, "city": of.city} for name, of in setup.issuers.items()}
    write_whole(folder / "issuers.json", _json(known))
    cards = ""
    if setup.cards is not None:
        vault = _vault(setup.cards)
        if isinstance(vault, Refusal):
            return vault
        write_whole(folder / "cards.vault", vault, private=True)
        write_whole(folder / "cards.passphrase", _PASSPHRASE.encode(), private=True)
        cards = _CARDS
    text = _HEAD.format(
        name=json.dumps(identity.facts.device), city=json.dumps(setup.place.city), cards=cards
    )
    for one in setup.terminals:
        text += _VALIDATOR.format(
            id=json.dumps(one.id),
            role=json.dumps(one.role),
            line=json.dumps(setup.place.line),
            station=json.dumps(setup.place.station),
        )
    write_whole(folder / CONFIG, text.encode())
    return None


def _vault(cards: CardSetup) -> bytes | Refusal:
    uses: dict[str, KeyUse] = {use: use for use in KEY_USES}
    try:
        masters = {
            MasterName(uses[one.use], one.algorithm, one.version): bytes.fromhex(one.key)
            for one in cards.masters
        }
    except (KeyError, ValueError):
        return Refusal("BENCH_BODY", values={"detail": "cards.masters"})
    return seal(masters, "test", _PASSPHRASE, os.urandom, _VAULT_COST)


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode()
