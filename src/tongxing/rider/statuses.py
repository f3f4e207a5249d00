"""The HTTP status that goes with a refusal where its kind alone does not tell it.

A form that is shown again with what was wrong answers 422 unless the table says otherwise. No
status tells whether a phone number, card or account is known to anybody.
"""

from collections.abc import Mapping

from tongxing.web.statuses import CODE_STATUS, UNREAD_STATUS

FORM_STATUS: Mapping[str, int] = {
    **CODE_STATUS,
    "CARD_LIMIT_REACHED": 409,
    "CARD_ALREADY_BOUND": 409,
    "AGENT_LIMIT_REACHED": 409,
    "ALREADY_REFUNDED": 409,
    "REFUND_ON_HOLD": 409,
    "REFUND_ON_HOLD_OPEN": 409,
    "ACCOUNT_HAS_OPEN_ITEMS": 409,
    "REQUEST_REUSED": 409,
    "STEP_UP_NEEDED": 401,
    "SESSION_ENDED": 401,
}
"""Of a form that is shown again."""

ERROR_STATUS: Mapping[str, int] = {
    **FORM_STATUS,
    "SIGN_IN_NEEDED": 401,
    **UNREAD_STATUS,
    "TEXT_FORBIDDEN_CHAR": 422,
}
"""Of a refusal that is a page of its own."""
