"""What everybody should have paid after days in which half trips were stated or decided.

It only puts the parts together: what was known when, what was judged, and what that costs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tongxing.simulation.oracle.atlas import Atlas
from tongxing.simulation.oracle.geography import CityFacts
from tongxing.simulation.oracle.judging import judge
from tongxing.simulation.oracle.knowledge import Arrivals, Knowledge
from tongxing.simulation.oracle.truth import (
    Close,
    Expected,
    OpenGates,
    OpeningCounters,
    Saying,
    TruthEvent,
)
from tongxing.simulation.oracle.walk import charges


def expected_after_days(
    events: Sequence[TruthEvent],
    closes: Sequence[Close],
    opening: Mapping[str, OpeningCounters],
    *,
    placeholders: Mapping[str, int],
    arrivals: Arrivals,
    sayings: Sequence[Saying] = (),
    notices: Sequence[OpenGates] = (),
    cities: Mapping[str, CityFacts] | None = None,
) -> Expected:
    """As `expected_charges`, with the half trips ended as they should have been.

    `events` are those of one city. `closes` are the closes that have run; `arrivals` name the taps
    that came in after something was decided or said about which they would have mattered.
    """
    atlas = Atlas(placeholders, cities)
    knowledge = Knowledge(events, arrivals, atlas)
    judged = judge(knowledge, sayings, notices, closes)
    over_s = max((close.over_s for close in closes), default=0)
    found = charges(knowledge.folded, over_s, opening, atlas, judged.rulings)
    return replace(found, accepted=judged.accepted)
