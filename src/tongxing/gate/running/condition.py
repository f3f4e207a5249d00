"""The condition of entry that a configuration asks for: its policy, its lanes, and who answers.

Whatever is wrong with it is told where it stands, before a lane opens; also that an entrance at
which the policy can close a lane has no manual one beside it (R-110).
"""

import json
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tongxing.deciding.entering import entry_lane
from tongxing.deciding.facts import ENDING_ROLES, EntryAtGate, EntryLane, ValidatorFacts
from tongxing.entry import (
    Asker,
    HolderAnswer,
    HolderCache,
    Holders,
    Lane,
    Policy,
    read_policy,
)
from tongxing.entry.asking import PROVIDER_DOWN
from tongxing.entry.deciding import LaneKind, entrance_objection
from tongxing.entry.question import PATH
from tongxing.fares import CityFares
from tongxing.gate.attesting import Attesting, OverTheLine
from tongxing.gate.running.checking import sides_of, terminal_of
from tongxing.gate.running.config import EntrySpec, ValidatorSpec, Written
from tongxing.gate.running.staffed import StaffedLanes
from tongxing.kernel.reasons import Refusal
from tongxing.partners.attester import AttesterLine

SECRET_BYTES = 32
_FILE_MAX = 1 << 20
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ASKED = ("asker", "key", "holders", "attesters")


class NobodyAnswers:
    """Holders, where nobody who attests can be asked: the policy says what a gate does then."""

    def of(self, medium_no: str, now_s: int) -> HolderAnswer:
        """As while a provider is down."""
        return HolderAnswer(None, Refusal(PROVIDER_DOWN))


HoldersOf = Callable[[Policy], Holders]


@dataclass(frozen=True, slots=True)
class Condition:
    """What `[entry]` asks for, whichever policies the city has at the moment. `cache` is all that
    is known of holders."""

    written: Written
    spec: EntrySpec
    lanes: StaffedLanes
    cache: HolderCache
    holders_of: HoldersOf

    def of(self, known: Sequence[Policy]) -> EntryAtGate | Refusal:
        """The condition under the policy that the file names, of those the city has.

        Refuses GATE_CONFIG_VALUE, GATE_KEY_FILE for a policy's file, and ENTRY_NO_MANUAL_LANE.
        """
        written, spec = self.written, self.spec
        policy = _policy(written, spec, known)
        if isinstance(policy, Refusal):
            return policy
        sets = [one.name for one in policy.place_set]
        for index, name in enumerate(spec.properties):
            if name not in sets:
                return _wrong(written, name, ", ".join(sets) or "-", "properties", index)
        objection = _entrances(written, spec, policy, self.lanes)
        if objection is not None:
            return objection
        return EntryAtGate(policy, self.holders_of(policy), self.lanes)


def load_condition(
    written: Written, validators: Mapping[str, ValidatorFacts], fares: CityFares
) -> Condition | Refusal | None:
    """What `[entry]` asks for, with the keys that it names; None without it.

    Refuses GATE_CONFIG_VALUE, GATE_CONFIG_MISSING, GATE_CONFIG_UNKNOWN, GATE_KEY_FILE,
    GATE_KEY_OPEN and GATE_KEY_UNFIT.
    """
    spec = written.config.entry
    if spec is None:
        return None
    lanes = {
        terminal: entry_lane(validators[terminal], fares, spec.properties, Lane(kind_of(one)))
        for one in written.config.validator
        for terminal in (terminal_of(one, role) for role in sides_of(one))
        if validators[terminal].station  # one that moves is asked by where it is
    }
    cache = HolderCache()
    holders_of = _asking(written, spec, cache) if spec.provider else _nobody(written, spec)
    if isinstance(holders_of, Refusal):
        return holders_of
    return Condition(written, spec, StaffedLanes(lanes), cache, holders_of)


def kind_of(spec: ValidatorSpec) -> LaneKind:
    """Whether staff stand at a validator."""
    return spec.lane or ("manual" if spec.device == "handheld" else "auto")


def _policy(written: Written, spec: EntrySpec, known: Sequence[Policy]) -> Policy | Refusal:
    city = written.config.site.city
    if not spec.policy.endswith(".toml"):
        named = {one.name: one for one in known if one.city == city}
        names = ", ".join(named) or "-"
        return named.get(spec.policy) or _wrong(written, spec.policy, names, "policy")
    content = _content(written, "policy")
    if isinstance(content, Refusal):
        return content
    try:
        policy = read_policy(content)
    except ValueError as error:
        return _wrong(written, spec.policy, str(error)[:200], "policy")
    return policy if policy.city == city else _wrong(written, policy.city, city, "policy")


