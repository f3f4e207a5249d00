"""`tongxing hub cases act`: a member takes the next step of a case."""

from pathlib import Path

import click

from tongxing.cli.arguments import moment
from tongxing.cli.hub.cases.acting import acting, handed_in, papers
from tongxing.cli.shell import command as make_command
from tongxing.messages import CaseAct, CaseActKind

STEPS = (
    "answer",
    "give_evidence",
    "credit_adjust",
    "accept_more",
    "refuse_more",
    "charge_back",
    "accept",
    "represent",
    "drop",
    "arbitrate",
    "withdraw",
)


@make_command()
@click.argument("case", metavar="CASE")
@click.argument("act", type=click.Choice(STEPS), metavar="ACT")
@acting
def command(
    case: str,
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
        act_id=f"{act}-{case}",
        act=act,
        case_id=case,
        amount_fen=amount_fen,
        reason=reason,
        note=note,
        evidence=papers(evidence),
    )
    handed_in(said, member, moment(now, "--now"), out)
