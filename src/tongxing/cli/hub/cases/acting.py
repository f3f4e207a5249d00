"""What `open` and `act` share: an act of a member as a signed file, handed in or written down."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from tongxing.cli.arguments import READABLE_FILE, Whole
from tongxing.cli.common import Words, emit_json, granted, say, settings
from tongxing.cli.hub.opened import opened_hub
from tongxing.front.message_key import message_key_of
from tongxing.hub.cases.desk import OK, CaseDesk
from tongxing.hub.cases.words import account_name, stage_name
from tongxing.hub.terms import terms_on
from tongxing.kernel.clock import calendar_date, stamp
from tongxing.kernel.files import write_whole
from tongxing.kernel.ids import digest, sha256_hex
from tongxing.kernel.reasons import Problem, reason
from tongxing.messages import (
    CaseAct,
    CaseAnswerFile,
    CaseFile,
    Evidence,
    SigningKey,
    seal,
    unseal,
)

WORDS = Words("hub")
Function = TypeVar("Function", bound=Callable[..., object])


def acting(function: Function) -> Function:
    """The options of an act."""
    for option in (
        click.option("--now", "now", metavar="TIME"),
        click.option("--out", "out", type=click.Path(path_type=Path), metavar="FILE"),
        click.option("--evidence", "evidence", type=READABLE_FILE, metavar="FILE", multiple=True),
        click.option("--note", "note", metavar="TEXT", default=""),
        click.option("--reason", "reason", metavar="CODE", default=""),
        click.option("--amount-fen", "amount_fen", type=Whole(0, 10**9), metavar="FEN", default=0),
        click.option("--as", "member", metavar="MEMBER", required=True),
    ):
        function = option(function)
    return function


def papers(files: tuple[Path, ...]) -> list[Evidence]:
    """Evidence by name and SHA-256; the papers themselves are handed over beside the file."""
    return [Evidence(file.name[:120], sha256_hex(file.read_bytes())) for file in files]


def handed_in(act: CaseAct, member: str, now_s: int, out: Path | None) -> None:
    """Sign an act with the member's own key; write the file to `out`, else hand it in at the hub of
    this home. Raises Problem."""
    key: SigningKey = granted(message_key_of(member, os.environ))
    file_id = digest(member, act.act_id, now_s)[:24]
    file = CaseFile(file_id=file_id, sender=member, created_s=now_s, acts=[act])
    message = seal(file, key)
    if out is not None:
        write_whole(out, message)
        if settings().json:
            emit_json({"file": str(out), "file_id": file_id})
            return
        say(WORDS("cases.written", file=out))
        return
    taken(message, now_s)


def taken(message: bytes, now_s: int, answer_to: Path | None = None) -> None:
    """Hand a signed file in at the hub of this home and tell what it answers. Raises Problem when
    the file is refused, or its only act."""
    with opened_hub(now_s) as opened:
        desk = CaseDesk(opened.store, opened.key, opened.trusted, opened.rules)
        answer = granted(desk.receive(message, now_s))
        ring = opened.own_ring()
    if answer_to is not None:
        write_whole(answer_to, answer)
    answers = granted(unseal(answer, CaseAnswerFile, ring))[1].answers
    if settings().json:
        emit_json({"answers": answers})
    else:
        endings = terms_on(calendar_date(now_s)).dispute.endings
        for item in answers:
            if item.code != OK:
                why = reason(item.code).text(settings().language, item.values)
                say(WORDS("cases.refused", act=item.act_id, why=why))
                continue
            ended = item.stage in endings
            name = stage_name(item.stage, ended, settings().language)
            say(WORDS("cases.stands", case=item.case_id, stage=name))
            if item.turn:
                turn = account_name(item.turn, settings().language)
                say(WORDS("cases.show.turn", turn=turn, until=stamp(item.deadline_s)))
    refused = [item for item in answers if item.code != OK]
    if len(answers) == len(refused) == 1:
        raise Problem(refused[0].code, refused[0].act_id, **refused[0].values)
