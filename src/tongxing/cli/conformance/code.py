"""`tongxing conformance code`: the cases for whoever verifies or issues ride codes."""

import click

from tongxing.cli.conformance.telling import list_cases, tell, wanted
from tongxing.cli.shell import command as make_command
from tongxing.cli.shell import usage_problem
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.conformance.code import Builtin, case_rules, open_code_program, run_code


@make_command()
@click.option("--command", "program", default=None, metavar="CMD")
@click.option("--builtin", "builtin", is_flag=True)
@click.option("--only", "only", multiple=True, metavar="NAME")
@click.option("--list", "listed", is_flag=True)
@click.pass_context
def command(
    context: click.Context, program: str | None, builtin: bool, only: tuple[str, ...], listed: bool
) -> int:
    rules = wanted(case_rules(), only)
    if listed:
        list_cases(rules)
        return 0
    if builtin == (program is not None):
        raise usage_problem(context, "other", text="--command / --builtin")
    if program is None:
        return tell(run_code(Builtin(), only=only))
    asked = open_code_program(program)
    if isinstance(asked, Refusal):
        raise Problem(asked.code, "--command", **asked.values)
    with asked:
        return tell(run_code(asked, only=only))
