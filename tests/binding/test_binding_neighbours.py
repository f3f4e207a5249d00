"""The binding desk with the real desks of people and of money beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

import pytest
from binding_world import MEDIA, NOON, Hand, code_of, done, open_world

from tongxing.city.binding.desk import BindingDesk
from tongxing.city.losing.values import Bindings
from tongxing.city.money import MoneyDesk
from tongxing.city.money.balances import Balance
from tongxing.city.money.refunding import Refund
from tongxing.city.people import Cells, CodeSent, PeopleDesk, SignedIn
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database

PHONE = "13800138000"
HOLD_S = 72 * 3_600


@dataclass
class Inbox:
    """The newest code that went out."""

    codes: list[str] = field(default_factory=list)

    def send(
        self, phone: str, template: str, values: Mapping[str, str], out_id: str
    ) -> Refusal | None:
        self.codes.append(values["code"])
        return None


class Nobody:
    """No register is asked here."""

    def check(self, name: str, id_number: str, out_id: str) -> bool | Refusal:
        raise AssertionError("nobody asks for an identity")


@pytest.mark.req("R-001", "R-014")
def test_a_person_who_signed_in_agreed_and_signed_binds_a_card(database: Database) -> None:
    world, inbox, money = open_world(database), Inbox(), None
    draw = Random(4).randbytes
    people = PeopleDesk(world.office, Cells.for_tests("binding"), inbox, Nobody(), draw)
    money = MoneyDesk(world.office, {})
    desk = BindingDesk(world.office, MEDIA.vault, people, money, draw)
    loss_sees: Bindings = desk
    assert loss_sees is desk
    assert isinstance(people.request_code(PHONE, "sign_in", "s1", "c1", NOON), CodeSent)
    signed = people.sign_in(PHONE, inbox.codes[-1], "s1", "a phone", NOON)
    assert isinstance(signed, SignedIn), signed
    person, account = signed.person.person_id, signed.person.account

    card = world.card(balance_fen=1_230)
    begun = done(desk.begin(person, "r1", "nfc", NOON)).binding_id
    done(desk.prove(begun, Hand(card), NOON))
    assert code_of(desk.mandated(begun, NOON)) == "BINDING_NEEDS_CONSENT"
    assert people.give_consent(person, "binding", "1", "app", NOON) is None
    assert code_of(desk.mandated(begun, NOON)) == "BINDING_NEEDS_MANDATE"
    world.execute(
        "INSERT INTO payment_mandate (mandate_id, request_id, content, account, channel, asked_s,"
        " state, mandate_ref, signed_s) VALUES ('m1', 'm1', 'x', %s, 'pay', 1, 'signed', 'p', 2)",
        account,
    )
    done(desk.mandated(begun, NOON))
    active = done(desk.activate(begun, Hand(card), NOON))
    assert (active.step, active.moved_fen) == ("active", 1_230)

    [notice] = [one for one in people.notices(person) if one.kind == "card_bound"]
    assert notice.values["amount_fen"] == 1_230
    held = money.balance(account, NOON + HOLD_S - 1)
    assert isinstance(held, Balance)
    assert (held.posted_fen, held.frozen_fen) == (1_230, 1_230)
    early = money.pay_out(account, "o1", 1_230, "s7", NOON + HOLD_S - 1)
    assert isinstance(early, Refusal)
    ended = done(desk.release(begun, "q1", "s7", "identity", NOON + HOLD_S))
    assert ended.step == "ended"
    money.resume(NOON + HOLD_S)
    paid = money.pay_out(account, "o2", 1_230, "s7", NOON + HOLD_S + 1)
    assert isinstance(paid, Refund), paid
    world.holds()
