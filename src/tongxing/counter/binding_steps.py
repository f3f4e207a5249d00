"""Where a passenger's binding stands, the same for the counter and the station machine.

The state stands with the binding's desk; here it is only said which page shows it.
"""

from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request

from tongxing.city.binding.terms import BindingTerms, binding_terms
from tongxing.city.binding.values import Binding, BoundCard
from tongxing.city.people.consent_texts import ConsentText, consent_texts
from tongxing.city.people.values import Person
from tongxing.counter.desks import CounterDesks
from tongxing.counter.web import desks_of, rider_home
from tongxing.kernel.reasons import Refusal

PASSWORD_FREE = "password_free"
TAPPING = ("moving", "sealing")

StepName = Literal["none", "begin", "card", "agree", "sign", "activate", "done"]


@dataclass(frozen=True, slots=True)
class Standing:
    """The step that comes next, with the binding under way and the card that is bound."""

    name: StepName
    terms: BindingTerms
    binding: Binding | None = None
    bound: BoundCard | None = None

    @property
    def number(self) -> int:
        """Which of the five steps this is."""
        numbers = {"card": 1, "agree": 2, "sign": 3, "activate": 4, "done": 5}
        return numbers.get(self.name, 1)


def standing_of(desks: CounterDesks, person: Person, now_s: int) -> Standing:
    """The first step that is not done."""
    terms = binding_terms(desks.city, now_s)
    bound = desks.binding.bound(person.account)
    if bound is not None and bound.sealed:
        return Standing("done", terms, None, bound)
    binding = under_way(desks, person)
    if binding is None:
        return Standing("begin" if terms.offered else "none", terms)
    if binding.step == "begun":
        return Standing("card", terms, binding)
    if binding.step == "proven":
        if not_agreed(desks, person, terms, now_s):
            return Standing("agree", terms, binding)
        desks.money.check_mandate(person.account, now_s)
        found = desks.binding.mandated(binding.binding_id, now_s)
        if isinstance(found, Refusal):
            return Standing("sign", terms, binding)
        binding = found
    return Standing("activate", terms, binding)


def under_way(desks: CounterDesks, person: Person) -> Binding | None:
    """The binding that is under way, if one is."""
    found = desks.binding.current(person.person_id)
    return None if found is None or found.step in ("active", "ended") else found


def desk_code(binding: Binding) -> str:
    """The code that the passenger's own phone shows for the same binding."""
    code = binding.binding_id[:8].upper()
    return f"{code[:4]} {code[4:]}"


def wanted_texts(terms: BindingTerms, now_s: int) -> list[ConsentText]:
    """The texts to which a passenger says yes before a card is bound."""
    known = consent_texts(now_s)
    return [known[one] for one in dict.fromkeys((*terms.consents, PASSWORD_FREE))]


def not_agreed(
    desks: CounterDesks, person: Person, terms: BindingTerms, now_s: int
) -> list[ConsentText]:
    """Those of them that are still open."""
    return [
        text
        for text in wanted_texts(terms, now_s)
        if not desks.people.has_consent(person.person_id, text.id)
    ]


def agree(
    desks: CounterDesks, person: Person, terms: BindingTerms, channel: str, now_s: int
) -> Refusal | None:
    """Keep the passenger's yes to every text. Refuses what the desk of people does."""
    for text in wanted_texts(terms, now_s):
        refusal = desks.people.give_consent(person.person_id, text.id, text.version, channel, now_s)
        if refusal is not None:
            return refusal
    return None


def sign_address(
    request: Request, person: Person, signing_id: str, channel: str, now_s: int
) -> str | Refusal:
    """Where the passenger signs with their own phone; the same id answers the same."""
    asked = desks_of(request).money.ask_mandate(
        person.account, signing_id, channel, f"{rider_home(request)}/back/auto", now_s
    )
    return asked if isinstance(asked, Refusal) else asked.sign_url


def mandate_state(desks: CounterDesks, person: Person, now_s: int) -> str:
    """How the signing stands, asked about at the partner."""
    found = desks.money.check_mandate(person.account, now_s)
    return "none" if found is None else found.state
