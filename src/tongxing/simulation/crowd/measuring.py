"""The measurement: builds the city, starts the three processes, and brings together what they saw.

First the bare route is asked, then the pages: at the same rate, in the same processes, beside the
same day.
"""

import multiprocessing
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

from tongxing.city.codes.terms import code_rules
from tongxing.simulation.crowd.asking import (
    AUTHORISE,
    BALANCE,
    NONCE,
    TRIPS,
    Heard,
    Load,
    ask_pages,
)
from tongxing.simulation.crowd.serving import ECHO, MARK, STOP, Watched, serve_pages
from tongxing.simulation.crowd.taps import Fed, feed_taps
from tongxing.simulation.crowd.town import Plan, build

_READY_S, _SPARE_S = 120, 60
_SLACK_S = 15
NAMES = {ECHO: "echo", BALANCE: "balance", TRIPS: "trips", NONCE: "nonce", AUTHORISE: "authorise"}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is asked: `rate` requests a second for `seconds`, after `warm_s` that do not count,
    of a site in so many processes (`workers`); `taps_s` taps a second reach the city meanwhile."""

    rate: int
    seconds: int
    warm_s: int
    taps_s: int
    workers: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What was found. `server_ns` and `client_ns` are times by kind (`NAMES`), `failures` what went
    wrong, `rate` the requests a second that were answered, `cpu_ms` the processor time of the
    server's process for each request (milliseconds), of the bare route and of the pages."""

    server_ns: dict[str, list[int]]
    client_ns: dict[str, list[int]]
    failures: list[str]
    rate: float
    echo_cpu_ms: float
    cpu_ms: float
    fed: Fed


def others_for(sizes: Sizes) -> int:
    """How many must ride beside those who ask, so that nobody taps twice meanwhile."""
    return sizes.taps_s * (2 * (sizes.seconds + sizes.warm_s) + _SLACK_S)


def measure_pages(plan: Plan, sizes: Sizes, told: Callable[[str], None]) -> Figures:
    """Build the city of a plan in its empty database and measure its pages.

    `told` hears which part is done: "people", "trips", "echo", "pages". Raises RuntimeError when
    a process does not start or end.
    """
    visitors = tuple(build(plan, told))
    phones = code_rules(plan.city, plan.now_s).terms.devices_max
    with (
        _site(plan, sizes.workers) as (site, ports),
        _started(feed_taps, plan, sizes.taps_s) as day,
    ):
        day.send("begin")
        load = Load(ports, sizes.rate, sizes.warm_s, sizes.seconds, (), 0, plan.seed)
        bare = _asked(site, load)
        told("echo")
        real = _asked(site, replace(load, visitors=visitors, phones=phones))
        told("pages")
        day.send(STOP)
        fed = _heard(day, _SPARE_S)
    return _together(bare, real, fed)


@contextmanager
def _site(plan: Plan, workers: int) -> Iterator[tuple[list[Connection], tuple[int, ...]]]:
    """The site in its processes, each on a port of its own."""
    with ExitStack() as stack:
        site, ports = [], []
        for number in range(workers):
            taken = stack.enter_context(_listening())
            ports.append(int(taken.getsockname()[1]))
            site.append(stack.enter_context(_started(serve_pages, plan, f"site-{number}", taken)))
        yield site, tuple(ports)
        for each in site:
            each.send(STOP)
            _heard(each, _SPARE_S)


def _asked(site: Sequence[Connection], load: Load) -> tuple[Watched, Heard]:
    with _started(ask_pages, load) as asker:
        asker.send("begin")
        _heard(asker, _SPARE_S)
        _marked(site)
        heard = _heard(asker, load.seconds + _SPARE_S)
        return _marked(site), heard


def _marked(site: Sequence[Connection]) -> Watched:
    """What all processes of the site noted since the last mark, together."""
    for each in site:
        each.send(MARK)
    taken: dict[str, list[int]] = {}
    failed: dict[str, int] = {}
    cpu_s = 0.0
    for each in site:
        found: Watched = _heard(each, _SPARE_S)
        cpu_s += found.cpu_s
        for path, times in found.taken_ns.items():
            taken.setdefault(path, []).extend(times)
        for path, count in found.failed.items():
            failed[path] = failed.get(path, 0) + count
    return Watched(taken, failed, cpu_s)


def _together(bare: tuple[Watched, Heard], real: tuple[Watched, Heard], fed: Fed) -> Figures:
    server: dict[str, list[int]] = {}
    client: dict[str, list[int]] = {}
    failures = list(fed.refused)
    for watched, heard in (bare, real):
        for path, times in watched.taken_ns.items():
            server[NAMES[path.rstrip("/")]] = times
        for path, times in heard.taken_ns.items():
            client[NAMES[path]] = times
        failures += heard.failures
        failures += [f"{path}: {count} answers not 200" for path, count in watched.failed.items()]
    watched, heard = real
    answered = sum(len(times) for times in heard.taken_ns.values())
    return Figures(
        server_ns=server,
        client_ns=client,
        failures=failures,
        rate=answered / (heard.ended_s - heard.began_s),
        echo_cpu_ms=_cpu_ms(bare[0]),
        cpu_ms=_cpu_ms(watched),
        fed=fed,
    )


def _cpu_ms(watched: Watched) -> float:
    count = sum(len(times) for times in watched.taken_ns.values())
    return 1_000 * watched.cpu_s / max(count, 1)


@contextmanager
def _listening() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(512)
        yield taken


@contextmanager
def _started(work: Callable[..., None], *arguments: object) -> Iterator[Connection]:
    """A process that has said that it is ready; it is ended with the block."""
    context = _context()
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(*arguments, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        _heard(ours, _READY_S)
        yield ours
        process.join(_SPARE_S)
    finally:
        ours.close()
        if process.is_alive():
            process.terminate()
            process.join()


def _context() -> Any:
    """How processes start: from one that has read all the code, where the system can do that."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _heard(control: Connection, within_s: float) -> Any:
    if not control.poll(within_s):
        raise RuntimeError("a process of the measurement does not answer")
    return control.recv()
