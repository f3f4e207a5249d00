"""A ride code's fields in words and as JSON; the two commands that tell them share this."""

from tongxing.cli.common import Words
from tongxing.kernel.clock import stamp
from tongxing.kernel.ids import masked
from tongxing.kernel.money import yuan
from tongxing.media.code.layout import RideCode, read_certificate
from tongxing.media.code.travel import parse_travel


def as_rows(code: RideCode, words: Words) -> list[tuple[str, str]]:
    """Name and value of each field that people ask about; accounts are masked."""
    certificate = read_certificate(code.certificate)
    values = {
        "issuer": code.issuer_id,
        "platform": code.platform_id,
        "account": masked(code.payment_account),
        "card": masked(code.card_number or code.card_account),
        "account_type": f"{code.account_type:02X}",
        "limit": yuan(code.limit_fen),
        "made": stamp(code.generated_s),
        "validity": f"{code.validity_s} s",
        "authorised": stamp(code.authorisation_ends_s),
        "certificate": f"20{certificate.expires[2:]}-{certificate.expires[:2]}",
        "serial": certificate.serial,
        "root": str(certificate.root_index),
    }
    travel = parse_travel(code.custom)
    if travel is not None:
        state = {0: "outside", 1: "inside"}.get(travel.state)
        values["travel"] = words(f"field.{state}") if state else f"{travel.state:02X}"
        values["sequence"] = str(travel.sequence)
    elif code.custom:
        values["custom"] = code.custom.hex()
    return [(words(f"field.{name}"), value) for name, value in values.items()]


def as_json(code: RideCode) -> dict[str, object]:
    """Every field, whole, and the bytes they stand in."""
    certificate = read_certificate(code.certificate)
    travel = parse_travel(code.custom)
    return {
        "issuer_id": code.issuer_id,
        "platform_id": code.platform_id,
        "payment_account": code.payment_account,
        "card_account": code.card_account,
        "card_number": code.card_number,
        "account_type": code.account_type,
        "limit_fen": code.limit_fen,
        "user_key": code.user_key.hex(),
        "authorisation_ends_s": code.authorisation_ends_s,
        "validity_s": code.validity_s,
        "custom": code.custom.hex(),
        "travel": None if travel is None else {
            "kind": travel.kind,
            "state": travel.state,
            "entry_station": travel.entry_station,
            "entry_time_s": travel.entry_time_s,
            "sequence": travel.sequence,
        },
        "issuer_signature": code.issuer_signature.hex(),
        "generated_s": code.generated_s,
        "user_signature": code.user_signature.hex(),
        "certificate": {
            "root_index": certificate.root_index,
            "issuer_id": certificate.issuer_id,
            "expires": certificate.expires,
            "serial": certificate.serial,
            "public_key": certificate.public_key.hex(),
            "signature": certificate.signature.hex(),
        },
        "raw": code.raw.hex(),
    }  # fmt: skip
