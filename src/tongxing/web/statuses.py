"""The HTTP status of refusals that every face shows and whose kind alone does not tell it."""

from collections.abc import Mapping

UNREAD_STATUS: Mapping[str, int] = {
    "FORM_TOO_LARGE": 413,
    "FORM_MALFORMED": 422,
}
"""Of a form that cannot be read."""

CODE_STATUS: Mapping[str, int] = {
    "OTP_WRONG": 401,
    "OTP_EXPIRED": 410,
    "OTP_LOCKED": 429,
    "OTP_RATE_LIMIT": 429,
    "OTP_PAUSED": 503,
    "OTP_SPEND_STOPPED": 503,
    "OTP_NOT_SENT": 503,
}
"""Of a code that was sent to a phone, wherever it is asked for."""
