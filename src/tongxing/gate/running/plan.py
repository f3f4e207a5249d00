"""From a configuration to what a gate works with: its validators, keys, and how it reads media.

Everything a file can be wrong about is asked here, before a lane opens: places that are not in the
network, roles that a device cannot have, keys that do not lie where they should.
"""

import json
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tongxing.entry import HolderAnswer, policies
from tongxing.entry.asking import PROVIDER_DOWN
from tongxing.fares import CityFares, book_codes, load_city_fares
from tongxing.gate.entering import entry_lane
from tongxing.gate.facts import EntryAtGate, Role, ValidatorFacts
from tongxing.gate.identity import Identity, load_identity
from tongxing.gate.journal import Journal
from tongxing.gate.reading.serials import JournalSerials
from tongxing.gate.reading.setup import MediaSetup, PlaceCodes
from tongxing.gate.running.checking import first_objection, sides_of, terminal_of
from tongxing.gate.running.config import GateConfig, ValidatorSpec, Written
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.terminal import Issuer, IssuerList, SoftwareSam, make_issuers
from tongxing.media.code.trusting import parse_roots
from tongxing.media.code.verify import Trust
from tongxing.media.crypto.providers import sm2
from tongxing.media.keys import KeyVault
from tongxing.media.keys.vault_file import unseal
from tongxing.messages import KeyRing, SigningKey
from tongxing.network.regions import region_code_of
from tongxing.network.registry import Registry, load_registry

SECRET_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ACQUIRER = "1101"


@dataclass(frozen=True, slots=True)
class Plan:
    """A configuration that holds, and everything loaded that it names.

    `validators` are the terminals by id: one for each validator, two for a lane of both ways.
    `media` makes how media are read, over the journal that is open by then. `device` is who this
    machine is where it has enrolled, None where it has not: then taps stay here.
    `entry` is the condition of entry, None where nothing is asked.
    """

    written: Written
    validators: Mapping[str, ValidatorFacts]
    fares: CityFares
    registry: Registry
    key: SigningKey
    city_keys: KeyRing
    media: Callable[[Journal], MediaSetup]
    device: Identity | None = None
    entry: EntryAtGate | None = None

    @property
    def config(self) -> GateConfig:
        """What the file says."""
        return self.written.config


@dataclass(frozen=True, slots=True)
class _Secrets:
    key: SigningKey
    city_keys: KeyRing
    device: Identity | None
    trust: Trust
    code_issuers: Mapping[str, tuple[str, str]]
    vault: KeyVault | None
    card_issuers: IssuerList | None


def load_plan(written: Written) -> Plan | Refusal:
    """What the configuration asks for, loaded. Refuses GATE_CONFIG_VALUE, GATE_CONFIG_MISSING,
    GATE_KEY_FILE, GATE_KEY_OPEN, and what the files of keys refuse, each with where it stands."""
    city = written.config.site.city
    if city not in book_codes():
        return Refusal("GATE_CITY_UNKNOWN", written.at("site", "city"), {"city": city})
    fares = load_city_fares(city)
    objection = first_objection(written, fares.network)
    if objection is not None:
        return objection
    secrets = _secrets(written)
    if isinstance(secrets, Refusal):
        return secrets
    validators = dict(_validators(written.config, fares))
    entry = _entry(written, validators, fares)
    if isinstance(entry, Refusal):
        return entry
    return Plan(
        written=written,
        validators=validators,
        fares=fares,
        registry=load_registry(),
        key=secrets.key,
        city_keys=secrets.city_keys,
        media=lambda journal: _media(written.config, fares, secrets, journal),
        device=secrets.device,
        entry=entry,
    )


def facts_of(
    spec: ValidatorSpec, role: Role, config: GateConfig, fares: CityFares, station: str
) -> ValidatorFacts:
    """One terminal of a validator, where it stands now."""
    line = fares.network.lines[spec.line]
    return ValidatorFacts(
        terminal_id=terminal_of(spec, role),
        city=config.site.city,
        place=line.place,
        mode=line.mode,
        operator=line.operator,
        line=spec.line,
        station=station,
        vehicle=spec.vehicle,
        role=role,
    )


