"""A whole card read over any link, as a terminal or a counter sees it.

The directory says what is on the card, and where it says nothing the fixed names are tried. All is
read and nothing written; whatever a card answers, the result is a face or one refusal.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.applications import (
    PPSE_NAME,
    PURSES,
    Fci,
    Offer,
    parse_fci,
    parse_ppse,
    scheme_of,
)
from tongxing.media.card.asking import LOCKED, Asker
from tongxing.media.card.face import CardFace, PurseFace
from tongxing.media.card.files.city_union import (
    CITY_UNION,
    COMPOSITE,
    parse_city_union_info,
    parse_composite,
)
from tongxing.media.card.files.journey import JOURNEY, parse_journey
from tongxing.media.card.files.management import MANAGEMENT, parse_management
from tongxing.media.card.files.public import PUBLIC, parse_public_info
from tongxing.media.card.files.transit import BUS, RAIL, TRANSIT, Transit, parse_transit
from tongxing.media.card.link import CardLink
from tongxing.media.card.local import local_by_data
from tongxing.media.card.parts import parsed, read_balance, read_logs, records
from tongxing.media.card.reading_local import read_local, read_locals

JOURNEY_RECORDS, LOCAL_RECORDS = 30, 16
_CITY_UNION_LOGS = (0x18, 0x10, 0x1A)
_NO_FILE = 0x6A82


def read_card(link: CardLink, *, journeys: bool = False, every: bool = True) -> CardFace | Refusal:
    """Everything that can be read without a key.

    `journeys` also reads the logs and the journeys; without `every`, reading ends with the first
    purse that is found. The main purse is selected when this returns. Refuses CARD_REMOVED,
    CARD_TIMEOUT, CARD_COLLISION, CARD_LOCKED (nothing but locked purses), CARD_APP_MISSING, and
    CARD_RESPONSE_LENGTH for what never answers as a card does.
    """
    card = Asker(link)
    offers = _directory(card)
    found: list[PurseFace] = []
    for aid in _names(offers):
        if scheme_of(aid) in {one.scheme for one in found if not one.locked}:
            continue
        if purse := _purse(card, aid, journeys):
            found.append(purse)
        if card.gone or (found and not every):
            break
    if every or not found:
        found += read_locals(card, journeys)
    if card.gone:
        return card.gone
    if not any(not purse.locked for purse in found):
        return _nothing(card, found)
    found.sort(key=lambda purse: purse.locked)
    main = found[0].aid
    if main and not (card.selected and main.startswith(card.selected)):
        card.begin()
        card.select(main)
    return card.gone or CardFace(tuple(found), offers)


def _nothing(card: Asker, found: list[PurseFace]) -> Refusal:
    if found:
        return Refusal("CARD_LOCKED")
    if not card.answered:
        return Refusal("CARD_RESPONSE_LENGTH", values={"length": "?"})
    return Refusal("CARD_APP_MISSING")


def _directory(card: Asker) -> tuple[Offer, ...]:
    raw = card.select(PPSE_NAME)
    offers = parse_ppse(raw) if raw else ()
    return () if isinstance(offers, Refusal) else offers


def _names(offers: tuple[Offer, ...]) -> Iterator[bytes]:
    """Purses to select: those of the directory first, then the fixed names of other schemes."""
    listed = [offer.aid for offer in offers if scheme_of(offer.aid)]
    yield from listed
    for known, _ in PURSES:
        if not any(aid.startswith(known) for aid in listed):
            yield known


def _purse(card: Asker, aid: bytes, journeys: bool) -> PurseFace | None:
    card.begin()
    card.select(aid)
    raw = card.raw.get("fci")
    locked = card.status in LOCKED
    if raw is None and not locked:
        return None
    fci = _fci(card, raw or b"")
    scheme = scheme_of(aid) or ""
    name = fci.name if fci and scheme_of(fci.name) == scheme else aid
    face = PurseFace(scheme=scheme, aid=name, locked=locked, fci=fci, unreadable=card.unreadable,
                     raw=card.raw)  # fmt: skip
    if locked and not raw:
        return face
    read = _city_union if scheme == "city_union" else _t_union
    return read(card, face, fci, journeys)


def _fci(card: Asker, raw: bytes) -> Fci | None:
    if not raw:
        return None
    fci = parse_fci(raw)
    if isinstance(fci, Refusal):
        card.doubt("fci", fci)
        return None
    return fci


def _content(card: Asker, fci: Fci | None, size: int) -> bytes | None:
    """File 0x15: from the answer to SELECT where that has all of it, else from the file."""
    if fci and len(fci.data) >= size:
        card.raw["15"] = fci.data
        return fci.data
    return card.binary(0x15, size)


def _t_union(card: Asker, face: PurseFace, fci: Fci | None, journeys: bool) -> PurseFace:
    public = parsed(card, "15", _content(card, fci, PUBLIC.size), parse_public_info)
    managed = card.binary(0x17, MANAGEMENT.size)
    if managed is None and card.status not in (0, _NO_FILE):
        managed = card.binary(0x17, MANAGEMENT.least)
    face = replace(
        face,
        public=public,
        number=public.number if public else None,
        starts=public.starts if public else None,
        expires=public.expires if public else None,
        management=parsed(card, "17", managed, parse_management),
        balance_fen=read_balance(card),
        transit=tuple(_trips(card)),
    )
    if not journeys:
        return face
    return replace(
        face,
        transactions=tuple(read_logs(card)),
        journeys=tuple(records(card, 0x1E, JOURNEY.size, JOURNEY_RECORDS, parse_journey)),
        locals=tuple(records(card, 0x19, 0, LOCAL_RECORDS, lambda raw: raw)),
    )


def _city_union(card: Asker, face: PurseFace, fci: Fci | None, journeys: bool) -> PurseFace:
    raw = _content(card, fci, CITY_UNION.size)
    if local := local_by_data(face.aid, raw or b""):
        found = read_local(card, replace(face, scheme=local.scheme), local, journeys)
        if found.number is not None or card.gone:
            return found
        card.select(face.aid)  # a card of that city made as City Union makes them
    info = parsed(card, "15", raw, parse_city_union_info)
    face = replace(
        face,
        city_union=info,
        number=info.number if info else None,
        starts=info.starts if info else None,
        expires=info.expires if info else None,
        balance_fen=read_balance(card),
    )
    if not journeys:
        return face
    logs = [one for sfi in _CITY_UNION_LOGS for one in read_logs(card, sfi)]
    composites = records(card, 0x17, COMPOSITE.size, LOCAL_RECORDS, parse_composite)
    return replace(face, transactions=tuple(logs), composites=tuple(composites))


def _trips(card: Asker) -> Iterator[Transit]:
    """The rail and the bus record: by number as gates do, by id where the numbers differ."""
    for record_id in (RAIL, BUS):
        number = record_id & 0xFF
        wanted = record_id.to_bytes(2, "big")
        raw = card.record(0x1A, number, TRANSIT.size)
        if raw is not None and raw[:2] != wanted:
            raw = card.record(0x1A, number, TRANSIT.size, by_id=True)
        if raw is not None and raw[:2] == wanted:
            trip = parsed(card, f"1A:{number}", raw, parse_transit)
            if trip:
                yield trip
