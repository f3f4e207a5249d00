"""What `rule`, `freeze` and `unfreeze` share: a person of the hub acts, with name and reason."""

from tongxing.cli.common import emit_json, granted, settings
from tongxing.cli.hub.cases.showing import print_case
from tongxing.cli.hub.opened import opened_hub
from tongxing.hub.cases.desk import CaseDesk
from tongxing.hub.cases.views import find_case
from tongxing.messages import CaseActKind


def decided(
    case_id: str, act: CaseActKind, by: str, why: str, now_s: int, to_issuer_fen: int = 0
) -> None:
    """Do it and show the case after it. Raises Problem."""
    with opened_hub(now_s) as opened:
        desk = CaseDesk(opened.store, opened.key, opened.trusted, opened.rules)
        granted(desk.decide(case_id, act, by, why, now_s, to_issuer_fen=to_issuer_fen))
        with opened.store.reading() as cursor:
            seen = find_case(cursor, case_id, now_s)
    assert seen is not None
    if settings().json:
        emit_json(seen.line._asdict())
        return
    print_case(seen)
