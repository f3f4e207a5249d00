"""`tongxing conformance gate`: the cases for anybody's validator, over its test port."""

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
    from tongxing.conformance.cases import Case
    from tongxing.conformance.port import About, DevicePort
    from tongxing.conformance.running import CaseResult

_ANSWER_S = 30.0


@make_command()
@click.option("--at", "url", default=None, metavar="URL")
@click.option("--only", "only", multiple=True, metavar="GROUP|NAME")
@click.option("--list", "listed", is_flag=True)
@click.option("--here", "here", default="127.0.0.1", metavar="ADDRESS")
@click.option("--patience", "patience_s", type=Whole(1, 3_600), default=60, metavar="SECONDS")
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
    from tongxing.conformance.cases import case_book, chosen

    cases = chosen(case_book().case, only)
    idle = [one for one in only if not chosen(cases, (one,))]
    if idle:
        raise Problem("CONFORMANCE_NO_CASE", "--only", only=", ".join(idle))
    if listed:
        list_cases(_kit(), cases)
        return 0
    if url is None:
        raise usage_problem(context, "missing", text="--at URL")
    if not url.startswith(("http://", "https://")):
        raise usage_problem(context, "value", name="--at", text=url)
    return _run(url, here, patience_s, cases, report)


def _run(url: str, here: str, patience_s: int, cases: "list[Case]", report: Path | None) -> int:
    from tongxing.conformance.port import DevicePort, PortRefused
    from tongxing.kernel.files import write_whole

    began_s = int(time.time())
    port = DevicePort(url, max(_ANSWER_S, patience_s))
    try:
        about = port.about()
        note(WORDS("gate.device", name=about.name, software=about.software))
        results = tell(_kit(), _results(port, about, here, patience_s, cases), cases)
    except PortRefused as refused:
        refusal = refused.refusal
        raise Problem(refusal.code, refusal.where, **dict(refusal.values)) from None
    finally:
        port.close()
    made = report_of(_kit(), url, about, began_s, int(time.time()), results)
    if report is not None:
        write_whole(report, made.as_bytes())
        note(WORDS("gate.reported", file=report))
    made.show(_kit())
    return 0 if made.conforms else 1


def _results(
    port: "DevicePort", about: "About", here: str, patience_s: int, cases: "list[Case]"
) -> "Iterator[CaseResult]":
    from tongxing.conformance.cases import case_book
    from tongxing.conformance.playing import PROCEDURES
    from tongxing.conformance.running import opened_world, run_cases

    try:
        ipaddress.ip_address(here)
        opened = opened_world(
            port, about, case_book(), here, patience_s, lambda: int(time.time()), os.urandom
        )
        with opened as world, progress(WORDS("gate.trying"), len(cases)) as advance:
            for result in run_cases(world, about.can, cases, PROCEDURES):
                advance(1)
                yield result
    except (OSError, ValueError):
        raise Problem("CONFORMANCE_ADDRESS", "--here", host=here) from None


def _kit() -> Kit:
    from tongxing.conformance.cases import GROUPS, case_book

    return Kit("gate", GROUPS, case_book().since, ("code",))
