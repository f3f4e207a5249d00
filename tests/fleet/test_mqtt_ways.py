"""Ways to a broker: addresses, logins, certificates; a gate that runs over it, and the commands."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from broker_world import Broker, at_broker, eventually, login, open_broker
from fleet_world import CITY, CITY_KEY, Town, code_of, must
from paho.mqtt.client import MQTTMessage
from running_world import config

from tongxing.broker import BrokerAddress, Login, parse_address, read_login, topics
from tongxing.front.message_key import seal_message_key
from tongxing.gate.identity import load_identity
from tongxing.gate.lines import line_to
from tongxing.gate.link import Link
from tongxing.gate.mqtt import MqttLine
from tongxing.gate.running import Plan, Runner
from tongxing.gate.running.uplinked import uplink_of
from tongxing.kernel.reasons import Refusal
from tongxing.web.serving import Tls

BATCHES = "/v1/batches"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A running one, without TLS."""
    with open_broker(tmp_path / "broker") as found:
        yield found


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("mqtts://b.example/500000", BrokerAddress("b.example", 8_883, True, CITY)),
        ("mqtts://b.example:1234", BrokerAddress("b.example", 1_234, True)),
        ("MQTT://127.0.0.1/500000/", BrokerAddress("127.0.0.1", 1_883, False, CITY)),
        ("mqtts://[2001:db8::1]:8883/500000", BrokerAddress("2001:db8::1", 8_883, True, CITY)),
        ("mqtt://b.example/500000", None),
        ("mqtt://127.0.0.1.example/500000", None),
        ("mqtts:///500000", None),
        ("mqtts://b.example/chongqing", None),
        ("mqtts://b.example/500000/more", None),
        ("mqtts://b.example:x/500000", None),
        ("mqtts://b.example:99999/500000", None),
        ("mqtts://b.example/500000?x=1", None),
        ("ws://b.example/500000", None),
    ],
)
def test_an_address_says_where_and_for_which_city(
    address: str, found: BrokerAddress | None
) -> None:
    told = parse_address(address)
    assert told == found if found else code_of(told) == "BROKER_ADDRESS"


def test_a_secret_in_an_address_is_refused_and_not_repeated() -> None:
    told = must_refuse(parse_address("mqtts://gate:opensesame@b.example/500000"))
    assert (told.code, told.where) == ("BROKER_ADDRESS", "mqtts://b.example/500000")


def test_the_address_chooses_the_line() -> None:
    assert isinstance(line_to("https://city.example"), Link)
    assert isinstance(line_to("mqtts://b.example/500000"), MqttLine)
    assert code_of(line_to("mqtts://b.example")) == "BROKER_ADDRESS"
    assert code_of(line_to("ftp://city.example")) == "UPLINK_ADDRESS"
    assert code_of(line_to("city.example")) == "UPLINK_ADDRESS"


@pytest.mark.parametrize(
    ("text", "mode", "code"),
    [
        ('user = "g"\npassword = "p"\n', 0o600, ""),
        ('user = "g"\npassword = "p"\n', 0o644, "BROKER_LOGIN_OPEN"),
        ('user = "g"\n', 0o600, "BROKER_LOGIN_FILE"),
        ('user = "g/#"\npassword = "p"\n', 0o600, "BROKER_LOGIN_FILE"),
        ('password = "p"\n', 0o600, "BROKER_LOGIN_FILE"),
        ('user = "g"\npasswort = "p"\n', 0o600, "BROKER_LOGIN_FILE"),
        ('user = "g"\ncertificate = "none.pem"\n', 0o600, "BROKER_LOGIN_FILE"),
        ("user = g\n", 0o600, "BROKER_LOGIN_FILE"),
        ("\xff", 0o600, "BROKER_LOGIN_FILE"),
    ],
)
def test_a_login_is_whole_and_its_owners(tmp_path: Path, text: str, mode: int, code: str) -> None:
    file = tmp_path / "login.toml"
    file.write_bytes(text.encode("latin-1"))
    file.chmod(mode)
    if mode != 0o600 and sys.platform == "win32":
        pytest.skip("files have no such modes there")
    assert code_of(read_login(file)) == code
    assert code_of(read_login(tmp_path / "none.toml")) == "BROKER_LOGIN_FILE"


