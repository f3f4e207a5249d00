"""A gate that runs and asks a real attester: the lane waits for nobody, and nothing is kept."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from attester_server import ATTESTER, ATTESTER_KEY, HOLDERS_KEY, Attester
from attester_server import attesting as attester_at
from entry_gate import END_S, MANUAL, NOON_S, NUMBER, POLICY, SPRING, at_work, gate_file
from lane_world import CITY, LANE, Clock, eventually, phone, running, taps_of

from tongxing.deciding import Decision
from tongxing.entry import Result, holder_of
from tongxing.gate.running import Runner
from tongxing.gate.running.health import Status, read_status
from tongxing.gate.site import Site
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal
from tongxing.messages.taps import account_token


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON_S)


@pytest.fixture
def attester(clock: Clock, tmp_path: Path) -> Iterator[Attester]:
    with attester_at(SPRING, clock, tmp_path / "tls") as found:
        yield found


def shows(runner: Runner, clock: Clock, terminal: str = LANE, number: int = 14) -> Decision:
    found = runner.present(terminal, phone(number).show(clock.now_s))
    assert found is not None
    return found


def sampled(days: int, good: bool = True) -> Result:
    return Result(NOON_S - days * DAY_S, good)


@pytest.mark.req("R-101", "R-109")
def test_a_yes_opens_and_says_nothing_more(
    attester: Attester, clock: Clock, tmp_path: Path
) -> None:
    attester.links(NUMBER, sampled(2))
    with at_work(tmp_path / "gate", attester, clock) as runner:
        found = shows(runner, clock)
        assert (found.reason, found.note) == ("OPEN", "") and len(attester.questions) == 1
        assert [tap.reason for tap in taps_of(runner)] == ["OPEN"]
        assert runner.board.view(LANE).said["zh"].more == ()


@pytest.mark.req("R-107", "R-113")
@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (sampled(3), "ENTRY_TURNED_BACK"),
        (sampled(0, good=False), "ENTRY_TURNED_BACK"),
        (None, "ENTRY_TURNED_BACK"),
        ("nobody", "ENTRY_NOT_UPGRADED"),
    ],
)
def test_a_no_and_nobody_keep_the_lane_shut(
    attester: Attester, clock: Clock, tmp_path: Path, result: Result | str | None, reason: str
) -> None:
    if not isinstance(result, str):
        attester.links(NUMBER, result)
    with at_work(tmp_path / "gate", attester, clock) as runner:
        assert shows(runner, clock).reason == reason
        assert [tap.reason for tap in taps_of(runner)] == ["ENTRY_CLOSED"]


def test_a_medium_that_is_not_in_order_is_never_asked_about(
    attester: Attester, clock: Clock, tmp_path: Path
) -> None:
    with at_work(tmp_path / "gate", attester, clock) as runner:
        forged = bytearray(phone().show(clock.now_s))
        forged[-1] ^= 1
        found = runner.present(LANE, bytes(forged))
        assert found is not None and found.reason == "QR_SIGNATURE"
    assert attester.questions == []


@pytest.mark.parametrize("fault", ["500", "garbage", "forged answer", "other holder", "expired"])
def test_whatever_is_no_answer_sends_to_the_manual_lane(
    attester: Attester, clock: Clock, tmp_path: Path, fault: str
) -> None:
    attester.links(NUMBER, sampled(0))
    attester.fault = fault
    with at_work(tmp_path / "gate", attester, clock) as runner:
        assert shows(runner, clock).reason == "ENTRY_MANUAL_LANE"
        eventually(lambda: trouble_of(runner) != "", "the status does not say why")
        attester.fault = ""
        clock.now_s += 60
        assert shows(runner, clock).opened
        eventually(lambda: trouble_of(runner) == "")


def test_a_policy_that_ends_while_somebody_is_put_aside_stops_no_lane(
    attester: Attester, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decided in the policy's last second, asked about in the next: whoever was to be asked is."""
    attester.links(NUMBER, sampled(0))
    with at_work(tmp_path / "gate", attester, clock) as runner:
        monkeypatch.setattr(Site, "entry", lambda _site, _now_s: None)
        assert shows(runner, clock).opened and len(attester.questions) == 1
        assert shows(runner, clock, MANUAL).reason == "QR_REPLAYED"