def _validators(config: GateConfig, fares: CityFares) -> Iterator[tuple[str, ValidatorFacts]]:
    for spec in config.validator:
        for role in sides_of(spec):
            facts = facts_of(spec, role, config, fares, spec.station)
            yield facts.terminal_id, facts


class _NobodyAnswers:
    """Holders, where nobody who attests can be asked: the policy says what a gate does then."""

    def of(self, medium_no: str, now_s: int) -> HolderAnswer:
        """As while a provider is down."""
        return HolderAnswer(None, Refusal(PROVIDER_DOWN))


def _entry(
    written: Written, validators: Mapping[str, ValidatorFacts], fares: CityFares
) -> EntryAtGate | Refusal | None:
    """The policy that the file names. Refuses GATE_CONFIG_VALUE for one that the city does not
    have, and for a set of places that the policy does not know."""
    spec, city = written.config.entry, written.config.site.city
    if spec is None:
        return None
    known = {one.name: one for one in policies() if one.city == city}
    policy = known.get(spec.policy)
    if policy is None:
        return _not_one_of(written, spec.policy, known, "entry", "policy")
    sets = [one.name for one in policy.place_set]
    for index, name in enumerate(spec.properties):
        if name not in sets:
            return _not_one_of(written, name, sets, "entry", "properties", index)
    lanes = {
        name: entry_lane(facts, fares, spec.properties)
        for name, facts in validators.items()
        if facts.station  # one that moves is asked by where it is
    }
    return EntryAtGate(policy, _NobodyAnswers(), lanes)


def _not_one_of(written: Written, value: str, known: Iterable[str], *path: str | int) -> Refusal:
    name = ".".join(str(step) for step in path)
    values = {"name": name, "value": value, "detail": ", ".join(known) or "-"}
    return Refusal("GATE_CONFIG_VALUE", written.at(*path), values)


def _secrets(written: Written) -> _Secrets | Refusal:
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
    return _Secrets(key, city_keys, device, trust, issuers, vault, card_issuers)


def _media(config: GateConfig, fares: CityFares, secrets: _Secrets, journal: Journal) -> MediaSetup:
    region = region_code_of(config.site.city) or ""
    vault = secrets.vault

    def module_of(terminal_id: str) -> SoftwareSam:
        if vault is None:
            raise ValueError("a card needs the keys of cards")
        return SoftwareSam(
            _module_number(region, terminal_id), vault, JournalSerials(journal, terminal_id)
        )

    return MediaSetup(
        sam_of=module_of,
        trust=secrets.trust,
        region=region,
        institution=bytes.fromhex(config.cards.institution or f"{_ACQUIRER}{region}FFFFFFFF"),
        places=PlaceCodes(fares.network),
        issuers=secrets.code_issuers,
        home=frozenset(bytes.fromhex(code) for code in config.cards.home),
        card_issuers=secrets.card_issuers,
        signs_code=config.cards.signs_code,
    )


def _module_number(region: str, terminal_id: str) -> bytes:
    """The 6-byte number of a terminal's security module: its region, then eight digits."""
    drawn = int(sha256_hex(terminal_id.encode())[:12], 16)
    return bytes.fromhex(f"{region}{drawn % 10**8:08d}")


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
    return found.key, found.city_keys, found


def _told(written: Written) -> tuple[SigningKey, KeyRing, None] | Refusal:
    """Keys from files of one's own."""
    key = _site_key(written, written.config.keys.site)
    if isinstance(key, Refusal):
        return key
    city_keys = _city_keys(written)
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


def _city_keys(written: Written) -> KeyRing | Refusal:
    table = _table(written, "city")
    if isinstance(table, Refusal):
        return table
    try:
        return KeyRing({str(name): bytes.fromhex(str(key)) for name, key in table.items()})
    except ValueError:
        return _unfit(written, "city", written.config.keys.city)


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
