"""`tongxing conformance member`: the cases for anybody's member system, over its test port."""

import ipaddress
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.common import note, progress
from tongxing.cli.conformance.kit_telling import WORDS, Kit, list_cases, report_of, tell
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.kernel.reasons import Problem

if TYPE_CHECKING:
    from tongxing.conformance.member.cases import MemberCase
    from tongxing.conformance.member.port import MemberAbout, MemberPort
    from tongxing.conformance.running import CaseResult


@make_command()
@click.option("--at", "url", default=None, metavar="URL")
@click.option("--only", "only", multiple=True, metavar="GROUP|NAME")
@click.option("--list", "listed", is_flag=True)
@click.option("--here", "here", default="127.0.0.1", metavar="ADDRESS")
@click.option("--patience", "patience_s", type=Whole(1, 3_600), default=120, metavar="SECONDS")
@click.option("--report", "report", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@click.pass_context
def command(
    context: click.Context,
    url: str | None,
    only: tuple[str, ...],
    listed: bool,
    here: str,
    patience_s: int,
    report: Path | None,
) -> int:
    from tongxing.conformance.cases import chosen
    from tongxing.conformance.member.cases import MEMBER_GROUPS, member_case_book

    book = member_case_book()
    kit = Kit("member", MEMBER_GROUPS, book.since, ("acquirer",))
    cases = chosen(book.case, only)
    idle = [one for one in only if not chosen(cases, (one,))]
    if idle:
        raise Problem("CONFORMANCE_NO_CASE", "--only", only=", ".join(idle))
    if listed:
        list_cases(kit, cases)
        return 0
    if url is None:
        raise usage_problem(context, "missing", text="--at URL")
    if not url.startswith(("http://", "https://")):
        raise usage_problem(context, "value", name="--at", text=url)
    return _run(kit, url, here, patience_s, cases, report)


def _run(
    kit: Kit, url: str, here: str, patience_s: int, cases: "list[MemberCase]", report: Path | None
) -> int:
    from tongxing.conformance.member.port import MemberPort
    from tongxing.conformance.port import PortRefused
    from tongxing.kernel.files import write_whole

    began_s = int(time.time())
    port = MemberPort(url, patience_s)
    try:
        about = port.about()
        note(WORDS("member.system", name=about.name, software=about.software))
        results = tell(kit, _results(port, about, here, cases), cases)
    except PortRefused as refused:
        refusal = refused.refusal
        raise Problem(refusal.code, refusal.where, **dict(refusal.values)) from None
    finally:
        port.close()
    made = report_of(kit, url, about, began_s, int(time.time()), results)
    if report is not None:
        write_whole(report, made.as_bytes())
        note(WORDS("gate.reported", file=report))
    made.show(kit)
    return 0 if made.conforms else 1


def _results(
    port: "MemberPort", about: "MemberAbout", here: str, cases: "list[MemberCase]"
) -> "Iterator[CaseResult]":
    from tongxing.conformance.member.cases import member_case_book
    from tongxing.conformance.member.playing import PROCEDURES
    from tongxing.conformance.member.world import opened_member_world
    from tongxing.conformance.running import run_cases

    try:
        ipaddress.ip_address(here)
        opened = opened_member_world(
            port, member_case_book(), about.can, here, lambda: int(time.time()), os.urandom
        )
        with opened as world, progress(WORDS("gate.trying"), len(cases)) as advance:
            for result in run_cases(world, about.can, cases, PROCEDURES):
                advance(1)
                yield result
    except (OSError, ValueError):
        raise Problem("CONFORMANCE_ADDRESS", "--here", host=here) from None
