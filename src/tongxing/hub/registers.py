"""What members tell the hub of themselves: terminals, numbers, cards, losses, deny lists, tariffs.

Each comes as a sealed message and is kept as it came. A version never goes back, and the same one
again changes nothing. What a register that is missing would have told is not asked, and that is
written down with each file (`evidence_of`): it is never taken for a yes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar, get_args

from tongxing.hub.evidence import CardFacts, Evidence, Numbers
from tongxing.hub.liability import Denial
from tongxing.hub.listed import NEVER, denial_of
from tongxing.hub.members import Member, MemberKind
from tongxing.hub.store import Cursor, HubStore
from tongxing.hub.store import card_register as card_table
from tongxing.hub.store import members as member_table
from tongxing.hub.store import registers as table
from tongxing.hub.store.registers import KeptVersion, Loss
from tongxing.hub.words import texts
from tongxing.kernel.clock import stamp
from tongxing.kernel.ids import masked, sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.kernel.texts import LANGUAGES
from tongxing.messages import HUB_SENDER, DataList, DenyList, KeyRing, Record
from tongxing.messages.envelope import Believed, believe, read_body, reader_of
from tongxing.messages.registers import (
    CardEntry,
    CardRegister,
    CityEntry,
    CityRegister,
    LossRegister,
    NumberEntry,
    NumberRegister,
    TerminalEntry,
    TerminalRegister,
    unfit_range,
)
from tongxing.published import read_content

Told = (
    TerminalRegister
    | NumberRegister
    | CardRegister
    | LossRegister
    | CityRegister
    | DenyList
    | DataList
)
KINDS: Mapping[str, type[Told]] = {kind.__name__: kind for kind in get_args(Told)}
_OWNERS: Mapping[str, MemberKind] = {
    "TerminalRegister": "acquirer",
    "NumberRegister": "issuer",
    "CardRegister": "issuer",
    "LossRegister": "issuer",
}
_AHEAD_S = 600
NAMED_MAX = 10
Name = TypeVar("Name")
for _kind in KINDS.values():
    reader_of(_kind)


class RegisterDesk:
    """Takes registers in, over the hub's store. `trusted` holds the keys of members and of their
    cities (for deny lists and tariffs), `own` the hub's (for the list of cities)."""

    def __init__(self, store: HubStore, trusted: KeyRing, own: KeyRing) -> None:
        self._store = store
        self._trusted = trusted
        self._own = own

    def take(self, message: bytes, now_s: int) -> KeptVersion | Refusal:
        """Take a sealed register. The same message again changes nothing.

        Refuses, and keeps nothing: a reason of `unseal`, REGISTER_OWNER when it is not the
        sender's to give, REGISTER_ROLLBACK, REGISTER_CHANGED, REGISTER_UNFIT, LIST_UNFIT for a
        tariff that cannot be used.
        """
        believed = believe(message, (CityRegister.__name__,), self._own)
        if isinstance(believed, Refusal):
            others = believe(message, tuple(KINDS), self._trusted)
            if believed.code != "MESSAGE_KIND" and not isinstance(others, Refusal):
                return _not_the_owner(others)
            believed = others
        if isinstance(believed, Refusal):
            return believed
        told = read_body(believed.body, reader_of(KINDS[believed.kind]))
        if isinstance(told, Refusal):
            return told
        with self._store.changing() as cursor:
            members = member_table.load_members(cursor)
            if not _is_owner(believed.sender, told, members):
                return _not_the_owner(believed)
            kept = _version_of(believed.kind, believed.sender, told, now_s)
            kept = kept._replace(sha256=sha256_hex(message))
            last = table.newest(cursor, kept.kind, kept.owner)
            if last is not None and last[0].version == kept.version and last[1] == message:
                return last[0]
            refusal = _out_of_turn(kept, last) or _unfit(cursor, told, now_s)
            if refusal is not None:
                return refusal
            content = told.content if isinstance(told, DataList) else b""
            table.add_version(cursor, kept, message, content)
            _write(cursor, kept.owner, told, now_s)
        return kept

    def registers(self) -> list[KeptVersion]:
        """The newest version of each register that the hub has."""
        with self._store.reading() as cursor:
            return table.newest_of_each(cursor)


def _not_the_owner(believed: Believed) -> Refusal:
    values = {"sender": believed.sender, "kind": believed.kind}
    return Refusal("REGISTER_OWNER", values=values)


def _is_owner(sender: str, told: Told, members: Mapping[str, Member]) -> bool:
    if isinstance(told, CityRegister):
        return sender == HUB_SENDER
    if isinstance(told, (DenyList, DataList)):
        is_city = any(one.city == sender and one.kind == "acquirer" for one in members.values())
        is_tariff = isinstance(told, DenyList) or told.name == "tariff"
        return is_city and is_tariff and told.city == sender
    member = members.get(sender)
    return member is not None and member.kind == _OWNERS[type(told).__name__]


