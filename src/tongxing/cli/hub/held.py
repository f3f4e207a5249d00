"""`tongxing hub held`: the records on hold, why, and until when evidence is taken."""

from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.cli.hub.opened import hub_store
from tongxing.cli.shell import command as make_command
from tongxing.hub.details import told_detail
from tongxing.hub.store.life import HeldLine, held_lines
from tongxing.hub.store.twins import held_twin_lines
from tongxing.hub.terms import terms_on
from tongxing.hub.verdicts import verdict_code
from tongxing.kernel.clock import calendar_date, stamp
from tongxing.kernel.money import yuan

WORDS = Words("hub")
COLUMNS = ("record", "parties", "amount", "why", "until")


@make_command()
def command() -> None:
    with hub_store() as store, store.reading() as cursor:
        lines = [*held_lines(cursor), *held_twin_lines(cursor)]
    if settings().json:
        emit_json([{**line._asdict(), "until": _until(line)} for line in lines])
        return
    if not lines:
        say(WORDS("held.none"))
        return
    rows = [
        (
            line.record_id,
            f"{line.issuer} → {line.acquirer}",
            yuan(line.delta_fen),
            _why(line),
            _until(line),
        )
        for line in lines
    ]
    columns = [WORDS(f"held.column.{name}") for name in COLUMNS]
    print_table(WORDS("held.title"), columns, rows, right=(2,))


def _why(line: HeldLine) -> str:
    code = line.codes.split()[0]
    found = verdict_code(code)
    name = found.zh if settings().language == "zh" else found.en
    why = f"{code} {name}"
    if line.detail:
        detail = told_detail(line.detail, settings().language)
        why = WORDS("held.why", code=code, name=name, detail=detail)
    if line.proposed:
        amount = "" if line.agreed_fen is None else yuan(line.agreed_fen)
        said = WORDS(f"held.{line.proposed}", by=line.proposed_by, amount=amount)
        why = WORDS("held.said", why=why, said=said)
    return why


def _until(line: HeldLine) -> str:
    terms = terms_on(calendar_date(line.received_s)).held
    return stamp(terms.ends_s(line.received_s))
