"""`tongxing exchange send`, `fetch` and `status` against a hub as `tongxing hub serve` has it."""

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from foreign_member import ForeignMember
from served_hub import ACQ, NOON_S, SECRETS, key_file, served
from served_hub import open_hub as member_hub
from test_city_and_hub import HUB_KEY, keys, open_both, open_hub

from tongxing.cli.app import run
from tongxing.front.exchange import HubSite, hub_interface
from tongxing.front.message_key import MESSAGES, seal_message_key
from tongxing.hub import HubStore
from tongxing.hub.exchange import MemberKeys, member_keys_at
from tongxing.hub.registers import RegisterDesk
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, seal
from tongxing.messages.registers import CityRegister
from tongxing.storage import Database
from tongxing.web.serving import Tls

WORDS = "a passphrase of several words"
Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """A certificate for this machine that signs itself."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, False)
        .sign(key, hashes.SHA256())
    )
    found = Tls(folder / "cert.pem", folder / "key.pem")
    found.certificate.write_bytes(made.public_bytes(Encoding.PEM))
    found.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return found


@pytest.fixture
def cli(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Cli:
    """A command of `exchange` with the city's own key at hand: exit code and what was said."""
    at = tmp_path / "keys" / "500000"
    at.mkdir(parents=True)
    sealed = seal_message_key(b"q" * 32, WORDS, os.urandom, 10)
    assert isinstance(sealed, bytes)
    (at / MESSAGES).write_bytes(sealed)
    (tmp_path / "words").write_text(WORDS)
    monkeypatch.setenv("TONGXING_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("TONGXING_KEYS_PASSPHRASE_FILE", str(tmp_path / "words"))
    monkeypatch.setenv("TONGXING_DSN", database.dsn)
    monkeypatch.setenv("TONGXING_HOME", str(tmp_path / "home"))

    def asked(what: str, address: str, *more: str, key_id: str = "500000/1") -> tuple[int, Any]:
        public = HUB_KEY.public_bytes().hex()
        given = ["--hub", address, "--hub-key", public, "--key-id", key_id, "--tries", "1"]
        code = run(["exchange", what, *given, *more])
        said = capsys.readouterr()
        text = said.out or said.err
        return code, json.loads(text) if "--json" in more else text

    return asked


def test_a_key_that_is_taken_out_of_the_file_ends_at_once(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "members.toml"
    path.write_bytes(key_file())
    found = member_keys_at(path)
    assert isinstance(found, MemberKeys)
    site = HubSite(found, HUB_KEY, tmp_path, reread=lambda: member_keys_at(path))
    member_hub(database).close()
    with hub_interface(database, site, lambda: NOON_S, 0.01) as app, served(app) as address:
        one = ForeignMember(address, ACQ, "a", SECRETS["a"], HUB_KEY.public_bytes(), NOON_S)
        assert one.ask("GET", one.at("letters")).status_code == 200
        path.write_bytes(b"no keys at all")
        path.write_bytes(key_file().replace(b'id = "a"', b'id = "another"'))
        until_s = time.monotonic() + 20
        while (answer := one.ask("GET", one.at("letters"), believe=False)).status_code == 200:
            assert time.monotonic() < until_s
        assert answer.json()["code"] == "HTTP_KEY"


CITIES = seal(CityRegister(version=1, published_s=1, cities=[]), HUB_KEY)


def publish(database: Database) -> None:
    """The hub's list of cities, as its people take it in."""
    store, own = HubStore(database), KeyRing({"HUB": HUB_KEY.public_bytes()})
    assert not isinstance(RegisterDesk(store, own, own).take(CITIES, 1), Refusal)
    store.close()


def test_a_city_deals_with_its_hub_by_the_command_line(
    database: Database, tmp_path: Path, cli: Cli, tls: Tls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tls.certificate))  # decides nothing
    ca = ("--ca", str(tls.certificate))
    with open_both(database) as both:  # a day of March: its records come late, and are told so
        assert both.clock.now_s < time.time()
    now_keys = MemberKeys([
        type(key)(key.key_id, key.members, key.public, 0, 1 << 33)
        for key in keys().by_id.values()
    ])  # fmt: skip
    site = HubSite(now_keys, HUB_KEY, tmp_path / "spool")
    open_hub(database, both.clock).close()
    with hub_interface(database, site) as app, served(app, tls) as address:
        code, said = cli("send", address, "--json", *ca)
        assert (code, len(said["sent"]), said["refusals"]) == (0, 1, [])
        assert said["registers"]["sent"] == ["CardRegister ISS-500000", "LossRegister ISS-500000"]
        code, said = cli("status", address, "--json", *ca)
        assert {one["state"] for one in said["registers"]} == {"taken"}
        assert (code, said["files_open"], said["at_hub"]) == (
            1,
            0,
            {"ACQ-500000": 1, "ISS-500000": 0},
        )
        code, said = cli("fetch", address, "--json", *ca)
        assert (code, said["fetched"], said["booked"]) == (0, 1, 1)
        code, text = cli("status", address, "--lang", "zh", *ca)
        assert code == 0 and "清分中心已收" in text and "挂失" in text
        publish(database)
        code, text = cli("fetch", address, "--lang", "en", *ca)
        assert code == 0 and "Registers fetched: cities HUB" in text
        code, said = cli("fetch", address, "--json")  # nobody vouches for its certificate
        assert (code, {one["code"] for one in said["refusals"]}) == (1, {"HTTP_CERTIFICATE"})
        assert all("--ca" in one["next_step_zh"] for one in said["refusals"])
        assert run(["exchange", "registers", "--fetched", "--out", str(tmp_path / "out")]) == 0
        (file,) = (tmp_path / "out").iterdir()
        assert (file.name, file.read_bytes()) == ("CityRegister-HUB-1.sealed", CITIES)
        for language, words in (("zh", "核对密钥"), ("en", "Check the key")):
            code, said = cli("fetch", address, "--lang", language, *ca, key_id="nobody")
            assert code == 1 and "HTTP_KEY" in said and words in said
        assert cli("send", address, *ca)[0] == 0
        assert cli("send", address, *ca, key_id="nobody")[0] == 1
    code, said = cli("send", address, "--json")  # nothing waits, and yet the hub has to be there
    assert (code, {one["code"] for one in said["refusals"]}) == (1, {"HTTP_AWAY"})
    code, said = cli("status", address, "--json", *ca)
    assert (code, {one["code"] for one in said["refusals"]}) == (1, {"HTTP_AWAY"})
    code, said = cli("fetch", address, "--json")
    assert (code, {one["code"] for one in said["refusals"]}) == (1, {"HTTP_AWAY"})
    for url in ("http://hub.example", "http://127.0.0.1.example", "hub.example", "ftp://127.0.0.1"):
        code, said = cli("send", url, "--json")  # beyond this machine only TLS
        assert (code, said["code"]) == (2, "HUB_ADDRESS")
