"""What text files say in our own words: verdicts, words on files, denied cards, card beginnings.

Only what a file really says. A CL, ED, AD or BP row lacks most of what a record of ours needs
(taps, place, operator, tariff), so no record is made of it; its fields can be read as they are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from tongxing.exchange.cells import text_of
from tongxing.exchange.layouts import Shape
from tongxing.exchange.ours.profile import Profile
from tongxing.exchange.text_file import Line
from tongxing.hub.verdicts import code_table
from tongxing.kernel.reasons import Refusal
from tongxing.messages import Verdict

READ_BACK = ("LD", "FB", "UC", "DC", "BN")


class FileWord(msgspec.Struct, frozen=True):
    """What the centre says of a file: OK, or a reason."""

    file_id: str
    file_code: str


class DeniedCard(msgspec.Struct, frozen=True):
    """A card that must be refused. The file has no reason; `issuer` is our member id or ""."""

    medium_no: str
    issuer: str


class CardBeginning(msgspec.Struct, frozen=True):
    """How card numbers of an issuer (our member id, or "") begin."""

    prefix: str
    issuer: str


Ours = Verdict | FileWord | DeniedCard | CardBeginning


@dataclass(slots=True)
class Incoming:
    """What was understood, and why the rest was not."""

    found: list[Ours] = field(default_factory=list)
    not_read: list[Refusal] = field(default_factory=list)


def read_ours(
    shape: Shape, lines: Iterable[Line], profile: Profile, known: Mapping[int, str]
) -> Incoming | Refusal:
    """The lines as ours. `known` gives our record by the acquirer's number (FB).

    Refuses with EXCHANGE_NO_MESSAGE for a kind of file of which nothing of ours can be made.
    """
    if shape.code not in READ_BACK:
        return Refusal("EXCHANGE_NO_MESSAGE", values={"kind": shape.code})
    incoming = Incoming()
    for line in lines:
        if line.faults:
            incoming.not_read += line.faults
            continue
        texts = {one.name: text_of(one, line.cells[one.name]) for one in shape.fields}
        found = _one(shape.code, texts, profile, known, str(line.number))
        if isinstance(found, Refusal):
            incoming.not_read.append(found)
        else:
            incoming.found.append(found)
    return incoming


def _one(
    code: str, texts: Mapping[str, str], profile: Profile, known: Mapping[int, str], where: str
) -> Ours | Refusal:
    if code == "FB":
        return _verdict(texts, profile, known, where)
    if code == "LD":
        words = {theirs: ours for ours, theirs in profile.file_codes.items()}
        word = words.get(texts["error_code"])
        values = {"text": texts["error_code"]}
        return (
            FileWord(texts["file_name"], word)
            if word
            else Refusal("EXCHANGE_CODE_UNKNOWN", where, values)
        )
    issuer = profile.member_of(texts["issuer"], "ISS")
    if code == "BN":
        return CardBeginning(texts["bin"], issuer)
    return DeniedCard(texts["card_number"], issuer)


def _verdict(
    texts: Mapping[str, str], profile: Profile, known: Mapping[int, str], where: str
) -> Verdict | Refusal:
    codes = {theirs: ours for ours, theirs in profile.error_codes.items()}
    ours = codes.get(texts["error_code"], "")
    if ours not in code_table():
        return Refusal("EXCHANGE_CODE_UNKNOWN", where, {"text": texts["error_code"]})
    record_id = known.get(int(texts["acquirer_sequence"]))
    if record_id is None:
        values = {"number": texts["acquirer_sequence"]}
        return Refusal("EXCHANGE_NUMBER_UNKNOWN", where, values)
    entry = code_table()[ours]
    status: Literal["accepted", "held", "rejected"] = (
        "held" if entry.status == "carried" else entry.status
    )
    return Verdict(record_id=record_id, status=status, code=ours, bearer=entry.bearer)
