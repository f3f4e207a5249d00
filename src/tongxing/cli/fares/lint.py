"""`tongxing fares lint`: every mistake in a tariff file, each in its line and column."""

from pathlib import Path

import click

from tongxing.cli.arguments import READABLE_FILE
from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.fares.publishing import Linted, lint

WORDS = Words("fares")


@make_command()
@click.argument("files", type=READABLE_FILE, metavar="FILE...", nargs=-1, required=True)
def command(files: tuple[Path, ...]) -> int:
    linted = [lint(file.read_bytes(), str(file)) for file in files]
    if settings().json:
        emit_json([as_json(one) for one in linted])
    else:
        for one in linted:
            print_findings(one)
        errors = sum(len(one.errors) for one in linted)
        warnings = sum(len(one.warnings) for one in linted)
        say(WORDS("lint.sum", files=len(linted), errors=errors, warnings=warnings))
    return 1 if any(one.errors for one in linted) else 0


def as_json(linted: Linted) -> dict[str, object]:
    """One file with its findings, as ``--json`` gives them."""
    return {
        "file": linted.name,
        "errors": len(linted.errors),
        "warnings": len(linted.warnings),
        "findings": [finding.as_json() for finding in linted.findings],
    }


def print_findings(linted: Linted) -> None:
    """The errors of a file, then its warnings: ``file:line:column`` first, as editors read it."""
    language = settings().language
    for finding in (*linted.errors, *linted.warnings):
        word = WORDS(f"lint.{finding.severity}")
        rule = f" [{finding.rule}]" if finding.rule else ""
        refusal = finding.refusal
        say(f"{refusal.where}: {word} {finding.code}{rule}: {refusal.message(language)}")
        say(f"    → {refusal.next_step(language)}")
