"""Validators of a station share what they have seen, over real sockets and a bad network."""

import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Barrier, Thread

import pytest
from gate_world import site_key
from sharing_world import (
    DEVICES,
    EIGHT,
    HASTY,
    BadNetwork,
    Gate,
    nobody,
    server,
)

from tongxing.gate.replay import Display, ModeChanged
from tongxing.gate.sharing import Claim, Claimed, RegisterServer
from tongxing.messages import seal

DISPLAYS = [Display(f"Q{number:016d}", EIGHT, EIGHT + 60) for number in range(60)]


@pytest.fixture
def station() -> Iterator[RegisterServer]:
    one = server()
    yield one
    one.close()


@pytest.fixture
def gates(station: RegisterServer) -> Iterator[list[Gate]]:
    made = [Gate(name, {"STATION": station.address}) for name in DEVICES]
    yield made
    for gate in made:
        gate.desk.close()


def passes(gates: list[Gate]) -> Counter[Display]:
    """How many lanes each display has opened."""
    return Counter(display for gate in gates for display in gate.opened)


# --- what passes in each mode ---------------------------------------------------------------------


def test_a_display_passes_once_at_one_validator_in_every_mode() -> None:
    alone = Gate("V1", {})
    assert [alone.show(DISPLAYS[0]) for _ in range(100)] == [True] + [False] * 99
    alone.desk.close()


def test_of_validators_that_see_the_same_display_at_once_one_opens(gates: list[Gate]) -> None:
    start = Barrier(len(gates))

    def show_all(gate: Gate) -> None:
        for display in DISPLAYS:
            start.wait()
            gate.show(display)

    threads = [Thread(target=show_all, args=(gate,)) for gate in gates]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passes(gates) == Counter(dict.fromkeys(DISPLAYS, 1))
    assert all(gate.events == [] for gate in gates)


def test_a_validator_that_is_cut_off_lets_a_display_pass_once_more_and_it_is_flagged(
    station: RegisterServer, gates: list[Gate]
) -> None:
    lost = nobody()
    cut_off = Gate("V5", {"STATION": lost}, HASTY)
    for display in DISPLAYS:
        assert gates[0].show(display)
        assert [cut_off.show(display) for _ in range(3)] == [True, False, False]
        assert not any(gate.show(display) for gate in gates[:4])
    assert max(passes([*gates[:4], cut_off]).values()) == 2, "at most one more"
    assert cut_off.events == [ModeChanged("STATION", "VALIDATOR", "STATION", EIGHT)]

    with ExitStack() as stack:
        back = BadNetwork(station.address, seed=1, loss=0)
        back_at = _moved(cut_off, back.address)
        stack.callback(back.close)
        stack.callback(back_at.close)
        _until_told(cut_off)
    assert sorted(cut_off.flagged, key=str) == sorted(DISPLAYS, key=str), "every one is found"
    assert cut_off.desk.modes.mode == "STATION"


def test_the_city_finds_what_two_stations_could_not_see() -> None:
    city, one, other = server("CENTRAL"), server(), server()
    gates = [
        Gate("V1", {"CENTRAL": city.address, "STATION": one.address}),
        Gate("V2", {"CENTRAL": city.address, "STATION": other.address}),
    ]
    assert gates[0].desk.modes.mode == "CENTRAL"
    assert [gate.show(DISPLAYS[0]) for gate in gates] == [True, False]
    city.close()
    assert [gate.show(DISPLAYS[1]) for gate in gates] == [True, True], "each station's own"
    assert [gate.desk.modes.mode for gate in gates] == ["STATION", "STATION"]
    for part in (one, other):
        part.close()
    for gate in gates:
        gate.desk.close()


def test_what_the_city_was_told_the_station_knows_when_the_city_is_gone() -> None:
    city, station = server("CENTRAL"), server()
    gates = [
        Gate(name, {"CENTRAL": city.address, "STATION": station.address}) for name in ("V1", "V2")
    ]
    assert gates[0].show(DISPLAYS[0])
    city.close()
    assert not gates[1].show(DISPLAYS[0])
    station.close()
    for gate in gates:
        gate.desk.close()


