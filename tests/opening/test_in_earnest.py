"""A city that begins in earnest: its books, its keys, and its pages behind a proxy."""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
import requests

from tongxing.cli import run
from tongxing.front.keys import keys_in
from tongxing.front.making import Issuing, make_keys
from tongxing.front.message_key import message_key_of
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.issue import make_certificate, signer
from tongxing.media.code.layout import read_certificate
from tongxing.media.code.trusting import parse_roots
from tongxing.media.code.verify import Trust
from tongxing.media.crypto.providers import generate_key, sm2
from tongxing.storage import Database

CITY, TODAY = "500000", date(2026, 11, 29)
WORDS = "correct horse battery staple"
ISSUING = Issuing("12345678", "87654321")
COST = 10
HOST = "fares.example"


def made(folder: Path, issuing: Issuing = ISSUING, words: str = WORDS) -> list[str] | str:
    """The files that were new, or why it was refused."""
    found = make_keys(folder, "prod", issuing, words, TODAY, secrets.token_bytes, COST)
    if isinstance(found, Refusal):
        return found.code
    return [one.file.name for one in found if one.is_new]


def test_the_keys_of_a_city_are_made_once_and_open_it(tmp_path: Path) -> None:
    folder = tmp_path / CITY
    whole = ["cards.vault", "people.keys", "messages.key", "codes.root", "roots.json"]
    assert made(folder) == [*whole, "codes.issuer"]
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert made(folder) == []
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    keys = keys_in(folder, WORDS)
    assert not isinstance(keys, Refusal)
    certificate = read_certificate(keys.issuer.certificate)
    assert certificate.issuer_id == "12345678"
    assert keys.issuer.platform_id == "87654321"
    assert not keys.issuer.is_test
    for file in folder.iterdir():
        assert file.name == "roots.json" or file.stat().st_mode & 0o077 == 0, file.name


def test_gates_believe_the_root_that_was_made(tmp_path: Path) -> None:
    made(tmp_path)
    roots = parse_roots((tmp_path / "roots.json").read_bytes(), sm2())
    keys = keys_in(tmp_path, WORDS)
    assert isinstance(roots, dict) and not isinstance(keys, Refusal)
    certificate = read_certificate(keys.issuer.certificate)
    trust = Trust(roots=roots, issuers=frozenset({"12345678"}))
    key = sm2().key(trust.roots[certificate.root_index])
    assert key is not None
    assert sm2().verify(key, certificate.signed, certificate.signature)


@pytest.mark.parametrize("at", range(6))
def test_whoever_was_stopped_in_the_middle_begins_again(tmp_path: Path, at: int) -> None:
    made(tmp_path)
    names = ["cards.vault", "people.keys", "messages.key", "codes.root", "roots.json"]
    names.append("codes.issuer")
    for name in names[at:]:
        (tmp_path / name).unlink()
    assert made(tmp_path) == names[at:]


def test_the_root_may_be_kept_elsewhere_and_is_never_replaced(tmp_path: Path) -> None:
    made(tmp_path)
    root = tmp_path / "codes.root"
    kept = root.read_bytes()
    root.unlink()
    assert made(tmp_path) == []
    (tmp_path / "codes.issuer").unlink()
    assert made(tmp_path) == "FRONT_KEYS_MISSING"
    root.write_bytes(kept)
    assert made(tmp_path) == ["codes.issuer"]


def test_another_passphrase_than_that_of_the_files_there_is_found_today(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / "messages.key").unlink()
    assert made(tmp_path, words="another passphrase of ours") == "KEYVAULT_PASSPHRASE"
    assert made(tmp_path / "new", words="short") == "KEYVAULT_PASSPHRASE_SHORT"
    assert not (tmp_path / "new").exists()


