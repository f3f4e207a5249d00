"""A card made of software: it answers every command as a purse card does, byte for byte.

`profile.py` makes a new card, `image.py` is what a card remembers, `store.py` keeps that whole
through a power cut, `commands.py` lists what it understands, `card.py` answers. Nobody who talks to
it can tell it from plastic, and nothing in here knows a gate, a fare or a clock.
"""

from tongxing.media.card.chip.card import SoftwareCard
from tongxing.media.card.chip.image import CardImage, Switches
from tongxing.media.card.chip.profile import CardProfile, personalise
from tongxing.media.card.chip.store import CardStore, FileStore, MemoryStore
from tongxing.media.card.chip.transport import TwoSteps
from tongxing.media.card.chip.trial import city_union_trial, trial_keys, trial_profile

__all__ = [
    "CardImage",
    "CardProfile",
    "CardStore",
    "FileStore",
    "MemoryStore",
    "SoftwareCard",
    "Switches",
    "TwoSteps",
    "city_union_trial",
    "personalise",
    "trial_keys",
    "trial_profile",
]
