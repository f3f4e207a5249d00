"""A served city, and devices that end with the test."""

import datetime
import ipaddress
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fleet_world import CITY, Device, Town, open_town

from tongxing.cli.app import run
from tongxing.storage import Database
from tongxing.web.serving import Tls


@pytest.fixture
def town(city_database: Database) -> Iterator[Town]:
    """The city, on loopback."""
    with open_town(city_database) as found:
        yield found


@pytest.fixture
def device(town: Town, tmp_path: Path) -> Iterator[Callable[..., Device]]:
    """Makes enrolled devices."""
    made: list[Device] = []

    def make(site: str = "XSZ", *terminals: str, **how: Any) -> Device:
        folder = tmp_path / f"{site} {len(made)}"
        identity = town.enrolled(folder, site, *(terminals or ("IN", "OUT")))
        made.append(Device(identity, folder, town.clock, **how))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def cli(town: Town, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Any]:
    """Runs a command over the city's books: its JSON, or the code of its refusal."""
    secret = tmp_path / "secret"
    secret.write_text("0123456789\n")

    def call(*arguments: str, by: str = "") -> Any:
        signed = ["--by", by, "--secret-file", str(secret)] if by else []
        city = [] if arguments[0] == "enrol" else ["--city", CITY]
        asked = ["fleet", *arguments, *signed, *city, "--dsn", town.database.dsn, "--json"]
        status = run(asked)
        told = capsys.readouterr()
        return json.loads(told.out) if status == 0 else json.loads(told.err)["code"]

    return call


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """A certificate for this machine that signs itself."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "devices")])
    start = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(start - datetime.timedelta(days=1))
        .not_valid_after(start + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    tls = Tls(folder / "cert.pem", folder / "key.pem")
    tls.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    tls.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return tls
