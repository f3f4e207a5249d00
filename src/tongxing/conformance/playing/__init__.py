"""How cases are played: each procedure gets the world and its case, and raises Differs."""

from collections.abc import Callable, Mapping

from tongxing.conformance.cases import Case
from tongxing.conformance.playing import cards, decisions, faults, lists, orders, receipts
from tongxing.conformance.world import World

Procedure = Callable[[World, Case], None]

PROCEDURES: Mapping[str, Procedure] = {
    **decisions.PROCEDURES,
    **cards.PROCEDURES,
    **lists.PROCEDURES,
    **receipts.PROCEDURES,
    **orders.PROCEDURES,
    **faults.PROCEDURES,
}
"""By the name under which a case asks for it (`do`)."""

__all__ = ["PROCEDURES", "Procedure"]