def test_on_a_network_that_loses_doubles_and_reorders_what_passes_twice_is_flagged(
    station: RegisterServer,
) -> None:
    networks = [BadNetwork(station.address, seed) for seed in range(3)]
    gates = [
        Gate(name, {"STATION": network.address}, HASTY)
        for name, network in zip(DEVICES, networks, strict=False)
    ]
    for display in DISPLAYS:
        for gate in gates:
            gate.show(display)
            gate.show(display)
    for gate in gates:
        _until_told(gate)
    found = passes(gates)
    assert set(found) <= set(DISPLAYS) and max(found.values()) <= len(gates)
    flagged = Counter(display for gate in gates for display in gate.flagged)
    for display, count in found.items():
        assert flagged[display] >= count - 1, f"{display} opened {count} lanes"
    for gate in gates:
        gate.desk.close()
    for network in networks:
        network.close()


# --- what must harm nobody ------------------------------------------------------------------------


def claim(number: str = "n", name: str = "V1", display: Display = DISPLAYS[0]) -> bytes:
    body = Claim(
        number=number,
        medium_no=display.medium_no,
        issued_s=display.issued_s,
        ends_s=display.ends_s,
    )
    return seal(body, site_key(name))


@pytest.mark.parametrize(
    ("datagram", "code"),
    [
        (b"", "MESSAGE_MALFORMED"),
        (b"\xff" * 1_500, "MESSAGE_MALFORMED"),
        (claim()[:-1] + b"\x00", "SIGNATURE_INVALID"),
        (claim(name="V99"), "SIGNATURE_INVALID"),
        (seal(Claimed(number="n", first="V1"), site_key("V1")), "MESSAGE_KIND"),
    ],
)
def test_what_no_device_of_the_station_signed_is_counted_and_dropped(
    station: RegisterServer, datagram: bytes, code: str
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(datagram, station.address)
        stranger.sendto(claim("after"), station.address)
        stranger.settimeout(10)
        assert stranger.recv(2_000), "it still serves"
    assert station.dropped.counts == {code: 1}
    assert len(station.register) == 1


def test_an_answer_that_another_device_signed_is_not_believed() -> None:
    """A validator may claim; only the register says who was first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
        liar.bind(("127.0.0.1", 0))
        gate = Gate("V1", {"STATION": liar.getsockname()[:2]}, HASTY)

        def lie() -> None:
            liar.settimeout(5)
            for number in range(2):
                _, sender = liar.recvfrom(2_000)
                for name in ("V2", "REG-CITY"):
                    answer = Claimed(number=f"V1-{number}", first="V2")
                    liar.sendto(seal(answer, site_key(name)), sender)

        thread = Thread(target=lie, daemon=True)
        thread.start()
        assert gate.show(DISPLAYS[0])
        assert gate.show(DISPLAYS[1])
        thread.join()
        gate.desk.listen(EIGHT)
        assert gate.flagged == []
        assert gate.desk.modes.mode == "VALIDATOR"
        assert set(gate.desk.dropped.counts) == {"SIGNATURE_INVALID"}
        gate.desk.close()


def test_an_answer_to_another_claim_says_nothing_about_this_one(station: RegisterServer) -> None:
    """A recorded answer, sent again: it carries its own claim's number."""
    gate = Gate("V1", {"STATION": station.address})
    assert gate.show(DISPLAYS[0])
    assert station.register.first(DISPLAYS[1], "V2", EIGHT) == "V2"
    assert not gate.show(DISPLAYS[1])
    assert gate.show(DISPLAYS[2])
    assert gate.events == []
    gate.desk.close()


def test_claims_that_wait_for_an_answer_are_bounded_in_number_and_age(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tongxing.gate.sharing.WAITING_MOST", 10)
    gate = Gate("V1", {"STATION": nobody()}, HASTY)
    assert all(gate.show(display) for display in DISPLAYS[:30])
    assert gate.desk.catch_up(EIGHT) == 10
    assert gate.desk.catch_up(EIGHT + 3 * 86_400) == 0
    gate.desk.close()


def test_a_place_that_is_taken_is_said_at_once(station: RegisterServer) -> None:
    with pytest.raises(OSError, match="in use"):
        server(address=station.address)


def _moved(gate: Gate, address: tuple[str, int]) -> socket.socket:
    """The register can be reached again, at an address of the test's network."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.connect(address)
    gate.desk._sockets["STATION"].close()
    gate.desk._sockets["STATION"] = made
    return made


def _until_told(gate: Gate) -> None:
    """Tell the register what it has not answered, as a gate does when nobody stands there."""
    for _ in range(400):
        if gate.desk.catch_up(EIGHT) == 0:
            return
        time.sleep(0.02)
    raise AssertionError("the register was never told")
