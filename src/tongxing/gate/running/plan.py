"""From a configuration to what a gate works with: its validators, keys, and how it reads media.

Everything a file can be wrong about is asked here, before a lane opens: places that are not in the
network, roles that a device cannot have, keys that do not lie where they should.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tongxing.deciding.facts import EntryAtGate, Role, ValidatorFacts
from tongxing.entry import policies
from tongxing.fares import CityFares, book_codes, load_city_fares
from tongxing.gate.identity import Identity
from tongxing.gate.journal import Journal
from tongxing.gate.reading.serials import JournalSerials
from tongxing.gate.reading.setup import MediaSetup, PlaceCodes
from tongxing.gate.running.checking import first_objection, is_one_head, sides_of, terminal_of
from tongxing.gate.running.condition import Condition, load_condition
from tongxing.gate.running.config import GateConfig, ValidatorSpec, Written
from tongxing.gate.running.keys import Secrets, load_secrets
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.terminal import SoftwareSam
from tongxing.messages import KeyRing, SigningKey
from tongxing.network.regions import region_code_of
from tongxing.network.registry import Registry, load_registry

_ACQUIRER = "1101"


@dataclass(frozen=True, slots=True)
class Plan:
    """A configuration that holds, and everything loaded that it names.

    `validators` are the terminals by id: one for each validator, two for a lane of both ways.
    `media` makes how media are read, over the journal that is open by then. `device` is who this
    machine is where it has enrolled, None where it has not: then taps stay here. `registers` are
    the keys of registers of displays, and of the gates that share one held here.
    `entry` is the condition of entry under the software's own policies, None where nothing is
    asked; `condition` makes it of others.
    """

    written: Written
    validators: Mapping[str, ValidatorFacts]
    fares: CityFares
    registry: Registry
    key: SigningKey
    city_keys: KeyRing
    registers: KeyRing
    media: Callable[[Journal], MediaSetup]
    device: Identity | None = None
    entry: EntryAtGate | None = None
    condition: Condition | None = None

    @property
    def config(self) -> GateConfig:
        """What the file says."""
        return self.written.config


def load_plan(written: Written) -> Plan | Refusal:
    """What the configuration asks for, loaded. Refuses GATE_CONFIG_VALUE, GATE_CONFIG_MISSING,
    GATE_KEY_FILE, GATE_KEY_OPEN, what the files of keys refuse, and what `load_condition` and
    `Condition.of` do, each with where it stands."""
    city = written.config.site.city
    if city not in book_codes():
        return Refusal("GATE_CITY_UNKNOWN", written.at("site", "city"), {"city": city})
    fares = load_city_fares(city)
    objection = first_objection(written, fares.network)
    if objection is not None:
        return objection
    secrets = load_secrets(written)
    if isinstance(secrets, Refusal):
        return secrets
    validators = dict(_validators(written.config, fares))
    condition = load_condition(written, validators, fares)
    if isinstance(condition, Refusal):
        return condition
    entry = None if condition is None else condition.of(policies())
    if isinstance(entry, Refusal):
        return entry
    return Plan(
        written=written,
        validators=validators,
        fares=fares,
        registry=load_registry(),
        key=secrets.key,
        city_keys=secrets.city_keys,
        registers=secrets.registers,
        media=lambda journal: _media(written.config, fares, secrets, journal),
        device=secrets.device,
        entry=entry,
        condition=condition,
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
        one_head=is_one_head(spec),
    )


def _validators(config: GateConfig, fares: CityFares) -> Iterator[tuple[str, ValidatorFacts]]:
    for spec in config.validator:
        for role in sides_of(spec):
            facts = facts_of(spec, role, config, fares, spec.station)
            yield facts.terminal_id, facts


def _media(config: GateConfig, fares: CityFares, secrets: Secrets, journal: Journal) -> MediaSetup:
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
