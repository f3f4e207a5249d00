"""How results of the conformance kit are shown: a line for each case as it ends, then the sum."""

from collections.abc import Iterable, Mapping, Sequence

from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.kernel.reasons import Problem
from tongxing.media.conformance.results import Difference, Result, chosen

WORDS = Words("conformance")
_SENT_SHOWN = 160


def wanted(rules: Mapping[str, str], only: Sequence[str]) -> dict[str, str]:
    """The cases that `only` asks for, each with its rule.

    Raises Problem(CONFORMANCE_NO_CASE) when one of `only` is no rule and begins no name.
    """
    idle = [one for one in only if not any(chosen(rules, (one,)))]
    if idle:
        raise Problem("CONFORMANCE_NO_CASE", "--only", only=", ".join(idle))
    return {name: rules[name] for name in chosen(rules, only)}


def list_cases(rules: Mapping[str, str]) -> None:
    """Print what there is."""
    if settings().json:
        emit_json({"cases": [{"case": name, "rule": rule} for name, rule in rules.items()]})
        return
    for name, rule in rules.items():
        say(f"{rule:<4} {name:<40} {title_of(name)}")


def title_of(name: str) -> str:
    """What a case is about; of those for each key index, the text without it."""
    base, _, variant = name.partition(":")
    key = "vector" if base.startswith("vector-") else base
    title = WORDS(f"case.{key}")
    return f"{title} ({variant})" if variant else title


def tell(results: Iterable[Result]) -> int:
    """Show the results as they come; 1 when one failed or none passed, else 0."""
    counts = {"pass": 0, "fail": 0, "skip": 0}
    shown: list[Result] = []
    for result in results:
        counts[result.verdict] += 1
        if settings().json:
            shown.append(result)
        else:
            _print(result)
    if settings().json:
        emit_json({"cases": shown, **counts})
    else:
        say(WORDS("sum", passed=counts["pass"], failed=counts["fail"], skipped=counts["skip"]))
    return 1 if counts["fail"] or not counts["pass"] else 0


def _print(result: Result) -> None:
    mark = WORDS(f"verdict.{result.verdict}")
    say(f"{mark}  {result.rule:<4} {result.case:<40} {title_of(result.case)}")
    if result.why:
        say(f"      {WORDS(f'why.{result.why}')}")
    if (found := result.difference) is None:
        return
    say(f"      {WORDS(f'what.{found.what}', told=found.told)}")
    say_differing(found, "      ", _SENT_SHOWN)


def say_differing(found: Difference, indent: str, shown_max: int) -> None:
    """What was sent, expected and found, each cut to a length."""
    rows = (("sent", found.sent), ("expected", found.expected), ("found", found.found))
    for key, value in rows:
        if value:
            cut = value if len(value) <= shown_max else f"{value[:shown_max]}…"
            say(f"{indent}{WORDS(f'row.{key}')} {cut}")
