"""The oracle: what every passenger should have paid, worked out a second time and apart.

A price engine that is only compared with itself proves nothing. This package was written from the
tariff texts, not from the engine: it imports nothing of fares, city, gate or hub, reads none of
their tariff data, and has its own rounding, its own shortest path and its own rules, in plain code,
one module per city. It is deliberately not driven by data, for a rule that both sides read from one
file could be wrong in both. It must never be used to charge anybody, and never be "fixed" to agree
with the engine: every difference is settled by the text, and the side that was wrong is changed.

It walks once over the truth list (what gates really opened to) and answers ride by ride.

Choices made where the texts are silent or open
-----------------------------------------------
Pairing and half trips

 1. A ride of an account belongs to the medium of its *exit* tap, the charging tap: that medium's
    holder class, counters and transfer window hold (A9). A missing exit belongs to the entry's.
 2. Taps of one medium of an account pair at any time within the business day, however long the
    stay; the overtime surcharge is the only limit. Two media of an account pair within 240 minutes
    (limit included). A purse pairs with the entry it carries, the day notwithstanding.
 3. Rail pairs within one city; bus taps pair within one vehicle of one line.
 4. An account's half trip ends with its next *entry*, or at 03:00, and is held until somebody says
    how it ended. A flat ride or an exit that does not fit leaves it open. A purse's half trip is
    collected at its next tap of any kind in the same city; no gate takes money for another city,
    nor lets in a card whose ride is open elsewhere. A purse that is never tapped again is never
    charged.
 5. A second entry at the same station, however soon, ends the first as any other would.
 6. Of an account an exit alone is held at the highest fare to that station (a bus: from the farther
    end), and a missing exit at the highest from it, whoever rides.
    A purse cannot leave without an entry; such an event is an error, not a ride.
 7. "The highest fare" is the dearest inside the fare system of the line that was tapped, at the
    table of the entry's day, and bears no relief of any kind. Half-price holders pay it whole, free
    holders pay nothing where their class is free.
 8. A half trip at the highest fare or a median neither uses, opens nor closes a transfer window,
    and counts as no ride (40th free). One whose other end is stated is an ordinary ride in every
    respect, of the medium of the known tap, and takes its place among the others at the stated
    time; one ended without a station costs nothing and is no ride.
 9. Rail, same station, at most 20 minutes (limit included): free, no ride, no window. Longer: the
    lowest fare, an ordinary ride in every respect. On a bus the rule does not exist. Where equal
    fares compete (a station of two fare systems), fewer systems, fewer metres, the main network.

How half trips end

    What was said holds only while the taps alone leave half a trip: a true tap undoes it, when it
    came in within 56 days.
    A station can have been the other end if the least travel time (shortest rails, or the line;
    80 km/h, in Beijing 140) and the payer's next tap (for a missing entry: the last one) allow it,
    within 240 minutes and not later than it was said. Without a time it was as near to the known
    tap as possible. The known station itself is nothing a passenger may state.
    The month in which three are free is that in which they were stated; the month of which the
    fourth half trip costs the most is that of the known tap, and half trips ended by staff or open
    gates are not counted.
    Habit and median are taken over trips tapped at both ends, entered in the 60 days before the
    decision, of the same mode (bus: line) from the known station, or to it; of equal habits the
    latest; fares before any relief; of two middle ones the lower.

Month counters

10. They are per medium and city. The month is that of the moment the money falls due: exit tap,
    single tap, the tap that collects a half trip, or 03:00 at the end of the business day.
11. Money really paid on the main network counts: ride, half trip, and the overtime surcharge of a
    ride that begins there. Lines priced apart do not count.

Chongqing

12. The table, and whether the notice of 2025-07-30 holds, go by the day of the entry tap. What was
    paid before the notice is in no total, in July 2025 neither.
13. Jiangtiao and Bitong lines and the Yunba are priced apart and added: Jiangtiao by the bands of
    the page on its opening, the others, of which no text was found, by the urban bands of 2025. No
    reliefs there but those of half-price and free holders. No transfer relief, no month, no early
    bird.
14. Overtime, since 2019-05-13: a stay over 180 minutes (limit included in the free side) adds the
    fare of the longest way in the urban network at full price; the ride itself keeps its reliefs.
    On a way that touches the Jiangtiao line it is 270 minutes. Bitong and the Yunba have no limit.
15. "Before 07:00 on a workday" is read by the calendar day and wall clock of the entry tap, so an
    entry at 00:20 on a workday is early too.
16. Free (elders, children and all the others whom the notice names): rail and bus; on escalator,
    lift and cableway they pay as others do. Half (love card): everywhere. Student: half on rail,
    9折 on bus, escalator and lift.
17. The cableway's placeholder fare gets no 9折 (the card rule names rail, bus, escalator, lift),
    nor do county buses that take T-Union cards and not the Changtong card. The county buses that
    take it do, though their fares are placeholders too. Express buses cost the 7.00 of the worked
    example of line 502. A placeholder is looked up by line id, then by fare system, and wins over
    the text's own figure (escalator and lift 2.00, ordinary bus 1.00, medium bus 2.00).
18. Transfers: only rail (main network) and buses whose line belongs to the main city. A leg in the
    window that may not be relieved (rail after rail, same line, same vehicle) pays in full and
    opens a new window in place of the old, unless it began before the old one did (a bus tapped
    while a rail ride was open). Escalator, lift, cableway, county buses leave the window alone.
19. Whoever comes with a medium of another city is an ordinary passenger (A16), whatever the card.
20. A registered frequent rider is the product ``frequent`` on a code; the ride number counts
    completed rides on the urban network in the month.

Beijing

21. Month step and low peak multiply (A14) and are rounded once. Neither holds on airport lines and
    trams, whose fares are added. The trams go by 3 yuan to 6 km, 4 yuan beyond.
22. Nobody is free or half price on the rails; elders and children are free on buses, students pay
    a quarter there, all others (card or code) half.
23. Overtime: over 240 minutes, 3 yuan on top, on every kind of rail.
24. The low-peak list of 2015 holds from 1 December 2015 at 7折, that of 25 stations from 2017.
25. Buses outside the city take 8折 from everybody but the free.
26. A bus that asks for one tap only is a flat line of 2 yuan with the same reliefs.
"""

from tongxing.simulation.oracle.days import expected_after_days
from tongxing.simulation.oracle.geography import CityFacts, LineFacts, Track
from tongxing.simulation.oracle.truth import (
    Close,
    Expected,
    ExpectedRide,
    Held,
    OpenGates,
    OpeningCounters,
    Ruling,
    Saying,
    TapKey,
    TruthEvent,
)
from tongxing.simulation.oracle.walk import expected_charges

__all__ = [
    "CityFacts",
    "Close",
    "Expected",
    "ExpectedRide",
    "Held",
    "LineFacts",
    "OpenGates",
    "OpeningCounters",
    "Ruling",
    "Saying",
    "TapKey",
    "Track",
    "TruthEvent",
    "expected_after_days",
    "expected_charges",
]
