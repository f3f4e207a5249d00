"""A card made of software: it answers every command as a purse card does, byte for byte.

`profile.py` makes a new card, `image.py` is what a card remembers, `store.py` keeps that whole
through a power cut, `card.py` answers. Nobody who talks to it can tell it from plastic, and nothing
in here knows a gate, a fare or a clock.
"""

from tongxing.media.card.chip.card import SoftwareCard
from tongxing.media.card.chip.image import CardImage, Switches
from tongxing.media.card.chip.profile import CardProfile, personalise
from tongxing.media.card.chip.store import CardStore, MemoryStore

__all__ = [
    "CardImage",
    "CardProfile",
    "CardStore",
    "MemoryStore",
    "SoftwareCard",
    "Switches",
    "personalise",
]
