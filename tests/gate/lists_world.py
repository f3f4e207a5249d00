"""Lists as a city seals them: dearer tariffs, policies; and how a gate takes them."""

import msgspec
from gate_world import CITY_KEY, code_of

from deciding_world import DAY
from tongxing.entry.policy import policy_files
from tongxing.gate.site import Site
from tongxing.kernel.clock import at
from tongxing.kernel.reasons import Refusal
from tongxing.messages import DataList, SigningKey, seal
from tongxing.messages.lists import DataName
from tongxing.published import bundled

EIGHT = at(DAY, 8)
CHONGQING, BEIJING = "500000", "110000"


def tariff(dearer_fen: int = 0, city: str = CHONGQING) -> bytes:
    """The city's tariff, its inferred urban fares so much dearer."""
    content = bundled("tariff", city)
    assert content is not None
    text = content.decode()
    start = text.index("CQ-RAIL-2025") if city == CHONGQING else len(text)
    old = "fares_fen = [200, 300, 400, 500, 600, 700, 800, 900, 1000]"
    new = f"fares_fen = {[fen + dearer_fen for fen in range(200, 1001, 100)]}"
    return (text[:start] + text[start:].replace(old, new, 1)).encode()


def policy(**fields: object) -> bytes:
    """A policy of Chongqing: the metro, from a fortnight before the day of tests to one after."""
    (beijing,) = policy_files()
    text = beijing.decode().replace('"110000"', '"500000"').replace("beijing_2022", "cq_2026")
    head, _, _ = text.partition("[[policy.category]]")
    start, _, rest = head.partition("[policy.single_tickets]")
    head = start.replace("2022-05-17", "2026-03-03").replace("2022-12-04", "2026-03-31")
    assert rest
    where = {
        "from": "2026-03-03",
        "mode": '"rail"',
        "effect": '"enforced"',
        "when_down": '"closed"',
    }
    where |= {"source": '"our_choice"', **{name: str(value) for name, value in fields.items()}}
    rows = "\n".join(f"{name} = {value}" for name, value in where.items())
    return f"{head}\n[[policy.where]]\n{rows}\n".encode()


def entry(*policies: bytes) -> bytes:
    """The content of a list of policies."""
    return msgspec.json.encode({"policies": [one.decode() for one in policies]})


def listed(
    name: DataName = "tariff",
    version: int = 1,
    content: bytes | None = None,
    city: str = CHONGQING,
    begins_s: int = at(DAY),
    ends_s: int = 0,
) -> DataList:
    """One version of a list."""
    return DataList(
        city=city,
        name=name,
        version=version,
        published_s=at(DAY),
        not_before_s=begins_s,
        not_after_s=ends_s,
        content=tariff(100 * version) if content is None else content,
    )


def sealed(of: DataList, key: SigningKey = CITY_KEY) -> bytes:
    """A list as it travels."""
    return seal(of, key)


def bring(site: Site, message: bytes, name: DataName = "tariff", now_s: int = EIGHT) -> str:
    """Read and take a list, as an uplink does: the code of why not, "" when it was taken."""
    ready = site.read_list(message, name, site.lists.held(name), now_s)
    if ready is None or isinstance(ready, Refusal):
        return code_of(ready)
    return code_of(site.lists.take(ready, now_s))


def base_fen(site: Site, now_s: int) -> int:
    """The first band of urban rail under the tariff in force."""
    rule = site.lists.at(now_s).fares.tariff_at(EIGHT).base("urban")
    assert rule is not None
    return rule.fare(1_000)


def bundled_of(city: str, name: DataName = "entry") -> bytes:
    """A list as the project has it."""
    content = bundled(name, city)
    assert content is not None
    return content
