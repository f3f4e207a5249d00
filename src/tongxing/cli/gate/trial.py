"""The keys and the place of a gate to try: those of the simulated run in a home folder.

They are the run's own, so that what its city shows and lends is believed here, and they protect
nothing. A gate of the world gets its own from whoever runs the city.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tongxing.kernel.reasons import Problem, Refusal

if TYPE_CHECKING:
    from tongxing.network.transport import CityNetwork
    from tongxing.simulation.real_media import RunMedia

_PASSPHRASE_BYTES = 24


@dataclass(frozen=True, slots=True)
class Trial:
    """Files of keys by name, and what is put into the example."""

    keys: dict[str, bytes]
    values: dict[str, str]


def trial_at(home: Path, city: str, station: str) -> Trial:
    """A gate of the run at `home`. Raises Problem: GATE_INIT_NO_RUN, GATE_CITY_UNKNOWN,
    GATE_PLACE_UNKNOWN."""
    from tongxing.city import acquirer_member
    from tongxing.fares import book_codes, load_city_fares
    from tongxing.simulation.doors import roots_of
    from tongxing.simulation.keys import signing_key
    from tongxing.simulation.real_media import RunMedia
    from tongxing.simulation.runbook import seed_at
    from tongxing.simulation.scenario import load_scenario
    from tongxing.simulation.sites import station_site

    seed, scenario = seed_at(home), load_scenario()
    if seed is None:
        raise Problem("GATE_INIT_NO_RUN", str(home))
    city = city or scenario.cities[0].code
    if city not in book_codes():
        raise Problem("GATE_CITY_UNKNOWN", "--city", city=city)
    network = load_city_fares(city).network
    line, station = _place(network, station)
    ends = network.lines[line].stations
    far = ends[-1] if ends[-1] != station else ends[0]
    site, media = station_site(city, station), RunMedia(seed, scenario)
    signers = (city, acquirer_member(city))
    passphrase = os.urandom(_PASSPHRASE_BYTES).hex()
    issuers = {
        name: {"scheme": scheme, "city": of} for name, (scheme, of) in media.code_issuers.items()
    }
    return Trial(
        keys={
            "site.key": signing_key(seed, site).private.private_bytes_raw().hex().encode(),
            "city.json": _json(
                {who: signing_key(seed, who).public_bytes().hex() for who in signers}
            ),
            "roots.json": roots_of(seed, scenario),
            "code-issuers.json": _json(issuers),
            "card-issuers.json": _json(
                {one.code.hex(): list(one.iins) for one in media.card_issuers.issuers}
            ),
            "cards.vault": _vault(media, passphrase),
            "cards.passphrase": passphrase.encode() + b"\n",
        },
        values={"site": site, "city": city, "line": line, "station": station, "far": far},
    )


def _place(network: "CityNetwork", station: str) -> tuple[str, str]:
    """A rail line that is tapped at both ends, and a station on it: the one where most lines meet
    when none is wished for."""
    found = [
        (len(network.stations[stop].lines), line.id, stop)
        for line in network.lines.values()
        if line.mode == "rail" and not line.single_tap
        for stop in line.stations
        if stop == station or not station
    ]
    if not found:
        raise Problem("GATE_PLACE_UNKNOWN", "--station", what=station)
    _, line, stop = max(found, key=lambda one: one[0])
    return line, stop


def _vault(media: "RunMedia", passphrase: str) -> bytes:
    from tongxing.media.keys.vault_file import seal

    sealed = seal(media.masters, "test", passphrase, os.urandom)
    if isinstance(sealed, Refusal):
        raise Problem(sealed.code, "cards.vault", **dict(sealed.values))
    return sealed


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"
