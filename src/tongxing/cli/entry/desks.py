"""Cases of the desks before the gates: tickets, links, first top-ups, and cards that become codes.

Each is put to the rule that the desk itself asks; nothing of a rule is repeated here.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from tongxing.city.binding.card import PurseNames, PurseSeen
from tongxing.city.binding.rules import objection
from tongxing.city.binding.terms import binding_terms
from tongxing.city.people.forms import id_check, read_id_number
from tongxing.city.people.terms import people_terms
from tongxing.city.store.bound_cards import CardInBooks
from tongxing.city.upgrading.asking import IDENTITY_LEVEL
from tongxing.city.upgrading.data_forms import Kind, SingleTickets
from tongxing.city.upgrading.numbers import read_number
from tongxing.city.upgrading.programme import Programme, programme_at
from tongxing.city.upgrading.rules import (
    CheckResult,
    TopUpGate,
    check_objection,
    e_tickets_suspended,
    first_top_up,
    free_slot,
    helper_objection,
    top_up_from,
    unused_objection,
)
from tongxing.cli.entry.cases import Found, Said
from tongxing.cli.entry.wording import Unclear, fits, shown, wording, yes_or_no
from tongxing.kernel.clock import DAY_S, calendar_date
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.terminal.model import CardIds

_YEARS_DAYS = 3653
_HELD_DAYS = 400


def _found(name: str, refusal: Refusal | None, **values: object) -> Found:
    """The outcome of a desk: refused with a reason, or what its cases call a success."""
    if refusal is not None:
        return Found({"result": "refused", **values}, reason=refusal.code, where=refusal.where)
    words = wording().results[name]
    return Found({"result": words[0], **values}, {"result": words})


def _programme(city: str, now_s: int) -> Programme | None:
    found = programme_at(city, now_s)
    return None if isinstance(found, Refusal) else found


def _kind(programme: Programme, text: str) -> Kind:
    row = next((row for row in wording().linked if fits(row.word, text)), None)
    found = None if row is None else programme.kind(row.kind)
    if found is None or isinstance(found, Refusal):
        raise Unclear("word", what="card", text=text)
    return found


def _tickets(said: Said) -> tuple[str, int, SingleTickets | None]:
    """City, moment and rule of a case about tickets. Where it names no day, it is told by `where`,
    beside the day on which the rule begins."""
    setting = wording().setting
    city = said.city(setting.gate_city)
    where = said.text("where", "")
    if "date" in said or "time" in said:
        now_s = said.moment_s(setting.gate_day)
    else:
        row = next((row for row in wording().time if fits(row.word, where)), None)
        late = _programme(city, said.moment_s(setting.gate_day))
        begun = None if late is None else late.single_tickets()
        if begun is None:
            raise Unclear("city")
        now_s = begun.from_s + (0 if row is None else row.days) * DAY_S
    programme = _programme(city, now_s)
    return city, now_s, None if programme is None else programme.single_tickets()


def _single(act: str) -> Callable[[Said], Found]:
    def play(said: Said) -> Found:
        city, now_s, rule = _tickets(said)
        given = said.take("id_number", said.take("id"))
        passed = yes_or_no(said.take("health"), "health") is True
        if rule is None:
            return _found(act, None)
        number = "" if given is None else _id_number(given)
        read = read_id_number(number, people_terms(city, now_s), calendar_date(now_s))
        if isinstance(read, Refusal):
            return _found(act, read)
        return _found(act, check_objection(rule, CheckResult(passed, now_s), act, now_s))

    return play


def _id_number(given: object) -> str:
    """An identity number: the case's own, or a sound one where it only says that there is one."""
    if not isinstance(given, str):
        raise Unclear("word", what="id_number", text=shown(given))
    if not fits(wording().yes_no.yes, given):
        return given
    digits = wording().stage.id_number
    return digits + id_check(digits)


def _buy_e_single(said: Said) -> Found:
    _, _, rule = _tickets(said)
    code = "UPGRADE_E_TICKET_SUSPENDED"
    return _found("buy_e_single", Refusal(code) if e_tickets_suspended(rule) else None)


def _refund_e_single(said: Said) -> Found:
    _, _, rule = _tickets(said)
    used = yes_or_no(said.take("used", False), "used") is True
    other_way = said.text("channel", "original").lower() != "original"
    how = "used" if used else ""
    refusal = unused_objection(how, e_tickets_suspended(rule), other_way)
    return _found("refund_e_single", refusal)


