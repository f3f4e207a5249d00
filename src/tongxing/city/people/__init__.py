"""The people behind accounts: personal data in an encrypted store of its own, apart from trips.

The books know an account by its number; who that is stands here, sealed field by field.
`PeopleDesk` is what pages and other rooms call, `notify` what they tell people with.
"""

from tongxing.city.people.cells import Cells, CellUnreadable
from tongxing.city.people.consent_texts import ConsentText, consent_texts
from tongxing.city.people.desk import PeopleDesk
from tongxing.city.people.leaving import people_texts
from tongxing.city.people.notices import notify
from tongxing.city.people.terms import PeopleTerms, people_terms
from tongxing.city.people.values import (
    Closed,
    CodeHealth,
    CodeSent,
    Consent,
    Feedback,
    Helped,
    Helper,
    Level,
    LookAlert,
    Notice,
    OpenItem,
    Person,
    Session,
    SignedIn,
)

__all__ = [
    "CellUnreadable",
    "Cells",
    "Closed",
    "CodeHealth",
    "CodeSent",
    "Consent",
    "ConsentText",
    "Feedback",
    "Helped",
    "Helper",
    "Level",
    "LookAlert",
    "Notice",
    "OpenItem",
    "PeopleDesk",
    "PeopleTerms",
    "Person",
    "Session",
    "SignedIn",
    "consent_texts",
    "notify",
    "people_terms",
    "people_texts",
]
