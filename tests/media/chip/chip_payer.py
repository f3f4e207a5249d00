"""Pays with the card in a file in processes that are killed, again and again, at odd moments.

``python chip_payer.py FILE KILLS``. Every purchase of one fen carries its number in both of its
records. After each kill the file is copied beside itself as FILE.1, FILE.2, …, and the last number
that the killed process had told is printed. Alone in a process of its own: it forks.
"""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

from chip_desk import NUMBER, SELECT, Chance, Desk

from tongxing.media.card.chip import FileStore, SoftwareCard, trial_profile

TOLD_BYTES = 4
PROFILE = trial_profile(NUMBER)
DELAY_STEP_S = 0.0003


def pay_until_killed(path: Path, told: int) -> None:
    """Pay one fen after another; write each number to `told` after its debit was answered."""
    card = SoftwareCard(FileStore(path), Chance())
    found = Desk(card, PROFILE)
    found.ok(SELECT)
    while True:
        begun = found.begin(1)
        number = int(begun[8:12], 16) + 1
        found.ok(f"80DC01D08027017D{number:0250X}")
        found.ok(f"80DC00F030{number:096X}")
        found.ok(found.debit_command(begun, 1))
        os.write(told, number.to_bytes(TOLD_BYTES, "big"))


def pay_and_kill(path: Path, turn: int) -> int:
    """Kill a paying process a little after its second debit; the last number it told."""
    reading, writing = os.pipe()
    payer = os.fork()
    if payer == 0:
        os.close(reading)
        try:
            pay_until_killed(path, writing)
        finally:
            os._exit(1)
    os.close(writing)
    told = os.read(reading, TOLD_BYTES) and os.read(reading, TOLD_BYTES)
    time.sleep(turn * DELAY_STEP_S)
    os.kill(payer, signal.SIGKILL)
    os.waitpid(payer, 0)
    while more := os.read(reading, TOLD_BYTES):
        told = more
    os.close(reading)
    return int.from_bytes(told, "big")


if __name__ == "__main__":
    file, kills = Path(sys.argv[1]), int(sys.argv[2])
    for kill in range(1, kills + 1):
        print(pay_and_kill(file, kill), flush=True)
        shutil.copy(file, f"{file}.{kill}")
