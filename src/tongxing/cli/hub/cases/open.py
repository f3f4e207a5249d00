"""`tongxing hub cases open`: a member opens a case about a record that was netted."""

from pathlib import Path

import click

from tongxing.cli.arguments import moment
from tongxing.cli.hub.cases.acting import acting, handed_in, papers
from tongxing.cli.shell import command as make_command
from tongxing.messages import CaseAct, CaseActKind

OPENINGS = (
    "query",
    "ask_evidence",
    "credit_adjust",
    "present_more",
    "charge_back",
    "claim_small",
)


@make_command()
@click.argument("record", metavar="RECORD")
@click.argument("act", type=click.Choice(OPENINGS), metavar="ACT")
@acting
def command(
    record: str,
    act: CaseActKind,
    member: str,
    amount_fen: int,
    reason: str,
    note: str,
    evidence: tuple[Path, ...],
    out: Path | None,
    now: str | None,
) -> None:
    said = CaseAct(
        act_id=f"{act}-{record}",
        act=act,
        record_id=record,
        amount_fen=amount_fen,
        reason=reason,
        note=note,
        evidence=papers(evidence),
    )
    handed_in(said, member, moment(now, "--now"), out)
