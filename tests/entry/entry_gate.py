"""A gate at work with a policy of its own and an attester that it asks."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from attester_server import ASKER, ASKER_SECRET, ATTESTER, ATTESTER_KEY, HOLDERS_KEY, Attester

sys.path.insert(0, str(Path(__file__).parents[1] / "lane"))

from lane_world import CITY, LANE, Clock, running, validator, write_gate

from tongxing.entry import read_policy
from tongxing.gate.running import Runner
from tongxing.kernel.clock import at
from tongxing.messages.taps import account_token

FIRST, LAST = date(2026, 3, 10), date(2026, 3, 20)
NOON_S = at(date(2026, 3, 17), 12)
END_S = at(date(2026, 3, 21), 3)
SIMULATED = '{ kind = "simulated", port = 0 }'
MANUAL = LANE.replace("lane-1", "manual")
POLICY = f"""
[policy]
name = "spring"
city = "{CITY}"
title_zh = "春季核验"
title_en = "Spring check"
purpose_zh = "试验"
purpose_en = "a trial"
from = {FIRST}
until = {LAST}
attestation_life_s = 86400
refusal_life_s = 300
not_upgraded = "ENTRY_NOT_UPGRADED"
manual_lane = true
source = "report"

[policy.result]
unit = "days"
most = 2
source = "report"

[policy.media]
code = "check"

[[policy.where]]
from = {FIRST}
mode = "rail"
effect = "enforced"
when_down = "manual"
source = "report"
"""
SPRING = read_policy(POLICY.encode())
NUMBER = account_token("5000100000000014")


def gate_file(folder: Path, attester: Attester | None, more: str = "", **changed: str) -> Path:
    """A configuration with a lane of each kind, and whom it asks."""
    entry = '[entry]\npolicy = "spring.toml"\n'
    if attester is not None:
        told = {
            "provider": attester.address,
            "ca": str(attester.ca),
            "asker": ASKER,
            "key": "keys/asking.key",
            "holders": "keys/holders.key",
            "attesters": "keys/attesters.json",
            **changed,
        }
        entry += "".join(f'{name} = "{value}"\n' for name, value in told.items() if value)
    lanes = validator(SIMULATED), validator(SIMULATED, name=MANUAL, more='lane = "manual"')
    file = write_gate(folder, *lanes, entry + more)
    (folder / "spring.toml").write_text(POLICY, encoding="utf-8")
    public = ATTESTER_KEY.public_key().public_bytes_raw().hex()
    for name, text in {
        "asking.key": ASKER_SECRET.hex(),
        "holders.key": HOLDERS_KEY.hex(),
        "attesters.json": f'{{"{ATTESTER}": "{public}"}}',
    }.items():
        (folder / "keys" / name).write_text(text)
        (folder / "keys" / name).chmod(0o600)
    return file


@contextmanager
def at_work(
    folder: Path, attester: Attester | None, clock: Clock, more: str = ""
) -> Iterator[Runner]:
    with running(gate_file(folder, attester, more), clock) as runner:
        yield runner
