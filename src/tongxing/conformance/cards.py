"""Cards that the kit makes, under published test keys, and lends over the card relay."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tongxing.conformance.cases import CardFacts
from tongxing.conformance.port import CardSetup, MasterKey
from tongxing.media.card.chip import MemoryStore, SoftwareCard, personalise
from tongxing.media.card.chip.image import Switches
from tongxing.media.card.chip.trial import city_union_trial
from tongxing.media.card.readers.relay import serve_card
from tongxing.media.keys.marks import simulated_masters

_NUMBER_DIGITS = 16
_RECORD = 0x27


def card_setup() -> CardSetup:
    """What a device with a card reader is told."""
    return CardSetup(
        masters=[
            MasterKey(use=name.use, algorithm=name.algorithm, version=name.version, key=key.hex())
            for name, key in sorted(simulated_masters().items())
        ]
    )


def card_number(facts: CardFacts, number: int) -> str:
    """The 16 digits of a card of the place's own scheme."""
    return facts.city + f"{number:0{_NUMBER_DIGITS - len(facts.city)}d}"


def made_card(facts: CardFacts, number: str, balance_fen: int) -> SoftwareCard:
    """A card with so much on it."""
    profile = city_union_trial(
        number, city=facts.city, balance_fen=balance_fen, switches=Switches()
    )
    blank = tuple(
        bytes((_RECORD, int(name, 16), length)) + bytes(length)
        for name, length in facts.records.items()
    )
    return SoftwareCard(MemoryStore(personalise(replace(profile, locals=blank))), os.urandom)


@contextmanager
def lent(card: SoftwareCard, host: str) -> Iterator[str]:
    """Lend a card until the block ends; the address."""
    server = serve_card(card, host)
    try:
        yield f"{server.address[0]}:{server.address[1]}"
    finally:
        server.close()
