"""`tongxing fleet`, from invitation to revocation, over HTTPS with a certificate of our own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fleet_world import CITY, CITY_KEY, Device, Town, code_of, must, served

from tongxing.cli.common import loopback_socket
from tongxing.cli.fleet.serve import bound_socket
from tongxing.front.devices import device_site
from tongxing.front.message_key import seal_message_key, unseal_message_key
from tongxing.gate.identity import load_identity
from tongxing.gate.link import Link
from tongxing.kernel.reasons import Problem
from tongxing.web.serving import Tls

Cli = Callable[..., Any]


def test_a_devices_life_by_the_command_line(
    town: Town, cli: Cli, certificate: Tls, tmp_path: Path
) -> None:
    now = ("--now", "2026-03-17T12:00:00+08:00")
    asked = ("invite", "XSZ", "--operator", "OP-CQ-RAIL", "--terminal", "IN", *now)
    assert cli(*asked, by="C-2") == "STAFF_SIGN_IN"
    made = cli(*asked, by="M-1")
    number = str(made["invitation"])
    assert cli("confirm", number, *now, by="M-1") == "STAFF_NOT_ALLOWED"
    assert cli("confirm", number, *now, by="C-1")["site"] == "XSZ"
    key, own = CITY_KEY.public_bytes().hex(), tmp_path / "device"
    files = {"ssl_certfile": certificate.certificate, "ssl_keyfile": certificate.key}
    with (
        device_site(town.database, CITY, CITY_KEY, town.clock) as app,
        served(app, **files) as address,
    ):
        there = ("enrol", made["code"], "--at", address, "--keep", str(own))
        assert cli(*there, "--city-key", "00") == "DEVICE_KEY"
        assert cli(*there, "--city-key", key) == "UPLINK_TLS"
        ca = ("--ca", str(certificate.certificate))
        assert cli(*there, "--city-key", key, *ca)["device"] == "XSZ.1"
        assert cli(*there, "--city-key", key, *ca) == "DEVICE_FOLDER_TAKEN"
        order = ("order", "XSZ", "manual", "--minutes", "10", "--why", "drill", *now)
        assert cli(*order, by="C-1")["order_no"] == 1
        line = Link(address, certificate.certificate)
        gate = Device(must(load_identity(own)), own, town.clock, line=line)
        assert gate.step().online
        assert gate.site.orders.mode(town.clock.now_s) == "manual"
        gate.close()
        line.close()
    [told] = cli("list", *now)
    assert (told["device"], told["state"], told["heartbeat"]["software"]) == (
        "XSZ.1",
        "well",
        "test 1",
    )
    assert cli("revoke", "XSZ.1", "--why", "worn out", *now, by="C-1")["device"] == "XSZ.1"
    assert cli("list", *now)[0]["state"] == "revoked"


def test_beyond_this_machine_only_tls_is_served(town: Town, cli: Cli, tmp_path: Path) -> None:
    assert cli("serve", "--host", "0.0.0.0") == "TLS_NEEDED"
    assert cli("serve", "--cert", "x.pem") == "TLS_FILES"
    assert cli("serve", "--cert", "x.pem", "--key", "y.pem") == "FILE_NOT_FOUND"
    nonsense = tmp_path / "x.pem"
    nonsense.write_text("no certificate")
    files = ("--cert", str(nonsense), "--key", str(nonsense))
    assert cli("serve", *files) == "TLS_FILES"


def test_an_address_of_another_machine_is_told_apart_from_a_port_that_is_taken() -> None:
    for host in ("192.0.2.7", "999.1.1.1"):
        with pytest.raises(Problem, match=f"SERVE_ADDRESS: {host} is no address of this machine"):
            bound_socket(host, 0)
    with loopback_socket(0) as taken, pytest.raises(Problem, match="PORT_IN_USE"):
        taken.listen()
        bound_socket("0.0.0.0", taken.getsockname()[1])


def test_a_citys_key_is_useless_without_its_passphrase() -> None:
    word = "correct horse battery"
    sealed = must(seal_message_key(b"k" * 32, word, lambda size: bytes(size), log2_cost=10))
    assert must(unseal_message_key(CITY, sealed, word)).sender == CITY
    assert code_of(unseal_message_key(CITY, sealed, word + "!")) == "KEYVAULT_PASSPHRASE"
    assert code_of(unseal_message_key(CITY, b"{}", word)) == "MESSAGE_KEY_FILE"
    short = seal_message_key(b"k" * 32, "short", lambda size: bytes(size))
    assert code_of(short) == "KEYVAULT_PASSPHRASE_SHORT"
