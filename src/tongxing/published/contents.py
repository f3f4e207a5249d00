"""The content of each list, and whether it can be used in a city: a value or LIST_UNFIT.

Whatever is wrong is said with where it stands. Nothing of a content that is refused is used.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from tongxing.entry import Policy, in_order, read_policy
from tongxing.fares import TariffBook
from tongxing.fares.publishing import known_network, lint
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.terminal import Issuer, IssuerList, make_issuers
from tongxing.media.code.trusting import parse_roots
from tongxing.media.crypto.providers import sm2
from tongxing.messages.lists import DataName
from tongxing.network.legacy import LegacyBook, read_legacy
from tongxing.network.registry import Registry, read_registry

_ISSUER = re.compile(r"[0-9]{8}", re.ASCII)
_DETAIL_MAX = 200


class _Owner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scheme: str
    city: str


class _Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    roots: dict[str, str]
    issuers: dict[str, _Owner]


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    policies: list[str]


class _Files(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class CodeTrust:
    """Whose ride codes are believed: root keys by index, and each issuer's scheme and division
    code by the 8 digits of its id. Whoever does not stand here is believed no longer."""

    roots: Mapping[int, bytes]
    issuers: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a list says: the one part that its name stands for, all others None."""

    book: TariffBook | None = None
    policies: tuple[Policy, ...] | None = None
    codes: CodeTrust | None = None
    card_issuers: IssuerList | None = None
    legacy: LegacyBook | None = None
    registry: Registry | None = None


def read_content(name: DataName, content: bytes, city: str, version: int = 1) -> Contents | Refusal:
    """What the content of a city's list says, after everything about it was asked.

    Refuses LIST_UNFIT: bytes of another form, another city's data, a tariff with a finding of the
    linter, a policy that names a station which is not in the city's network.
    """
    try:
        return _READERS[name](content, city, version)
    except (ValueError, OverflowError, LookupError, RecursionError) as error:
        return _unfit(name, str(error))


def _tariff(content: bytes, city: str, _version: int) -> Contents | Refusal:
    linted = lint(content, "tariff")
    if linted.book is None:
        first = linted.errors[0].refusal
        return _unfit("tariff", f"{first.where} {first.code}")
    if linted.book.city != city:
        return _unfit("tariff", f"{linted.book.city} / {city}")
    return Contents(book=linted.book)


def _entry(content: bytes, city: str, _version: int) -> Contents | Refusal:
    texts = msgspec.json.decode(content, type=_Entry).policies
    policies = in_order(read_policy(text.encode()) for text in texts)
    for policy in policies:
        if policy.city != city:
            return _unfit("entry", f"{policy.name}: {policy.city} / {city}")
        unknown = _unknown_stations(policy)
        if unknown:
            return _unfit("entry", f"{policy.name}: {', '.join(unknown)}")
    if len({policy.name for policy in policies}) != len(policies):
        return _unfit("entry", "two policies of one name")
    return Contents(policies=policies)


def _unknown_stations(policy: Policy) -> list[str]:
    """The stations that a policy names and the network does not know; lines are not asked about,
    since a network need not have all bus lines of a city."""
    network = known_network(policy.city)
    if network is None:
        return []
    known = {
        name
        for station in network.stations.values()
        for name in (station.id, station.name_zh, station.name_en)
    }
    named = [name for one in policy.where for name in one.stations]
    named += [name for group in policy.place_set for name in group.named]
    return sorted(set(named) - known)


def _code_roots(content: bytes, _city: str, _version: int) -> Contents | Refusal:
    found = msgspec.json.decode(content, type=_Code)
    roots = parse_roots(json.dumps(found.roots).encode(), sm2())
    if isinstance(roots, Refusal):
        return _unfit("code_roots", f"{roots.code} {roots.where}")
    for issuer in found.issuers:
        if not _ISSUER.fullmatch(issuer):
            return _unfit("code_roots", issuer)
    issuers = {name: (one.scheme, one.city) for name, one in found.issuers.items()}
    return Contents(codes=CodeTrust(roots, issuers))


def _card_issuers(content: bytes, _city: str, version: int) -> Contents | Refusal:
    table = msgspec.json.decode(content, type=dict[str, list[str]])
    if not table:
        return _unfit("card_issuers", "{}")
    issuers = [Issuer(bytes.fromhex(code), tuple(iins)) for code, iins in table.items()]
    return Contents(card_issuers=make_issuers(version, issuers))


def _legacy(content: bytes, _city: str, _version: int) -> Contents | Refusal:
    return Contents(legacy=read_legacy(content))


def _registry(content: bytes, _city: str, _version: int) -> Contents | Refusal:
    return Contents(registry=read_registry(msgspec.json.decode(content, type=_Files).files))


_READERS: Mapping[DataName, Callable[[bytes, str, int], Contents | Refusal]] = {
    "tariff": _tariff,
    "entry": _entry,
    "code_roots": _code_roots,
    "card_issuers": _card_issuers,
    "legacy": _legacy,
    "registry": _registry,
}
for _form in (_Code, _Entry, _Files):
    msgspec.json.Decoder(_form)  # built before there are threads


def _unfit(name: str, detail: str) -> Refusal:
    return Refusal("LIST_UNFIT", name, {"name": name, "detail": detail[:_DETAIL_MAX]})