def test_a_scheme_s_certificate_is_taken_with_its_own_private_key_only(tmp_path: Path) -> None:
    root, pair, other = (generate_key(secrets.token_bytes) for _ in range(3))
    assert not (isinstance(root, Refusal) or isinstance(pair, Refusal))
    assert not isinstance(other, Refusal)
    certificate = make_certificate(
        signer(sm2(), root[0]),
        issuer_id="12345678",
        public_key=pair[1],
        expires=date(2029, 1, 1),
        serial="000007",
    )
    assert isinstance(certificate, bytes)
    wrong = Issuing("12345678", "87654321", certificate, other[0])
    assert made(tmp_path / "wrong", wrong) == "CODE_ISSUER_KEY"
    right = Issuing("12345678", "87654321", certificate, pair[0])
    names = made(tmp_path / "right", right)
    assert names == ["cards.vault", "people.keys", "messages.key", "codes.issuer"]


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(list(arguments))
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.fixture
def earnest(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine with a database, and keys of Chongqing."""
    secret = tmp_path / "secret"
    secret.write_text(WORDS + "\n")
    monkeypatch.setenv("TONGXING_DSN", database.dsn)
    monkeypatch.setenv("TONGXING_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("TONGXING_KEYS_PASSPHRASE_FILE", str(secret))
    made(tmp_path / "keys" / CITY)
    yield tmp_path


def test_the_commands_make_books_and_keys(
    earnest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = command(capsys, "--lang", "zh", "open", "重庆")
    assert code == 0 and "账本已建立" in out and "tongxing keys city 500000" in out
    code, out, _ = command(capsys, "--json", "open", "Chongqing")
    assert code == 0 and json.loads(out) == {"city": CITY, "new": False}
    asked = ("--issuer-id", "12345678", "--platform-id", "87654321", "--env", "prod")
    where = ("--folder", str(earnest / "fresh"), "--secret-file", str(earnest / "secret"))
    code, out, _ = command(capsys, "--json", "keys", "city", "Chongqing", *asked, *where)
    assert code == 0
    assert [entry["new"] for entry in json.loads(out)] == [True] * 6
    environ = {**os.environ, "TONGXING_KEYS": str(earnest / "fresh")}
    assert not isinstance(message_key_of(CITY, environ), Refusal)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (("--issuer-id", "１２３４５６７８"), "CODE_FIELD"),
        (("--platform-id", "1234567"), "CODE_FIELD"),
        (("--certificate", "{file}"), "CODE_FIELD"),
        (("--certificate", "{file}", "--private", "{file}"), "CODE_FIELD"),
    ],
)
def test_what_does_not_fit_makes_nothing(
    earnest: Path, capsys: pytest.CaptureFixture[str], wrong: tuple[str, ...], code: str
) -> None:
    file = earnest / "wrong"
    file.write_text("0" * 63)
    asked = {"--issuer-id": "12345678", "--platform-id": "87654321", "--env": "prod"}
    texts = [text.format(file=file) for text in wrong]
    asked |= dict(zip(texts[::2], texts[1::2], strict=True))
    folder = earnest / "none"
    asked |= {"--folder": str(folder), "--secret-file": str(earnest / "secret")}
    arguments = [part for pair in asked.items() for part in pair]
    exit_code, _, err = command(capsys, "keys", "city", "Chongqing", *arguments)
    assert exit_code != 0 and f"error {code}" in err
    assert not folder.exists()


@pytest.mark.parametrize(
    "site",
    [
        ("Chongqing", "8081", "http://fares.example"),
        ("Chongqing", "8081", "https://fares.example/rider"),
        ("Chongqing", "8081", "https://me@fares.example"),
        ("Chongqing", "0", "https://fares.example"),
        ("Atlantis", "8081", "https://fares.example"),
        ("Chongqing", "8081", "fares.example"),
    ],
)
def test_a_site_that_is_none_is_refused_before_anything_is_served(
    earnest: Path, capsys: pytest.CaptureFixture[str], site: tuple[str, str, str]
) -> None:
    code, _, err = command(capsys, "serve", "--site", *site)
    assert code in (2, 4) and err.startswith("error "), err


def test_a_site_without_books_or_keys_is_not_left_out_silently(
    earnest: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command(capsys, "open", "Chongqing")
    beijing = ("--site", "Beijing", "8081", "https://bj.example")
    code, _, err = command(capsys, "serve", *beijing)
    assert code != 0 and "NO_BOOKS_OF_CITY" in err
    monkeypatch.setenv("TONGXING_KEYS", str(earnest / "nothing"))
    code, _, err = command(capsys, "serve", "--site", "Chongqing", "8081", f"https://{HOST}")
    assert code != 0 and "FRONT_KEYS_MISSING" in err


def test_real_books_do_not_stand_beside_simulated_ones(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from tongxing.simulation.runbook import MARKER

    (tmp_path / MARKER).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / MARKER).write_text("{}")
    code, _, err = command(capsys, "--home", str(tmp_path), "open", "Chongqing")
    assert code == 5 and "OPEN_SIMULATED" in err


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture
def served(earnest: Path) -> Iterator[int]:
    """`tongxing open` and `serve --site` as they are typed; the port that a proxy asks."""
    port = free_port()
    tongxing = [sys.executable, "-m", "tongxing", "--lang", "en"]
    subprocess.run([*tongxing, "open", "Chongqing"], check=True, capture_output=True)
    site = ["--site", "Chongqing", str(port), f"https://{HOST}"]
    process = subprocess.Popen(
        [*tongxing, "serve", *site], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = ""
    while "counter" not in told:
        line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        told += line
    assert f"https://{HOST}/rider/" in told
    yield port
    process.terminate()
    process.communicate(timeout=30)


def asked(port: int, path: str, **headers: str) -> requests.Response:
    """What the proxy gets."""
    said = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(
        f"http://127.0.0.1:{port}{path}", headers=said, allow_redirects=False, timeout=20
    )


def test_a_city_s_pages_are_served_behind_a_proxy(served: int) -> None:
    page = asked(served, "/rider/sign-in?lang=en")
    assert page.status_code == 200
    assert re.search(r"<h1[^>]*>[^<]+", page.text)
    assert asked(served, "/rider/sign-in", Host="evil.example").status_code >= 400
    assert asked(served, "/rider/sign-in", Host=f"127.0.0.1:{served}").status_code >= 400
    assert asked(served, "/counter/sign-in").status_code == 200
    signed_in = requests.post(
        f"http://127.0.0.1:{served}/rider/sign-in",
        data={"phone": "13800138000", "agree": "yes"},
        headers={"Host": HOST, "X-Forwarded-Proto": "https", "Origin": f"https://{HOST}"},
        allow_redirects=False,
        timeout=20,
    )
    assert signed_in.status_code == 303, signed_in.text[:300]
    kept = signed_in.headers["set-cookie"].split(",")
    assert all("secure" in cookie.lower() for cookie in kept if "=" in cookie.split(";")[0])


def test_the_roots_file_is_what_tongxing_code_verify_reads(tmp_path: Path) -> None:
    made(tmp_path)
    table = msgspec.json.decode((tmp_path / "roots.json").read_bytes())
    assert set(table) == {"roots"}
