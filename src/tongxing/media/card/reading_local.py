"""Reading cards of one city, in the steps that their table gives (see `local`).

They are told by an application of their own, or by how a file of theirs begins. No step differs by
city in code; what the table does not say is not read.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from msgspec.structs import replace

from tongxing.media.card.applications import Fci, parse_fci, scheme_of
from tongxing.media.card.asking import Asker
from tongxing.media.card.face import PurseFace
from tongxing.media.card.local import LocalCard, LocalFile, field_value, local_cards
from tongxing.media.card.parts import parsed, read_balance, read_logs

Values = dict[str, str | date | None]


def read_locals(card: Asker, journeys: bool) -> Iterator[PurseFace]:
    """The local purses on a card that have an application or a file of their own."""
    for local in local_cards().values():
        if scheme_of(local.aid) or card.gone:
            continue
        card.begin()
        if _is_there(card, local):
            fci = parsed(card, "fci", card.raw.get("fci"), parse_fci)
            face = PurseFace(scheme=local.scheme, aid=local.aid, fci=fci)
            yield read_local(card, face, local, journeys)


def read_local(card: Asker, face: PurseFace, local: LocalCard, journeys: bool) -> PurseFace:
    """The purse of a local card whose application has been selected."""
    values: Values = {}
    for file in local.files:
        if file.where == "application":
            values |= _values(card, file, face.fci)
    _select_purse(card, local)
    stored = read_balance(card)
    logs = tuple(read_logs(card)) if journeys else ()
    in_mf = [file for file in local.files if file.where == "mf"]
    if in_mf and not all(f"{file.layout.sfi:02X}" in card.raw for file in in_mf):
        card.select_id()
    for file in in_mf:
        values |= _values(card, file, None)
    number, starts, expires = (values.get(name) for name in ("number", "starts", "expires"))
    return replace(
        face,
        number=number if isinstance(number, str) else None,
        starts=starts if isinstance(starts, date) else None,
        expires=expires if isinstance(expires, date) else None,
        balance_fen=None if stored is None else local.balance_fen(stored),
        transactions=logs,
        unreadable=card.unreadable,
        raw=card.raw,
    )


def _is_there(card: Asker, local: LocalCard) -> bool:
    """Select the application, or read the telling file and select by id."""
    if local.aid:
        return card.select(local.aid) is not None
    card.select_id()
    told = [file for file in local.files if file.tells]
    for file in told:
        raw = card.binary(file.layout.sfi or 0, file.layout.size)
        if raw is None or not file.is_told_by(raw):
            return False
    return bool(told)


def _select_purse(card: Asker, local: LocalCard) -> None:
    if local.purse:
        card.select(local.purse)
    elif local.file_id:
        card.select_id(local.file_id)


def _values(card: Asker, file: LocalFile, fci: Fci | None) -> Values:
    part = f"{file.layout.sfi:02X}"
    raw = card.raw.get(part)
    if raw is None and fci and len(fci.data) >= file.layout.size:
        raw = card.raw[part] = fci.data
    if raw is None:
        raw = card.binary(file.layout.sfi or 0, file.layout.size)
    if raw is None:
        return {}
    if refusal := file.layout.refusal(raw):
        card.doubt(part, refusal)
        return {}
    fields: Mapping[str, str] = {one.name: one.form for one in file.layout.fields}
    places = file.layout.by_name
    return {
        name: field_value(form, raw[places[name].offset : places[name].end])
        for name, form in fields.items()
        if form != "hex"
    }