def _version_of(kind: str, owner: str, told: Told, now_s: int) -> KeptVersion:
    begins_s = told.not_before_s if isinstance(told, DataList) else told.published_s
    count = 1 if isinstance(told, DataList) else len(_entries(told))
    return KeptVersion(kind, owner, told.version, told.published_s, begins_s, now_s, count)


def _entries(told: Told) -> Sequence[object]:
    if isinstance(told, TerminalRegister):
        return told.terminals
    if isinstance(told, NumberRegister):
        return told.numbers
    if isinstance(told, CardRegister):
        return [*told.ranges, *told.cards]
    if isinstance(told, LossRegister):
        return told.losses
    if isinstance(told, CityRegister):
        return told.cities
    return told.entries if isinstance(told, DenyList) else ()


def _out_of_turn(kept: KeptVersion, last: tuple[KeptVersion, bytes] | None) -> Refusal | None:
    if last is None or kept.version > last[0].version:
        return None
    code = "REGISTER_CHANGED" if kept.version == last[0].version else "REGISTER_ROLLBACK"
    values = {"kind": kept.kind, "found": kept.version, "current": last[0].version}
    return Refusal(code, kept.owner, values)


def _unfit(cursor: Cursor, told: Told, now_s: int) -> Refusal | None:
    """What in a register cannot be right."""
    if told.published_s > now_s + _AHEAD_S:
        return _refused(told, "published", found=stamp(told.published_s), now=stamp(now_s))
    if isinstance(told, DataList):
        found = read_content("tariff", told.content, told.city, told.version)
        return found if isinstance(found, Refusal) else None
    if isinstance(told, (TerminalRegister, NumberRegister)):
        spans: Sequence[TerminalEntry | NumberEntry]
        spans = told.terminals if isinstance(told, TerminalRegister) else told.numbers
        for one in spans:
            if one.last_on is not None and one.last_on < one.first_on:
                name = one.terminal_id if isinstance(one, TerminalEntry) else one.prefix
                return _refused(told, "span", name=name, first=one.first_on, last=one.last_on)
        return None
    if isinstance(told, CardRegister):
        unfit = unfit_range(told.ranges)
        return _refused(told, "ranges", ranges=unfit) if unfit else _unfit_cards(told)
    if isinstance(told, LossRegister):
        return _unfit_losses(told)
    if isinstance(told, CityRegister):
        return _unfit_cities(told, told.cities, table.load_cities(cursor))
    return None


def _unfit_cards(told: CardRegister) -> Refusal | None:
    """An exception says something, a card is closed again only after it was opened, and has one
    last day."""
    last: CardEntry | None = None
    for one in sorted(told.cards, key=lambda card: (card.medium_no, card.closed_s)):
        says_nothing = not one.closed_s and one.expires_on is None
        is_again = last is not None and last.medium_no == one.medium_no
        is_open = is_again and last is not None and (one.closed_s < (last.reopened_s or NEVER))
        if says_nothing or is_open or 0 < one.reopened_s < one.closed_s:
            return _refused(told, "card", name=masked(one.medium_no))
        last = one
    return None


def _unfit_losses(told: LossRegister) -> Refusal | None:
    """Nothing is found before it was lost, or reported twice at one moment."""
    for one in told.losses:
        if 0 < one.found_s < one.reported_s:
            times = {"found": stamp(one.found_s), "reported": stamp(one.reported_s)}
            return _refused(told, "found", name=masked(one.medium_no), **times)
    twice = _twice([(one.medium_no, one.reported_s) for one in told.losses])
    return None if twice is None else _refused(told, "twice", name=masked(twice[0]))


def _unfit_cities(
    told: CityRegister, cities: Sequence[CityEntry], before: Mapping[str, object]
) -> Refusal | None:
    """A city is never taken off the list, only said to have left."""
    names = [one.city for one in cities]
    late = [one.city for one in cities if one.left_on is not None and one.left_on < one.joined_on]
    if gone := sorted(set(before) - set(names)):
        return _refused(told, "gone", name=", ".join(gone[:NAMED_MAX]))
    if late:
        return _refused(told, "left", name=", ".join(late[:NAMED_MAX]))
    twice = _twice(names)
    return None if twice is None else _refused(told, "twice", name=twice)


def _twice(names: Sequence[Name]) -> Name | None:
    """The first that stands there again, None for none."""
    seen = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _refused(told: Told, what: str, **values: object) -> Refusal:
    """That a register is unfit, and what of it, in words."""
    detail = {
        f"detail_{language}": texts().text(f"register.unfit.{what}", language, **values)
        for language in LANGUAGES
    }
    return Refusal("REGISTER_UNFIT", type(told).__name__, detail)


def _write(cursor: Cursor, owner: str, told: Told, now_s: int) -> None:
    if isinstance(told, TerminalRegister):
        table.write_terminals(cursor, owner, told)
    elif isinstance(told, NumberRegister):
        table.write_numbers(cursor, owner, told)
    elif isinstance(told, CardRegister):
        card_table.write_cards(cursor, owner, told, now_s)
    elif isinstance(told, LossRegister):
        table.write_losses(cursor, owner, told, now_s)
    elif isinstance(told, CityRegister):
        table.write_cities(cursor, told)
    elif isinstance(told, DenyList):
        table.write_denied(cursor, owner, told)