@pytest.mark.parametrize("where", ["asking", "telling", "other work"])
def test_a_fault_anywhere_costs_one_passenger_and_no_lane(
    attester: Attester,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(where)

    attester.links(NUMBER, sampled(0))
    with at_work(tmp_path / "gate", attester, clock) as runner, monkeypatch.context() as patched:
        if where == "other work":
            runner._turns.ask(broken)
        else:
            patched.setattr(runner.entering, "ask", broken)
            if where == "telling":
                patched.setattr(runner.board, "notice", broken)
            assert runner.present(LANE, phone(14).show(clock.now_s)) is None
        patched.undo()
        assert shows(runner, clock).opened
        assert runner.health.failures >= 1


def trouble_of(runner: Runner) -> str:
    found = runner.entering.health()
    return "?" if found is None else found.trouble


def test_while_one_holder_is_asked_about_the_other_lanes_go_on(
    attester: Attester, clock: Clock, tmp_path: Path
) -> None:
    attester.links(NUMBER, sampled(0))
    attester.links(account_token("5000100000000022"), sampled(0))
    with at_work(tmp_path / "gate", attester, clock, "timeout_ms = 2000\n") as runner:
        shows(runner, clock, number=22)
        attester.hangs = threading.Event()
        slow: list[Decision] = []
        waits = threading.Thread(target=lambda: slow.append(shows(runner, clock)))
        waits.start()
        clock.now_s += 60
        eventually(lambda: not runner.ask(lambda _site: slow))
        assert shows(runner, clock, MANUAL, 22).opened and slow == []
        attester.hangs.set()
        waits.join()
        assert slow[0].opened


def test_a_provider_that_hangs_is_left_alone_and_asked_again_later(
    attester: Attester, clock: Clock, tmp_path: Path
) -> None:
    numbers = [14, 22, 30, 48, 55]
    for number in numbers:
        attester.links(account_token(f"{5000100000000000 + number}"), sampled(0))
    with at_work(tmp_path / "gate", attester, clock, "timeout_ms = 60\n") as runner:
        attester.hangs = threading.Event()
        for number in numbers[:4]:
            assert shows(runner, clock, number=number).reason == "ENTRY_MANUAL_LANE"
        eventually(lambda: state_of(runner) == "silent")
        asked = len(attester.questions)
        attester.hangs.set()
        eventually(lambda: len(attester.questions) > asked)
        before = len(attester.questions)
        assert shows(runner, clock, number=55).reason == "ENTRY_MANUAL_LANE"
        assert len(attester.questions) == before
        clock.now_s += 31
        attester.hangs = None
        eventually(lambda: shows_again(runner, clock, 55), "it was never asked again")
        eventually(lambda: state_of(runner) == "asking")


def shows_again(runner: Runner, clock: Clock, number: int) -> bool:
    clock.now_s += 6
    return shows(runner, clock, number=number).opened


def state_of(runner: Runner) -> str:
    found = runner.entering.health()
    return "" if found is None else found.state


def test_stopping_waits_for_whoever_is_asked_about(
    attester: Attester, clock: Clock, tmp_path: Path
) -> None:
    attester.links(NUMBER, sampled(0))
    attester.hangs = threading.Event()
    found: list[Decision] = []
    with at_work(tmp_path / "gate", attester, clock, "timeout_ms = 500\n") as runner:
        waits = threading.Thread(target=lambda: found.append(shows(runner, clock)))
        waits.start()
        eventually(lambda: attester.connections == 1)
    waits.join()
    assert [one.reason for one in found] == ["ENTRY_MANUAL_LANE"]


@pytest.mark.req("R-110", "R-111")
def test_staff_let_one_person_in_at_the_manual_lane(
    attester: Attester, clock: Clock, tmp_path: Path
) -> None:
    with at_work(tmp_path / "gate", attester, clock) as runner:
        assert shows(runner, clock, MANUAL).reason == "ENTRY_STAFF_CHECK"
        assert runner.entering.checked(MANUAL, True)
        clock.now_s += 60
        assert shows(runner, clock, MANUAL).opened
        clock.now_s += 60
        assert shows(runner, clock, MANUAL, 22).reason == "ENTRY_STAFF_CHECK"
        assert runner.entering.checked(MANUAL, False)
        clock.now_s += 60
        assert shows(runner, clock, MANUAL, 22).reason == "ENTRY_TURNED_BACK"
        assert not runner.entering.checked(LANE, True)
        clock.now_s += 60
        assert shows(runner, clock, LANE, 30).reason == "ENTRY_NOT_UPGRADED"


def test_a_trial_informs_and_opens(attester: Attester, clock: Clock, tmp_path: Path) -> None:
    folder = tmp_path / "gate"
    file = gate_file(folder, attester)
    trial = POLICY.replace('"enforced"', '"informative"').replace(
        'when_down = "manual"', 'when_down = "open"'
    )
    (folder / "spring.toml").write_text(trial, encoding="utf-8")
    attester.links(account_token("5000100000000022"), sampled(5))
    with running(file, clock) as runner:
        assert shows(runner, clock).note == "ENTRY_NOT_UPGRADED"
        assert shows(runner, clock, number=22).note == "ENTRY_TRIAL"
        assert [tap.reason for tap in taps_of(runner)] == ["OPEN", "OPEN"]


@pytest.mark.req("R-404")
def test_at_the_policys_end_the_runner_deletes_and_stops_asking(
    attester: Attester, clock: Clock, tmp_path: Path
) -> None:
    clock.now_s = END_S - 60
    attester.links(NUMBER, Result(clock.now_s - 60, True))
    with at_work(tmp_path / "gate", attester, clock) as runner:
        assert shows(runner, clock).opened
        eventually(lambda: known(runner) == 1)
        clock.now_s = END_S
        eventually(lambda: state_of(runner) == "ended")  # nobody taps
        health = runner.entering.health()
        assert health is not None and (health.known, health.erased_s) == (0, END_S)
        clock.now_s += 60
        assert shows(runner, clock, number=22).opened  # linked with nobody, and nobody asks
        assert len(attester.questions) == 1


def known(runner: Runner) -> int:
    found = runner.entering.health()
    return -1 if found is None else found.known


@pytest.mark.req("R-127", "R-136", "R-404")
def test_no_file_of_the_gate_ever_holds_what_was_attested(
    attester: Attester, clock: Clock, tmp_path: Path
) -> None:
    folder = tmp_path / "gate"
    attester.links(NUMBER, sampled(1))
    with at_work(folder, attester, clock) as runner:
        shows(runner, clock)
        shows(runner, clock, number=22)
        eventually(lambda: known(runner) == 2)
        eventually(lambda: status_of(folder).taps == 2)
        secrets = whatever_was_told(attester)
        held_now = written_in(folder)
        assert not [one for one in secrets if one in held_now]
        assert b"ENTRY_CLOSED" in held_now and b"ENTRY_NOT_UPGRADED" not in held_now
        status = status_of(folder)
        assert status.last_tap is not None and status.last_tap.reason == "ENTRY_CLOSED"
        clock.now_s = END_S
        eventually(lambda: state_of(runner) == "ended")
    assert not [one for one in secrets if one in written_in(folder)]
    assert status_of(folder).entry is not None and status_of(folder).entry.state == "ended"


def whatever_was_told(attester: Attester) -> list[bytes]:
    """The names of holders, as text and bytes, and each part of what was signed about them."""
    found = [attester.first, ATTESTER_KEY.public_key().public_bytes_raw(), ATTESTER.encode()]
    for asked in attester.questions:
        found += [asked.holder.encode(), bytes.fromhex(asked.holder), asked.nonce]
    assert holder_of(HOLDERS_KEY, CITY, NUMBER).encode() in found
    return found


def written_in(folder: Path) -> bytes:
    """Every byte that the gate itself has written: journal, its log, status."""
    files = [one for one in folder.iterdir() if one.is_file() and one.suffix != ".toml"]
    assert {"journal.sqlite", "status.json"} <= {one.name for one in files}
    return b"\n".join(one.read_bytes() for one in files)


def status_of(folder: Path) -> Status:
    found = read_status(folder / "status.json")
    assert not isinstance(found, Refusal)
    return found
