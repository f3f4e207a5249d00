"""Codes signed elsewhere, as the signatures that their fields must lead to.

The keys are SHA-256 of the labels in `code_world`, so nothing here need be believed: fields are put
together by `issue`, and a byte out of place would not verify. Each entry says which of the three
signatures is wrong, and what a gate says.
"""

from dataclasses import dataclass

from code_world import MADE_S

_CERTIFICATE = (
    "1d0f72ffbc7964ed99f88bbd5034ed311c99a4dc45a76982250c1c2d66bcc82f"
    "b340f270a670654ffcf3d87ea4aeaf7263d0f438c818c53e894ca936c3ce6cf6"
)
_ISSUER = (
    "f54d21df06a5ffb6f78aabf4f59d42aff2349726b61a564c564463009125a046"
    "dd9aa4f166c55bd1f2546263ee4f2285db77663b1bdc1633350cdfb3ca426481"
)
_PHONE = (
    "9bff236bc562d4adcdd67851913c73a28ad4969ed819731ec34081a9c01d719a"
    "8230d17e0fac9cdde6fa193ebdea3347a66863b693da53573097b0242dd28f1a"
)


@dataclass(frozen=True)
class Signed:
    """One code: its three signatures, what differs from the first one, and the verdict."""

    title: str
    certificate: str = _CERTIFICATE
    issuer: str = _ISSUER
    phone: str = _PHONE
    limit_fen: int = 2_000
    custom: str = ""
    made_s: int = MADE_S
    verdict: str = "ACCEPTED"


VECTORS = (
    Signed("a good code of 332 bytes"),
    Signed(
        "a good code with 32 bytes of the issuer's own",
        issuer="c3c637c2a9c022011f4102eaa04b057216eb06c1aa223a9fc45496e8f6358fc0"
        "2f6efe4f250f118e39152ee21cb9f5373313065b53e6ba9fc01e90bcab2405d6",
        phone="90c63e8380ade4a51e630a3f6464db2053882aca4d3513afbce0440521b34818"
        "420caa66dd15562311e0e928abae9cf158619de90a89f4257b6a00f0d3501d01",
        custom="01" + "00" * 31,
        made_s=MADE_S + 60,
    ),
    Signed("a limit raised by one fen", limit_fen=2_001, verdict="AUTH_SIGN"),
    Signed("a time set forward by a second", made_s=MADE_S + 1, verdict="USER_SIGN"),
    Signed(
        "an authorisation that another key signed",
        issuer="a77307932ff61f574c7cf159fdd40792832a63b39a3d1b7d296aad25d3ee21b4"
        "dca6e0a3bc9c3a352b24b1b270281603bec59e5d0e9f8fbe2377be20e66bb395",
        phone="afc3fc95d9bf5720bd9534df10098c04fb4d580a8ac744e14e42e70ef1ee3cbc"
        "ffdd5b397cfb35308d4761c843a88c1df3ea1f8a76420ffd192743d4fd0e595c",
        verdict="AUTH_SIGN",
    ),
    Signed(
        "a display that another phone signed",
        phone="b09623a2e884cef350c855f31e4efda9bae9572258e2745d44fddb0273231c95"
        "9765209189532d233141a31f074e4c8f0fb340b28c0987e172f2b96b18b759d8",
        verdict="USER_SIGN",
    ),
    Signed(
        "a certificate that another root signed",
        certificate="4910967bd1871f3dd4fa3a5754a49d697ddbad6008bfbea76b942d45e69dee1e"
        "700aab68acc87daf82c2c354fae057d50188a5012324d05e1fc25e6cb37d79d1",
        issuer="8e93fdf606f0faa41574d10fc6ad004ac44d30c22600ed86045fedd476a5d568"
        "d8f4e5aecb1fa05ec008550383168e584ec5efc2314939fb9b226e4dc4eb10a3",
        phone="7ae58ffda1fe8edf8e427520d6e66812e985872e7980e7d5bd25d38646e0342c"
        "615f56f7dfc915a6aa3eb920b88b332e59ec4e2a8f86935ff1ca9a91c197e7a5",
        verdict="CERT_INVALID",
    ),
)
"""In the order of a code signed elsewhere and then tampered with."""

TIMES = (
    (MADE_S + 59, "ACCEPTED"),
    (MADE_S + 60, "ACCEPTED"),
    (MADE_S + 61, "CODE_EXPIRED"),
    (MADE_S - 61, "CODE_EXPIRED"),
    (MADE_S + 8 * 86_400, "AUTH_EXPIRED"),
)
"""Of the first code: the gate's time and the verdict."""
