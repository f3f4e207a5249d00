"""Draws journeys of accounts and their media on the small network of `drawn_tariffs`."""

from drawn_tariffs import FIRST, LINES, PRODUCTS, SYSTEMS, tariffs
from hypothesis import strategies as st

from tongxing.fares import CityFares, RideFacts, Rider
from tongxing.fares.rerating import Given, Journey
from tongxing.fares.rules import PackRelief
from tongxing.kernel.clock import at


@st.composite
def _rides(draw: st.DrawFn, time_s: int) -> RideFacts:
    if draw(st.integers(0, 30)) == 0:
        return RideFacts(mode="tram", entered_s=time_s)
    mode = draw(
        st.sampled_from(
            [
                "rail",
                "rail",
                "rail",
                "bus",
                "bus",
                "lift",
                "taxi",
                "bicycle",
                "ferry",
                "rail",
                "bus",
            ]
        )
    )
    fitting = [line for line in LINES if line.mode == mode]
    stay_s = draw(st.sampled_from([0, 200, 600, 1_200, 1_500, 1_800, 3_600, 9_000, 20_000]))
    if not fitting:
        return RideFacts(
            mode=mode, entered_s=time_s, exited_s=0 if mode == "ferry" else time_s + stay_s,
            metres=draw(st.integers(-1, 30_000)), slow_metres=draw(st.integers(0, 900)),
        )  # fmt: skip
    line = draw(st.sampled_from(fitting))
    stations = [stop for one in fitting for stop in one.stations]
    ends = stations if mode == "rail" else [*line.stations, "s8"]
    missing = draw(st.sampled_from(["", "", "", "", "", "exit", "entry"]))
    return RideFacts(
        mode=mode,
        line=line.id if mode != "rail" or draw(st.integers(0, 9)) == 0 else "",
        vehicle=draw(st.sampled_from(["", "v1", "v2"])),
        place=line.place,
        origin="" if missing == "entry" else draw(st.sampled_from(ends)),
        destination="" if line.single_tap or missing == "exit" else draw(st.sampled_from(ends)),
        entered_s=0 if missing == "entry" else time_s,
        exited_s=0 if line.single_tap and not missing else time_s + stay_s,
        missing=missing,
    )


@st.composite
def journeys(draw: st.DrawFn, packs: tuple[str, ...]) -> list[Journey]:
    """The journeys of one to three accounts with up to three media, over a fortnight."""
    found = []
    for unit in range(draw(st.integers(1, 3))):
        time_s = at(FIRST) + draw(st.integers(-20, 280)) * 3_600
        product = draw(st.sampled_from(PRODUCTS))
        for _ in range(draw(st.integers(4, 16))):
            time_s += draw(
                st.sampled_from([60, 299, 300, 900, 1_800, 2_400, 3_000, 40_000, 86_400])
            )
            medium = draw(st.sampled_from(["card", "card", "code"]))
            local = draw(st.sampled_from([True, True, True, False]))
            ride = draw(_rides(time_s))
            bought = draw(st.sampled_from([*packs, *[""] * 8]))
            stated = draw(st.integers(0, 11)) == 0
            found.append(
                Journey(
                    unit=str(unit),
                    medium=medium,
                    ride=RideFacts(mode="", entered_s=time_s) if bought else ride,
                    rider=Rider(
                        medium_kind=medium, product=product, issuer_is_local=local,
                        scheme=draw(st.sampled_from(["t_union", "city_union"])),
                    ),
                    given=draw(_givens()) if stated and not bought else Given(),
                    pack=bought,
                )
            )  # fmt: skip
    return found


def _givens() -> st.SearchStrategy[Given]:
    return st.builds(
        Given, st.sampled_from([*SYSTEMS, "nowhere"]), st.sampled_from([-1, -1, 0, 345])
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[CityFares, list[Journey]]:
    """A city with a drawn tariff, and journeys in it."""
    fares = draw(tariffs())
    packs = tuple(rule.id for rule in fares.book.rules.values() if isinstance(rule, PackRelief))
    return fares, draw(journeys(packs))
