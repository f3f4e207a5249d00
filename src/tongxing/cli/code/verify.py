"""`tongxing code verify`: the verdict of a gate on a code, without a network."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import click

from tongxing.cli.arguments import READABLE_FILE, Whole
from tongxing.cli.code.arguments import MOMENT
from tongxing.cli.code.fields import as_json, as_rows
from tongxing.cli.code.given import given_code
from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.shell import command as make_command
from tongxing.kernel.clock import stamp
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.code.trusting import parse_denied, parse_issuers, parse_roots
from tongxing.media.code.verify import Accepted, Refused, Trust, verify
from tongxing.media.crypto.providers import sm2

WORDS = Words("code")
_FEN_MAX = 0xFFFFFFFF
Read = TypeVar("Read")


@make_command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--roots", type=READABLE_FILE, metavar="FILE", required=True)
@click.option("--at", "at_s", type=MOMENT, metavar="TIME")
@click.option("--issuers", type=READABLE_FILE, metavar="FILE")
@click.option("--denied", type=READABLE_FILE, metavar="FILE")
@click.option("--fare", "fare_fen", type=Whole(0, _FEN_MAX), metavar="FEN")
def command(
    file: Path,
    roots: Path,
    at_s: int | None,
    issuers: Path | None,
    denied: Path | None,
    fare_fen: int | None,
) -> int:
    computer = sm2()
    trust = Trust(
        roots=_read(roots, parse_roots(roots.read_bytes(), computer)),
        issuers=_read(issuers, parse_issuers(issuers.read_bytes())) if issuers else None,
    )
    accounts = _read(denied, parse_denied(denied.read_bytes())) if denied else {}
    now_s = int(time.time()) if at_s is None else at_s
    given = given_code(file)
    verdict = (
        Refused("FORMAT", given)
        if isinstance(given, Refusal)
        else verify(
            given,
            trust,
            now_s,
            sm2=computer,
            fare_fen=fare_fen or 0,
            denied=lambda account: accounts.get(account, ""),
        )
    )
    given_lists = {"issuers": issuers, "denied": denied, "fare": fare_fen}
    asked = {name: value is not None for name, value in given_lists.items()}
    _tell(verdict, now_s, computer.name, asked)
    return 0 if isinstance(verdict, Accepted) else 1


def _read(path: Path | None, found: Read | Refusal) -> Read:
    if isinstance(found, Refusal):
        raise Problem(found.code, f"{path} {found.where}".strip(), **found.values)
    return found


def _tell(
    verdict: Accepted | Refused, now_s: int, computer: str, asked: Mapping[str, bool]
) -> None:
    if settings().json:
        not_asked = [name for name, was_asked in asked.items() if not was_asked]
        emit_json(_verdict_json(verdict, now_s, computer) | {"not_asked": not_asked})
        return
    if isinstance(verdict, Accepted):
        say(_accepted(asked))
    else:
        language, refusal = settings().language, verdict.refusal
        number = "" if verdict.number is None else f" ({verdict.number})"
        say(f"{verdict.reason}{number} {refusal.code}: {refusal.message(language)}")
        say(f"  → {refusal.next_step(language)}")
    if verdict.code is not None:
        if isinstance(verdict, Refused):
            say(WORDS("verify.unverified"))
        for name, value in as_rows(verdict.code, WORDS):
            say(f"  {name}: {value}")
    say(WORDS("verify.judged", time=stamp(now_s), computer=computer))


def _accepted(asked: Mapping[str, bool]) -> str:
    """What was found in order, and what nobody gave a list or a fare to ask by."""
    told = WORDS("verify.accepted")
    for key, wanted in (("verify.also_asked", True), ("verify.not_asked", False)):
        names = [WORDS(f"asked.{name}") for name, was_asked in asked.items() if was_asked is wanted]
        if names:
            told += WORDS(key, names=WORDS("issue.comma").join(names))
    return told


def _verdict_json(verdict: Accepted | Refused, now_s: int, computer: str) -> dict[str, object]:
    told: dict[str, object] = {
        "accepted": isinstance(verdict, Accepted),
        "reason": None,
        "number": 0,
        "at_s": now_s,
        "sm2": computer,
        "fields": None if verdict.code is None else as_json(verdict.code),
    }
    if isinstance(verdict, Refused):
        told |= {"reason": verdict.reason, "number": verdict.number, "forged": verdict.is_forged}
        told |= verdict.refusal.as_json()
    return told