def test_a_password_is_never_shown() -> None:
    assert "opensesame" not in repr(login("gate-1"))


def test_what_is_retained_is_no_question() -> None:
    message = MQTTMessage(topic=topics.ask_topic(CITY, "gate-1").encode())
    answers = topics.answer_topic(CITY, "gate-1", "here")
    message.properties = topics.asking(BATCHES, answers, b"1")
    assert isinstance(topics.question_of(message, CITY), topics.Question)
    assert topics.question_of(message, "110000") == "topic"
    message.retain = True
    assert topics.question_of(message, CITY) == "retained"


def test_what_is_shown_at_a_lane_reaches_the_city_over_a_broker(
    town: Town, broker: Broker, tmp_path: Path
) -> None:
    """A whole running gate; the broker dies and comes back while it works."""
    identity = town.enrolled(tmp_path / "device", "XSZ", "IN")
    broker.login_file("gate-1").rename(tmp_path / "broker.toml")
    plan = config(tmp_path, identity.facts.device, "IN", over(broker.address))
    assert isinstance(plan, Plan), plan
    uplink = uplink_of(plan, lambda: 0.0, lambda: 99, "test 1")
    assert uplink is not None
    runner = Runner(plan, town.clock, 7, uplink, uplink_s=0.05)
    with at_broker(town, broker):
        assert runner.start() is None
        eventually(lambda: not runner.board.view("IN").offline, "the city")
        assert runner.present("IN", b"no ride code") is not None
        eventually(lambda: town.taps() == [("IN", 1)], "the first tap")
        broker.kill()
        assert runner.present("IN", b"none either") is not None
        eventually(lambda: runner.board.view("IN").offline, "silence")
        assert len(unsent(runner)) == 1, "kept, with nobody to take it"
        broker.start()

        def arrived() -> bool:
            town.clock.now_s += 30  # the wait between two tries passes
            return town.taps() == [("IN", 1), ("IN", 2)]

        eventually(arrived, "the second tap")
        eventually(lambda: unsent(runner) == [], "its receipt")
        runner.stop()
    uplink.close()


@pytest.mark.parametrize(
    ("uplink", "code"),
    [
        ('[uplink]\naddress = "mqtt://b.example/500000"', "BROKER_ADDRESS"),
        ('[uplink]\naddress = "elsewhere"', "UPLINK_ADDRESS"),
        ('[uplink]\nlogin = "none.toml"', "BROKER_LOGIN_FILE"),
        ('[uplink]\nuser = "gate-1"', "GATE_CONFIG_UNKNOWN"),
    ],
)
def test_a_wrong_way_is_told_before_the_gate_runs(
    town: Town, tmp_path: Path, uplink: str, code: str
) -> None:
    identity = town.enrolled(tmp_path / "device", "XSZ", "IN")
    refusal = must_refuse(config(tmp_path, identity.facts.device, "IN", uplink))
    assert refusal.code == code
    assert "gate.toml:" in refusal.where


def test_a_device_enrols_over_tls_and_goes_on_there(
    town: Town,
    cli: Callable[..., Any],
    certificate: Tls,
    tmp_path: Path,
) -> None:
    code, own = town.invited("XSZ", "IN").code, tmp_path / "device"
    with open_broker(tmp_path / "tls", tls=certificate) as broker, at_broker(town, broker):
        file = str(broker.login_file("gate-1"))
        where = ("--at", broker.address, "--city-key", CITY_KEY.public_bytes().hex())
        there = ("enrol", code, *where, "--keep", str(own))
        assert cli(*there, "--login", file) == "UPLINK_TLS"
        ca = ("--ca", str(certificate.certificate))
        wrong = broker.login_file("gate-2")
        wrong.write_text('user = "gate-2"\npassword = "guessed"\n')
        assert cli(*there, *ca, "--login", str(wrong)) == "BROKER_LOGIN"
        assert cli(*there, *ca, "--login", str(own / "none")) == "BROKER_LOGIN_FILE"
        assert cli(*there, *ca, "--login", file)["device"] == "XSZ.1"
        assert must(load_identity(own)).facts.address == broker.address
        plain = line_to(f"mqtt://127.0.0.1:{broker.port}/{CITY}")
        assert isinstance(plain, MqttLine)
        assert code_of(plain.post(BATCHES, b"").refusal) == "UPLINK_AWAY"


