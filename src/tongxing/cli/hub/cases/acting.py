"""What `open` and `act` share: an act of a member as a signed file, handed in or written down."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click
import msgspec

from tongxing.cli.arguments import READABLE_FILE, TEXT_SHOWN_MAX, Whole, moment
from tongxing.cli.common import Words, emit_json, granted, in_both, say, settings
from tongxing.cli.hub.opened import opened_hub
from tongxing.cli.shell import command as make_command
from tongxing.front.message_key import message_key_of
from tongxing.hub.cases.desk import OK, CaseDesk
from tongxing.hub.cases.words import account_name, record_state, stage_name
from tongxing.hub.terms import terms_on
from tongxing.kernel.clock import calendar_date, stamp
from tongxing.kernel.files import write_whole
from tongxing.kernel.ids import digest, sha256_hex
from tongxing.kernel.reasons import Problem, reason
from tongxing.messages import (
    CaseAct,
    CaseActKind,
    CaseAnswer,
    CaseAnswerFile,
    CaseFile,
    Evidence,
    SigningKey,
    seal,
    unseal,
)

WORDS = Words("hub")


def act_command(about: Literal["record", "case"], acts: Sequence[str]) -> click.Command:
    """The command of a member's acts about a record, which open a case, or in a case."""

    @make_command()
    @click.argument(about, metavar=about.upper())
    @click.argument("act", type=click.Choice(acts), metavar="ACT")
    @click.option("--as", "member", metavar="MEMBER", required=True)
    @click.option("--amount-fen", "amount_fen", type=Whole(0, 10**9), metavar="FEN", default=0)
    @click.option("--reason", "reason", metavar="CODE", default="")
    @click.option("--note", "note", metavar="TEXT", default="")
    @click.option("--evidence", "evidence", type=READABLE_FILE, metavar="FILE", multiple=True)
    @click.option("--out", "out", type=click.Path(path_type=Path), metavar="FILE")
    @click.option("--now", "now", metavar="TIME")
    def command(
        act: CaseActKind,
        member: str,
        amount_fen: int,
        reason: str,
        note: str,
        evidence: tuple[Path, ...],
        out: Path | None,
        now: str | None,
        **named: str,
    ) -> None:
        if not (reason.isascii() and reason.isprintable() and " " not in reason):
            detail = in_both("detail", "hub", "cases.reason_code")
            raise Problem("ARG_INVALID", "--reason", text=reason[:TEXT_SHOWN_MAX], **detail)
        said = CaseAct(
            act_id=f"{act}-{named[about]}",
            act=act,
            record_id=named.get("record", ""),
            case_id=named.get("case", ""),
            amount_fen=amount_fen,
            reason=reason,
            note=note,
            evidence=papers(evidence),
        )
        handed_in(said, member, moment(now, "--now"), out)

    return command


def papers(files: tuple[Path, ...]) -> list[Evidence]:
    """Evidence by name and SHA-256; the papers themselves are handed over beside the file."""
    return [Evidence(file.name[:120], sha256_hex(file.read_bytes())) for file in files]


def handed_in(act: CaseAct, member: str, now_s: int, out: Path | None) -> None:
    """Sign an act with the member's own key; write the file to `out`, else hand it in at the hub of
    this home. Said otherwise, or later, it is another file. Raises Problem."""
    key: SigningKey = granted(message_key_of(member, os.environ))
    file_id = digest(member, msgspec.json.encode(act).decode(), now_s)[:24]
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
    refused = [item for item in answers if item.code != OK]
    is_alone = len(answers) == len(refused) == 1
    if settings().json:
        emit_json({"answers": answers})
    elif not is_alone:
        _tell(answers, now_s)
    if is_alone:
        raise Problem(refused[0].code, refused[0].act_id, **refused[0].values)


def _tell(answers: Sequence[CaseAnswer], now_s: int) -> None:
    endings = terms_on(calendar_date(now_s)).dispute.endings
    language = settings().language
    for item in answers:
        if item.code != OK:
            why = reason(item.code).text(language, item.values)
            say(WORDS("cases.refused", act=item.act_id, why=why))
            continue
        if item.case_id:
            name = stage_name(item.stage, item.stage in endings, language)
            say(WORDS("cases.stands", case=item.case_id, stage=name))
        else:
            say(WORDS("cases.heard", act=item.act_id, state=record_state(item.stage, language)))
        if item.turn:
            turn = account_name(item.turn, language)
            say(WORDS("cases.show.turn", turn=turn, until=stamp(item.deadline_s)))
