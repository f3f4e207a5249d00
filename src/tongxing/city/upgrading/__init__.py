"""The upgrade service: a medium is linked with its holder, so that a gate may check the holder.

This room enrols: who is linked with which medium, since when, by which channel, with which consent.
It gives a list of linked media, and nothing of their holders, to whoever checks. What is open to
whom from when is dated data (`data/`). The check itself is not made here.
"""

from tongxing.city.upgrading.asking import (
    CardForm,
    NewPerson,
    Popup,
    SmsForm,
    Upgrade,
)
from tongxing.city.upgrading.desk import UpgradeDesk
from tongxing.city.upgrading.programme import Programme, programme_at

__all__ = [
    "CardForm",
    "NewPerson",
    "Popup",
    "Programme",
    "SmsForm",
    "Upgrade",
    "UpgradeDesk",
    "programme_at",
]
