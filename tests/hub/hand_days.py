"""The worked days by hand, and the files that lie in ``cases/``: run this to write them anew."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from by_hand import Day
from hand_forks import forks
from hand_halves import halves
from hand_holiday import holiday
from hand_late import late_dearer, late_exit
from hand_late_in_day import late_in_day
from hand_late_odd import late_odd
from hand_odd_records import odd_records
from hand_worked_day import worked_day

CASES = Path(__file__).with_name("cases")
DAYS: Mapping[str, Callable[[], Day]] = {
    "worked_day": worked_day,
    "odd_records": odd_records,
    "holiday": holiday,
    "halves": halves,
    "forks": forks,
    "late_exit": late_exit,
    "late_dearer": late_dearer,
    "late_odd": late_odd,
    "late_in_day": late_in_day,
}


def written(day: Day) -> str:
    """A day as its file holds it."""
    return json.dumps(day, ensure_ascii=False, indent=1) + "\n"


def file_of(name: str) -> Path:
    """Where a day lies."""
    return CASES / f"{name}.json"


if __name__ == "__main__":
    for name, day in DAYS.items():
        file_of(name).write_text(written(day()), encoding="utf-8")
