"""Re-rating: the prices of a month of journeys at once, to the fen as `fares.price` gives them.

A tariff is compiled into tables of whole numbers and walked by a kernel, one unit of journeys
after the other; what the kernel cannot do exactly goes through the plain engine. Explanations are
not made here: any journey can be priced again, with its lines, by `fares.price`.
"""

from tongxing.fares.rerating.codes import Codebook, Given
from tongxing.fares.rerating.exact import Priced, price_unit
from tongxing.fares.rerating.journeys import Journey, JourneyTable, in_order, journey_table
from tongxing.fares.rerating.rating import Rated, Rerater

__all__ = [
    "Codebook",
    "Given",
    "Journey",
    "JourneyTable",
    "Priced",
    "Rated",
    "Rerater",
    "in_order",
    "journey_table",
    "price_unit",
]
