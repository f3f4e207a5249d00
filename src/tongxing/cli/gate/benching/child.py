"""The gate itself, in a process of its own: orders come as lines of JSON on standard input, answers
go to standard output. When the input ends the gate ends tidily; a kill is a power cut.

``python -m tongxing.cli.gate.benching.child FOLDER AHEAD_S`` runs the gate in FOLDER, whose
machine's clock is AHEAD_S seconds ahead of this machine's.
"""

import json
import secrets
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from tongxing.cli.gate.benching.layout import CONFIG
from tongxing.deciding.facts import Decision
from tongxing.gate.running import Runner, load_plan, read_config
from tongxing.gate.running.uplinked import DeviceUplink, uplink_of
from tongxing.gate.site import Site
from tongxing.kernel.reasons import Refusal, reason
from tongxing.media.card.readers.tcp import open_tcp, parse_address

UPLINK_S = 0.1
_EPOCH_BITS = 62


class Machine:
    """The clock of the machine: this one's, and so many seconds more."""

    def __init__(self, ahead_s: int) -> None:
        self.ahead_s = ahead_s

    def __call__(self) -> int:
        return int(time.time()) + self.ahead_s


def main(folder: Path, ahead_s: int, orders: TextIO, answers: TextIO) -> int:
    """Work until there are no more orders; 1 when the gate could not start."""
    machine = Machine(ahead_s)
    started = _started(folder, machine)
    if isinstance(started, Refusal):
        _say(answers, started.as_json())
        return 1
    runner, uplink = started
    _say(answers, {"ok": True})
    try:
        for line in orders:
            _say(answers, _obeyed(runner, machine, json.loads(line)))
    finally:
        runner.stop()
        uplink.close()
    return 0


def _started(folder: Path, machine: Machine) -> tuple[Runner, DeviceUplink] | Refusal:
    file = folder / CONFIG
    written = read_config(file, file.read_bytes())
    plan = written if isinstance(written, Refusal) else load_plan(written)
    if isinstance(plan, Refusal):
        return plan
    uplink = uplink_of(plan, secrets.SystemRandom().random, _new_epoch, "tongxing bench")
    assert uplink is not None  # a bench gate has enrolled
    runner = Runner(plan, machine, _new_epoch(), uplink, UPLINK_S)
    refusal = runner.start()
    return (runner, uplink) if refusal is None else refusal


def _new_epoch() -> int:
    return secrets.randbits(_EPOCH_BITS) + 1


def _obeyed(runner: Runner, machine: Machine, order: Mapping[str, object]) -> Mapping[str, object]:
    what, terminal = order["do"], str(order.get("terminal", ""))
    if what == "clock":
        machine.ahead_s = int(str(order["ahead_s"]))
        return {"ok": True}
    if what == "state":
        state = runner.ask(lambda site: _state(site, runner.now_s()))
        return state.as_json() if isinstance(state, Refusal) else state
    if terminal not in runner.plan.validators:
        return Refusal("TERMINAL_UNKNOWN", terminal, {"terminal": terminal}).as_json()
    if what == "show":
        return _lane(runner.present(terminal, bytes.fromhex(str(order["code"]))))
    return _card(runner, terminal, str(order["address"]))


def _card(runner: Runner, terminal: str, text: str) -> Mapping[str, object]:
    address = parse_address(text)
    link = address if isinstance(address, Refusal) else open_tcp(*address)
    if isinstance(link, Refusal):
        return link.as_json()
    with link:
        return _lane(runner.present(terminal, link))


def _lane(decision: Decision | None) -> Mapping[str, object]:
    """What a lane did, and the lines on its screen."""
    if decision is None:
        return Refusal("LANE_WAIT").as_json()
    told = reason(decision.reason)
    lines = [told.text("zh", decision.values), told.text("en", decision.values)]
    return {"opened": decision.opened, "reason": decision.reason, "shown": lines}


def _state(site: Site, now_s: int) -> Mapping[str, object] | Refusal:
    journal = site.journal.state(0)
    if isinstance(journal, Refusal):
        return journal
    return {
        "time_s": now_s,
        "deny_list": site.deny.version,
        "waiting_taps": journal.waiting_taps,
        "mode": site.orders.mode(now_s),
    }


def _say(answers: TextIO, told: Mapping[str, object]) -> None:
    print(json.dumps(told, ensure_ascii=False), file=answers, flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), sys.stdin, sys.stdout))
