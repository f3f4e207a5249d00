"""Days on a disk that fills up, run as a program on a small file system of its own.

``full_days.py FOLDER [MOMENT…]``: the folder is that file system. In each step everything that is
left of it is filled; then the room comes back and the call is made again. Prints how many calls
were struck, how many of them failed, and whether the day ended in the bytes of an undisturbed one.
"""

import json
import sys
from contextlib import suppress
from pathlib import Path

from day_cluster import Cluster
from day_world import Strike, measure, play, strikes

BLOCK = bytes(1 << 16)


def main(folder: Path, moments: list[str]) -> None:
    ballast = folder / "ballast"
    cluster = Cluster(folder / "home")

    def fill() -> None:
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(BLOCK):
                pass

    def mend() -> None:
        assert ballast.exists()
        ballast.unlink()
        cluster.mend()

    first = cluster.new_day()
    counts, whole = measure(first), first.dump()
    told = []
    for blows in days_of(strikes(counts, moments or ["inside"]), one_by_one=bool(moments)):
        day = cluster.new_day()
        codes = [code for _, code in play(day, blows, fill, mend)]
        told.append({"blows": len(blows), "codes": codes, "same": day.dump() == whole})
        cluster.forget(day)
    cluster.close()
    print(json.dumps(told))


def days_of(blows: list[Strike], *, one_by_one: bool) -> list[list[Strike]]:
    return [[blow] for blow in blows] if one_by_one else [blows]


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.argv[2:])
    except BaseException:
        log = Path(sys.argv[1]) / "home" / "postgres" / "log"
        print(log.read_text(errors="replace")[-4_000:], file=sys.stderr)
        raise