def _link(said: Said) -> Found:
    setting = wording().setting
    programme = _upgrade(said.city(setting.gate_city), said.moment_s(setting.gate_day))
    kind = _kind(programme, said.text("card"))
    linked = said.take("linked", [])
    if not isinstance(linked, list) or not all(isinstance(one, str) for one in linked):
        raise Unclear("word", what="linked", text=shown(linked))
    places = [_kind(programme, one).place for one in linked]
    if said.gives("number"):
        number = read_number(kind, said.text("number"))
        if isinstance(number, Refusal):
            return _found("link", number)
    slot = free_slot(programme, kind, range(1, places.count(kind.place) + 1))
    return _found("link", slot if isinstance(slot, Refusal) else None)


def _link_for_other(said: Said) -> Found:
    setting = wording().setting
    programme = _upgrade(said.city(setting.gate_city), said.moment_s(setting.gate_day))
    return _found("link_for_other", helper_objection(programme, said.whole("agent_done")))


def _upgrade(city: str, now_s: int) -> Programme:
    programme = _programme(city, now_s)
    if programme is None:
        raise Unclear("no_programme")
    return programme


def _first_top_up(said: Said) -> Found:
    setting = wording().setting
    now_s = said.moment_s(setting.gate_day)
    programme = _upgrade(said.city(setting.gate_city), now_s)
    card = said.text("card")
    kind = _kind(programme, card)
    first = yes_or_no(said.take("first_topup", True), "first_topup") is True
    known = said.take("id", said.take("id_number")) is not None
    from_day = top_up_from(programme, kind)
    gate: TopUpGate | Refusal = TopUpGate(kind.name, links=False)
    if from_day is not None and first:
        issued_on = _issued_on(card, from_day, calendar_date(now_s))
        gate = first_top_up(kind, from_day, issued_on, lambda: IDENTITY_LEVEL if known else None)
    links = isinstance(gate, TopUpGate) and gate.links
    refusal = gate if isinstance(gate, Refusal) else None
    return _found("first_topup", refusal, linked=links, manual_upgrade_needed=not links)


def _issued_on(card: str, from_day: date, today: date) -> date:
    """A new card is issued on the day of its first top-up, an old one before the rule."""
    return from_day - timedelta(days=1) if card.lower().startswith("old") else today


def _register_code(said: Said) -> Found:
    setting = wording().setting
    programme = _programme(said.city(setting.gate_city), said.moment_s(setting.gate_day))
    links = programme is not None and programme.registers()
    return _found("register_code", None, linked=links, manual_upgrade_needed=not links)


def _card_code(name: str) -> Callable[[Said], Found]:
    def play(said: Said) -> Found:
        setting = wording().setting
        city, now_s = said.city(setting.card_code_city), said.moment_s(setting.card_code_day)
        text = said.text("card", "ordinary")
        row = next((row for row in wording().issued if fits(row.word, text)), None)
        if row is None:
            raise Unclear("word", what="card", text=text)
        terms = binding_terms(city, now_s)
        if not terms.offered:
            raise Unclear("not_offered")
        today = calendar_date(now_s)
        issued_on = today - timedelta(days=said.whole("held_days", _HELD_DAYS))
        seen, books = _card(row.chip, row.product, issued_on)
        return _found(name, objection(seen, books, said.whole("linked", 0), terms, now_s))

    return play


def _card(chip: int, product: str, issued_on: date) -> tuple[PurseSeen, CardInBooks]:
    """A sound card of its holder's, as its chip and the issuer's books have it."""
    stage = wording().stage
    seen = PurseSeen(
        names=PurseNames(t_union=True, ids=CardIds(b"", b"", b"")),
        number=stage.number,
        kind=chip,
        enabled=True,
        starts=issued_on,
        expires=issued_on + timedelta(days=_YEARS_DAYS),
        marked=False,
        entered=False,
        balance_fen=stage.balance_fen,
    )
    books = CardInBooks(
        medium_no=stage.number,
        medium_kind="card",
        scheme=stage.scheme,
        product=product,
        trust="proven",
        denied="",
        issued_on=issued_on,
        rider_id="purse",
        rider_kind="purse",
        liability="liab_purse",
        balance_fen=stage.balance_fen,
        is_open=False,
        loading=False,
    )
    return seen, books


PLAYS: Mapping[str, Callable[[Said], Found]] = {
    "sale": _single("sale"),
    "collection": _single("collection"),
    "welfare_exchange": _single("welfare_exchange"),
    "buy_e_single": _buy_e_single,
    "refund_e_single": _refund_e_single,
    "link": _link,
    "link_for_other": _link_for_other,
    "first_topup": _first_top_up,
    "open_card_code": _card_code("open_card_code"),
    "link_second_card": _card_code("link_second_card"),
    "register_code": _register_code,
}