def test_a_certificate_stands_in_the_place_of_a_password(
    town: Town,
    certificate: Tls,
    tmp_path: Path,
) -> None:
    """The certificate's common name is the name at the broker."""
    asks = f"cafile {certificate.certificate}\nrequire_certificate true\n"
    more = asks + "use_identity_as_username true\n"
    with open_broker(tmp_path / "tls", more, certificate) as broker:
        ca = certificate.certificate
        nobody = MqttLine(broker.parsed(), Login(user="devices"), ca)
        assert code_of(nobody.post(BATCHES, b"").refusal) in ("UPLINK_AWAY", "UPLINK_TLS")
        (broker.folder / "login.toml").write_text(
            f'user = "devices"\ncertificate = "{ca}"\nkey = "{certificate.key}"\n'
        )
        certificate.key.chmod(0o600)
        proven = MqttLine(broker.parsed(), must(read_login(broker.folder / "login.toml")), ca)
        told = proven.post(BATCHES, b"")
        assert told.refusal is not None
        assert told.refusal.values["detail"] == "PUBACK 0x10", "let in, and nobody listens"
        proven.close()


def test_the_command_serves_a_city_at_a_broker(
    town: Town,
    cli: Callable[..., Any],
    broker: Broker,
    tmp_path: Path,
) -> None:
    assert cli("serve", "--mqtt", "mqtt://b.example") == "BROKER_ADDRESS"
    assert cli("serve", "--mqtt", f"mqtt://127.0.0.1:{broker.port}/110000") == "BROKER_ADDRESS"
    assert cli("serve", "--mqtt", broker.address, "--mqtt-login", "none") == "BROKER_LOGIN_FILE"
    word, keys = "correct horse battery", tmp_path / "keys"
    (keys / CITY).mkdir(parents=True)
    secret = sha256(b"city").digest()
    sealed = must(seal_message_key(secret, word, lambda size: bytes(size), log2_cost=10))
    (keys / CITY / "messages.key").write_bytes(sealed)
    (tmp_path / "word").write_text(word)
    environment = os.environ | {
        "TONGXING_KEYS": str(keys),
        "TONGXING_KEYS_PASSPHRASE_FILE": str(tmp_path / "word"),
        "TONGXING_MQTT_LOGIN": str(broker.login_file("city")),
        "PYTHONUNBUFFERED": "1",
    }
    words = ["fleet", "serve", "--city", CITY, "--dsn", town.database.dsn, "--lang", "zh"]
    command = [sys.executable, "-m", "tongxing", *words, "--mqtt", broker.address]
    told = tmp_path / "told"
    with (
        told.open("wb") as file,
        subprocess.Popen(command, env=environment, stdout=file, stderr=file) as serving,
    ):
        there = f"已连上消息代理：127.0.0.1:{broker.port}\n"
        try:
            says(told, there)
            says(told, f"城市公钥：{CITY_KEY.public_bytes().hex()}")
            line = broker.line()
            assert code_of(line.post(BATCHES, b"x").refusal) == "MESSAGE_MALFORMED"
            broker.kill()
            says(told, "连不上消息代理", "；会自动重连")
            broker.start()
            says(told, there, "；会自动重连", there)
            assert code_of(line.post(BATCHES, b"x").refusal) == "MESSAGE_MALFORMED"
            line.close()
        finally:
            serving.terminate()


def says(told: Path, *words: str) -> None:
    """Wait until a program has said these, one after the other."""

    def said() -> bool:
        rest = told.read_text(encoding="utf-8")
        for word in words:
            _, found, rest = rest.partition(word)
            if not found:
                return False
        return True

    eventually(said, f"{words} in {told}")


def over(address: str) -> str:
    """The table of a gate's configuration that takes it over a broker."""
    return f'[uplink]\naddress = "{address}"\nlogin = "broker.toml"'


def unsent(runner: Runner) -> list[Any]:
    """Taps without a receipt."""
    return list(runner.ask(lambda _site: runner.unsent(10)))


def must_refuse(found: object) -> Refusal:
    """The refusal that it is."""
    assert isinstance(found, Refusal), found
    return found
