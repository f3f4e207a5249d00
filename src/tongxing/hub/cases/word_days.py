"""Until when an issuer's word on a record counts. Pure."""

from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from tongxing.hub.cases.ladder import OBJECT, About
from tongxing.hub.cases.rules import Opening
from tongxing.hub.terms import CaseTerms, deadline
from tongxing.kernel.clock import at, business_date, calendar_date


class Spoken(Protocol):
    """The part of a record that the days are counted from."""

    @property
    def received_s(self) -> int: ...
    @property
    def exited_s(self) -> int: ...


def objecting(terms: CaseTerms) -> Opening:
    """What the terms say of an objection."""
    opening = terms.dispute.opening_of(OBJECT)
    assert opening is not None
    return opening


def word_until_s(spoken: Spoken, terms: CaseTerms) -> int:
    """The first second at which a word is too late: noon of T+2, and never before the noon of the
    day after the file came."""
    ends_at = terms.dispute.ends_at
    ride_s = at(business_date(spoken.exited_s), 12)
    after_ride_s = deadline(ride_s, objecting(terms).within_days, ends_at)
    return max(after_ride_s, deadline(spoken.received_s, 1, ends_at))


def with_word_days(about: About, spoken: Spoken, terms: CaseTerms) -> About:
    """The same record, with the day from which the days of an objection are counted."""
    last_on = calendar_date(word_until_s(spoken, terms))
    return replace(about, settled_on=last_on - timedelta(days=objecting(terms).within_days))