def _entrances(
    written: Written, spec: EntrySpec, policy: Policy, lanes: Mapping[str, EntryLane]
) -> Refusal | None:
    """An entrance where the policy can close a lane, and that keeps no manual one."""
    known: dict[str, int] = {}
    found: dict[str, list[LaneKind]] = {}
    for index, one in enumerate(written.config.validator):
        for role in sides_of(one):
            here = lanes.get(terminal_of(one, role))
            if here is None or role in ENDING_ROLES:
                continue
            name = one.entrance or one.station
            known.setdefault(name, index)
            if policy.can_close(here.place):
                found.setdefault(name, []).append(here.lane.kind)
    for index, name in enumerate(spec.manual_elsewhere):
        if name not in known:
            return _wrong(written, name, ", ".join(known) or "-", "manual_elsewhere", index)
        found.setdefault(name, []).append("manual")
    objection = entrance_objection(policy, found)
    if objection is None:
        return None
    name = objection.where
    return Refusal(objection.code, written.at("validator", known[name]), {"entrance": name})


def _nobody(written: Written, spec: EntrySpec) -> HoldersOf | Refusal:
    """Keys for asking, where nobody is asked, are a mistake."""
    for name in (*_ASKED, "ca"):
        if getattr(spec, name):
            values = {"name": f"entry.{name}"}
            return Refusal("GATE_CONFIG_UNKNOWN", written.at("entry", name), values)
    return lambda _policy: NobodyAnswers()


def _asking(written: Written, spec: EntrySpec, cache: HolderCache) -> HoldersOf | Refusal:
    for name in _ASKED:
        if not getattr(spec, name):
            return Refusal("GATE_CONFIG_MISSING", written.at("entry"), {"name": f"entry.{name}"})
    if not _is_address(spec.provider):
        return _wrong(written, spec.provider, "https://…", "provider")
    key, names, attesters = (
        _secret(written, "key"),
        _secret(written, "holders"),
        _attesters(written),
    )
    for one in (key, names, attesters):
        if isinstance(one, Refusal):
            return one
    assert isinstance(key, bytes) and isinstance(names, bytes) and isinstance(attesters, dict)
    ca = written.file(spec.ca) if spec.ca else None
    if ca is not None and not ca.is_file():
        return Refusal("GATE_KEY_FILE", written.at("entry", "ca"), {"file": str(ca)})
    asking = OverTheLine(
        city=written.config.site.city,
        asker=spec.asker,
        key=Ed25519PrivateKey.from_private_bytes(key),
        attesters=attesters,
        line=AttesterLine(spec.provider.rstrip("/") + PATH, ca),
        chance=os.urandom,
    )

    def holders_of(policy: Policy) -> Holders:
        asker = Asker(policy, asking, attesters, names, cache, budget_ms=spec.timeout_ms)
        return Attesting(asker)

    return holders_of


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    clean = not (parts.query or parts.fragment or "@" in parts.netloc)
    return parts.scheme == "https" and bool(host) and clean and text.isprintable()


def _secret(written: Written, name: str) -> bytes | Refusal:
    """A secret of 32 bytes that only this user may read."""
    content = _content(written, name, private=True)
    if isinstance(content, Refusal):
        return content
    try:
        found = bytes.fromhex(content.decode("ascii").strip())
    except ValueError:
        found = b""
    return found if len(found) == SECRET_BYTES else _unfit(written, name)


def _attesters(written: Written) -> dict[str, Ed25519PublicKey] | Refusal:
    content = _content(written, "attesters")
    if isinstance(content, Refusal):
        return content
    try:
        table = json.loads(content)
        found = {
            str(name): Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
            for name, key in table.items()
        }
    except (ValueError, RecursionError, AttributeError, TypeError):
        found = {}
    return found or _unfit(written, "attesters")


def _content(written: Written, name: str, private: bool = False) -> bytes | Refusal:
    file = written.file(getattr(written.config.entry, name))
    where = written.at("entry", name)
    try:
        if private and file.stat().st_mode & _OTHERS:
            return Refusal("GATE_KEY_OPEN", where, {"file": file.name})
        with file.open("rb") as stream:
            return stream.read(_FILE_MAX)
    except OSError:
        return Refusal("GATE_KEY_FILE", where, {"file": str(file)})


def _unfit(written: Written, name: str) -> Refusal:
    file = Path(getattr(written.config.entry, name)).name
    return Refusal("GATE_KEY_UNFIT", written.at("entry", name), {"file": file})


def _wrong(written: Written, value: str, detail: str, *path: str | int) -> Refusal:
    name = ".".join(str(step) for step in ("entry", *path))
    values: dict[str, object] = {"name": name, "value": value, "detail": detail}
    return Refusal("GATE_CONFIG_VALUE", written.at("entry", *path), values)
