"""How cases are shown: the table of many, and one with its steps and its money."""

from collections.abc import Sequence

from tongxing.cli.common import Words, print_table, say, settings
from tongxing.hub.cases.views import CaseLine, CaseSeen
from tongxing.hub.cases.weighing import Weighed
from tongxing.hub.cases.words import (
    account_name,
    act_name,
    money_name,
    side_name,
    silence_name,
    stage_name,
    weight_name,
)
from tongxing.kernel.clock import stamp
from tongxing.kernel.money import yuan

WORDS = Words("hub")
_DIGEST_SHOWN = 12


def print_cases(lines: Sequence[CaseLine]) -> None:
    """Cases in a table, by deadline."""
    names = ("case", "record", "parties", "amount", "escrow", "stage", "turn", "until")
    rows = [
        (
            line.case_id,
            line.record_id,
            f"{line.issuer} ← {line.acquirer}",
            yuan(line.amount_fen) if line.amount_fen else "–",
            yuan(line.escrow_fen) if line.escrow_fen else "–",
            stage(line),
            account_name(line.turn, settings().language) if line.turn else "–",
            until(line),
        )
        for line in lines
    ]
    columns = [WORDS(f"cases.column.{name}") for name in names]
    print_table(WORDS("cases.list.title"), columns, rows, right=(3, 4))


def print_case(seen: CaseSeen) -> None:
    """One case: where it stands, what can be done, what happened, what moved."""
    line, language = seen.line, settings().language
    say(WORDS("cases.show.title", case=line.case_id, record=line.record_id))
    say(WORDS("cases.show.parties", issuer=line.issuer, acquirer=line.acquirer))
    if line.ended_s is None:
        say(WORDS("cases.show.stage", stage=stage(line)))
    else:
        say(WORDS("cases.show.ended", time=stamp(line.ended_s), stage=stage(line)))
    if line.amount_fen or line.escrow_fen:
        amounts = {"amount": yuan(line.amount_fen), "escrow": yuan(line.escrow_fen)}
        say(WORDS("cases.show.money", **amounts))
    if line.passed_to:
        say(WORDS("cases.show.passed", until=until(line)))
    if seen.until_s is not None:
        turn = account_name(line.turn, language)
        say(WORDS("cases.show.turn", turn=turn, until=stamp(seen.until_s)))
        say(WORDS("cases.show.silence", name=silence_name(seen.silence, language)))
        if seen.case.proposed_by:
            proposed = {"by": seen.case.proposed_by, "amount": yuan(seen.case.proposed_fen)}
            say(WORDS("cases.show.proposed", **proposed))
        for act, party in seen.next_acts:
            values = {"act": act, "name": act_name(act, language)}
            say(WORDS("cases.show.next", party=account_name(party, language), **values))
    _say_weighed(seen.weighed)
    print_table(
        WORDS("cases.show.steps"),
        [WORDS(f"cases.column.{name}") for name in ("when", "act", "by", "amount", "said")],
        [
            (
                stamp(item.at_s),
                act_name(item.act, language),
                account_name(item.by, language),
                yuan(item.amount_fen) if item.amount_fen else "",
                " ".join(
                    [item.reason, item.note]
                    + [f"{paper.name} ({paper.sha256[:_DIGEST_SHOWN]}…)" for paper in item.evidence]
                ).strip(),
            )
            for item in seen.news
        ],
        right=(3,),
    )
    if seen.money:
        print_table(
            WORDS("cases.show.moved"),
            [WORDS(f"cases.column.{name}") for name in ("kind", "from", "to", "amount", "window")],
            [
                (
                    money_name(item.kind, language),
                    account_name(item.debtor, language),
                    account_name(item.creditor, language),
                    yuan(item.amount_fen),
                    item.window_id or WORDS("cases.show.waits", window=item.due_window),
                )
                for item in seen.money
            ],
            right=(3,),
        )


def _say_weighed(found: Weighed | None) -> None:
    """Why a small claim was granted or not: the points of each side, fact by fact."""
    if found is None:
        return
    language = settings().language
    points = {"issuer": found.issuer_points, "acquirer": found.acquirer_points}
    say(WORDS(f"cases.show.weighed.{found.ending}", **points))
    for one in found.facts:
        side, fact = side_name(one.side, language), weight_name(one.fact, language)
        say(WORDS("cases.show.fact", side=side, points=one.points, fact=fact))


def stage(line: CaseLine) -> str:
    """Where a case stands or how it ended; that it is frozen."""
    name = stage_name(line.stage, line.ended_s is not None, settings().language)
    return WORDS("cases.frozen", stage=name) if line.frozen_s is not None else name


def until(line: CaseLine) -> str:
    """Its deadline, what follows where that has passed, or when it ended."""
    if line.due_s is not None and line.passed_to:
        name = silence_name(line.passed_to, settings().language)
        return WORDS("cases.passed", time=stamp(line.due_s), name=name)
    if line.due_s is not None:
        return stamp(line.due_s)
    assert line.ended_s is not None
    return WORDS("cases.ended", time=stamp(line.ended_s))