# --- what a file is judged by ---------------------------------------------------------------------


def evidence_of(
    cursor: Cursor,
    sender: Member,
    members: Mapping[str, Member],
    records: Sequence[Record],
    told: Evidence,
) -> Evidence:
    """What a witness told of a file, completed from the registers: they fill in only what it left
    out. `not_made` says which checks stay without what they need, on how many rows."""
    missing = dict(told.not_made)
    terminals = told.terminals
    if terminals is None:
        if sender.member_id in table.owners_of(cursor, "TerminalRegister"):
            asked = [tap.terminal_id for record in records for tap in record.taps]
            terminals = table.load_terminals(cursor, sender.member_id, asked)
        else:
            missing["terminal"] = len(records)
    issued = told.issued
    if told.cards is None and not issued:
        issued = _cards(cursor, sender, members, records, missing)
    numbers = told.numbers or _numbers(cursor, records, missing)
    denials = told.denials or _denials(cursor, sender, members, records, missing)
    city_lists = told.city_lists or table.load_cities(cursor)
    if not city_lists:
        missing["city_list"] = sum(_is_away(record, members) for record in records)
    return replace(
        told,
        terminals=terminals,
        issued=issued,
        numbers=numbers,
        denials=denials,
        city_lists=city_lists,
        not_made=missing,
    )


def _is_away(record: Record, members: Mapping[str, Member]) -> bool:
    issuer = members.get(record.issuer)
    return issuer is not None and issuer.city != record.city


def _numbers(cursor: Cursor, records: Sequence[Record], missing: dict[str, int]) -> Numbers:
    known = table.owners_of(cursor, "NumberRegister")
    purses = [record for record in records if record.funding == "purse"]
    missing["number"] = sum(record.issuer not in known for record in purses)
    found = table.load_numbers(cursor, {record.issuer for record in purses} & known)
    return {issuer: found.get(issuer, []) for issuer in known}


def _cards(
    cursor: Cursor,
    sender: Member,
    members: Mapping[str, Member],
    records: Sequence[Record],
    missing: dict[str, int],
) -> dict[tuple[str, str], CardFacts]:
    """What issuers say of a file's cards and accounts; only cards have numbers in ranges."""
    heads = card_table.load_heads(cursor, {record.issuer for record in records})
    missing["card"] = sum(record.issuer not in heads for record in records)
    used = {
        (record.issuer, record.medium_no): record.medium_kind == "card"
        for record in records
        if record.issuer in heads
    }
    ranges = card_table.load_ranges(
        cursor, sorted(pair for pair, is_card in used.items() if is_card)
    )
    exceptions = card_table.load_exceptions(cursor, sorted(used))
    named = table.load_denied(cursor, sender.city, [medium for _, medium in exceptions])
    found = {}
    for pair, is_card in used.items():
        issuer, medium = pair
        head, span, card = heads[issuer], ranges.get(pair), exceptions.get(pair)
        is_home = issuer in members and members[issuer].city == sender.city
        closures = () if card is None else card.closures
        own_day = None if card is None else card.expires_on
        found[pair] = CardFacts(
            expires_on=own_day or (None if span is None else span.expires_on),
            closures=tuple(
                denial_of(cursor, sender.city, is_home, medium, named, one) for one in closures
            ),
            issued_on=None if span is None else span.issued_on,
            schemes=() if span is None else span.schemes,
            must_have_range=is_card and head.is_complete,
            told=f"card register {head.version}, {head.sha256[:12]}",
        )
    return found


def _denials(
    cursor: Cursor,
    sender: Member,
    members: Mapping[str, Member],
    records: Sequence[Record],
    missing: dict[str, int],
) -> dict[str, Denial]:
    """The reported media among a file's, each with the versions of the list that its terminals
    had."""
    known = table.owners_of(cursor, "LossRegister")
    missing["denied"] = sum(record.issuer not in known for record in records)
    rides: dict[tuple[str, str], list[int]] = {}
    for record in records:
        rides.setdefault((record.issuer, record.medium_no), []).append(record.entered_s)
    losses = table.load_losses(cursor, sorted(rides))
    if losses and sender.city not in table.owners_of(cursor, "DenyList"):
        missing["deny_list"] = sum(len(rides[pair]) for pair in losses)
    named = table.load_denied(cursor, sender.city, [medium for _, medium in losses])
    found = {}
    for (issuer, medium), reports in losses.items():
        loss = _loss_of(reports, rides[issuer, medium])
        is_home = issuer in members and members[issuer].city == sender.city
        found[medium] = denial_of(cursor, sender.city, is_home, medium, named, loss)
    return found


def _loss_of(reports: Sequence[Loss], rides: Sequence[int]) -> Loss:
    """The loss that these rides are judged by: the first one that a ride fell into, else the
    newest."""
    for loss in reports:
        if any(loss.reported_s <= at_s < (loss.found_s or NEVER) for at_s in rides):
            return loss
    return reports[-1]
