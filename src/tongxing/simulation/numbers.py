"""Numbers for simulated media: made like real ones, each used once, none of a real person.

The serial is the passenger's ordinal in the run, so a number tells nothing and repeats nothing.
"""

from tongxing.network.numbers import luhn_digit

CARD_SERIAL_DIGITS = {"t_union": 10, "city_union": 12, "local": 12}


def card_number(scheme: str, prefix: str, serial: int) -> str:
    """A card number of a scheme: 19 digits with a check digit for T-Union, 16 for the others.

    Raises ValueError for a serial that does not fit.
    """
    space = scheme.partition(":")[0]
    width = CARD_SERIAL_DIGITS[space]
    digits = f"{serial:0{width}d}"
    if len(digits) > width:
        raise ValueError(f"serial {serial} is too long for {scheme}")
    body = prefix + digits
    return body + luhn_digit(body) if space == "t_union" else body


def account_number(prefix: str, serial: int) -> str:
    """An account's 16 digits: five of the platform, ten of serial, a check digit."""
    body = f"{prefix}{serial:010d}"
    if len(body) != 15:
        raise ValueError(f"serial {serial} is too long for an account")
    return body + luhn_digit(body)
