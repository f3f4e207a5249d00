"""Times every engine and the C library's loop in turn, several times over, and compares answers.

Processor time counts, not the clock on the wall, and of several runs the best: other programs on
the machine slow each of them down and speed none up.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tongxing.media.crypto.suites import suite_of
from tongxing.media.tac.blocks import Bytes
from tongxing.media.tac.columns import check_tacs
from tongxing.media.tac.engines import Engine, engines
from tongxing.media.tac.measuring.c_library import CLoop
from tongxing.media.tac.measuring.records import Records, invented, with_wrong_ones

PYTHON_LOOP = "cryptography"
_PYTHON_RECORDS = 20_000
_SEED = 20_260_401

CpuClock = Callable[[], int]


@dataclass(frozen=True, slots=True)
class TacFigures:
    """How one engine did beside the reference. Times are processor time of the best run.

    `reference` names what it is compared with: the C library's version, or `cryptography` where the
    C loop could not be made; that one runs over fewer records (`compared`), since it is slow.
    `first_ns` is the first call over a few records, with whatever had to be loaded or compiled.
    `identical` says that every compared code was the reference's, and every wrong one was found.
    """

    algorithm: str
    engine: str
    records: int
    cpu_ns: int
    first_ns: int
    reference: str
    reference_records: int
    reference_cpu_ns: int
    compared: int
    identical: bool

    @property
    def per_s(self) -> int:
        """Records a second and core."""
        return self.records * 1_000_000_000 // max(self.cpu_ns, 1)

    @property
    def reference_per_s(self) -> int:
        """The same of the reference."""
        return self.reference_records * 1_000_000_000 // max(self.reference_cpu_ns, 1)

    @property
    def ratio(self) -> float:
        """How many times as fast as the reference."""
        return round(self.per_s / max(self.reference_per_s, 1), 2)


@dataclass(slots=True)
class _Best:
    """The least time so far, and whether all answers were as expected."""

    cpu_ns: int = 1 << 62
    identical: bool = True

    def add(self, cpu_ns: int, identical: bool) -> None:
        self.cpu_ns = min(self.cpu_ns, cpu_ns)
        self.identical = self.identical and identical


def measure(
    algorithm: int, count: int, runs: int, loop: CLoop | None, cpu_clock: CpuClock
) -> list[TacFigures]:
    """Every engine but the slow one, over `count` records of one issuer and as many cards.

    `cpu_clock` gives this process's processor time in nanoseconds. Raises ValueError for an
    algorithm byte that nobody knows.
    """
    records = invented(count, _SEED)
    plain, *fast = engines(algorithm)
    first_ns = [_time_first(engine, records, cpu_clock) for engine in fast]
    reference = _Reference(algorithm, plain, loop, cpu_clock)
    best = [_Best() for _ in fast]
    for run in range(runs):
        compared = reference.run(records)
        codes = reference.codes
        if len(codes) < count:
            codes = np.concatenate([codes, fast[0].issuer_codes(*_parts(records))[len(codes) :]])
        tacs, right = with_wrong_ones(codes, _SEED + run)
        for engine, found in zip(fast, best, strict=True):
            start = cpu_clock()
            flags = check_tacs(
                records.master, algorithm, records.factors, records.data, tacs, engine
            )
            found.add(cpu_clock() - start, bool((flags == right).all()))
    return [
        TacFigures(
            algorithm=reference.name_of_algorithm,
            engine=engine.name,
            records=count,
            cpu_ns=found.cpu_ns,
            first_ns=first,
            reference=reference.name,
            reference_records=compared,
            reference_cpu_ns=reference.best.cpu_ns,
            compared=compared,
            identical=found.identical,
        )
        for engine, first, found in zip(fast, first_ns, best, strict=True)
    ]


class _Reference:
    """What the engines are compared with: the C loop, or else the Python one."""

    def __init__(
        self, algorithm: int, plain: Engine, loop: CLoop | None, cpu_clock: CpuClock
    ) -> None:
        suite = suite_of(algorithm)
        self.name_of_algorithm = suite.name if suite else ""
        self.name = PYTHON_LOOP
        self.best = _Best()
        self._plain, self._loop, self._cpu_clock = plain, loop, cpu_clock

    def run(self, records: Records) -> int:
        """Computes codes once more, into `codes`; returns of how many records."""
        if self._loop is not None:
            done = self._loop.run(self.name_of_algorithm, *_parts(records))
            if done is not None:
                self.name, self.codes = done.version, done.codes
                self.best.add(done.cpu_ns, True)
                return len(done.codes)
            self._loop, self.name, self.best = None, PYTHON_LOOP, _Best()
        few = records.first(_PYTHON_RECORDS)
        start = self._cpu_clock()
        self.codes = self._plain.issuer_codes(*_parts(few))
        self.best.add(self._cpu_clock() - start, True)
        return len(self.codes)


def _parts(records: Records) -> tuple[bytes, Bytes, Bytes]:
    return records.master, records.factors, records.data


def _time_first(engine: Engine, records: Records, cpu_clock: CpuClock) -> int:
    start = cpu_clock()
    engine.issuer_codes(*_parts(records.first(1)))
    return cpu_clock() - start
