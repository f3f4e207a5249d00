"""`tongxing fleet serve`: a city's interface for devices, over HTTPS and, where a broker is named,
over MQTT, until Ctrl-C."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tongxing.broker import NOBODY, BrokerAddress, Login, parse_address, read_login
from tongxing.cli.arguments import Whole
from tongxing.cli.cities import city_with_books
from tongxing.cli.common import Words, granted, loopback_socket, note, say, settings
from tongxing.cli.fleet.offices import message_key, signature_keys
from tongxing.cli.shell import command as make_command
from tongxing.kernel.reasons import Problem, Refusal
from tongxing.web.serving import Tls, serve

if TYPE_CHECKING:
    from tongxing.api import Interface

WORDS = Words("fleet")
LOOPBACK = "127.0.0.1"
_NOT_BOUND = {errno.EADDRINUSE: "PORT_IN_USE", errno.EACCES: "PORT_FORBIDDEN"}


@make_command()
@click.option("--city", "city", metavar="CITY")
@click.option("--host", "host", metavar="ADDRESS", default=LOOPBACK, show_default=True)
@click.option("--port", "port", type=Whole(0, 65_535), default=0, metavar="PORT")
@click.option("--cert", "certificate", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--key", "key_file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--mqtt", "mqtt", metavar="URL")
@click.option(
    "--mqtt-login",
    "mqtt_login",
    type=click.Path(path_type=Path),
    metavar="FILE",
    envvar="TONGXING_MQTT_LOGIN",
)
@click.option("--mqtt-ca", "mqtt_ca", type=click.Path(path_type=Path), metavar="FILE")
def command(
    city: str | None,
    host: str,
    port: int,
    certificate: Path | None,
    key_file: Path | None,
    mqtt: str | None,
    mqtt_login: Path | None,
    mqtt_ca: Path | None,
) -> None:
    from tongxing.api import create_device_app
    from tongxing.front.devices import device_interface

    tls = tls_of(certificate, key_file)
    if tls is None and host != LOOPBACK:
        raise Problem("TLS_NEEDED", host)
    broker = None if mqtt is None else granted(parse_address(mqtt))
    login = NOBODY if mqtt_login is None else granted(read_login(mqtt_login))
    with bound_socket(host, port) as taken, city_with_books(city) as (code, database):
        if broker is not None and broker.city not in ("", code):
            raise Problem("BROKER_ADDRESS", str(mqtt))
        key, signatures = message_key(code), signature_keys(code)

        def told(address: str) -> None:
            say(WORDS("serve.address", address=address))
            say(WORDS("key.public", key=key.public_bytes().hex()))
            note(WORDS("serve.how_to_stop"))

        with (
            device_interface(database, code, key, signatures=signatures) as interface,
            _at_broker(interface, code, broker, login, mqtt_ca),
        ):
            serve(create_device_app(interface), taken, told, tls=tls)


@contextmanager
def _at_broker(
    interface: "Interface", city: str, broker: BrokerAddress | None, login: Login, ca: Path | None
) -> Iterator[None]:
    """Answer at a broker too, where one is named; what becomes of it is told as it happens."""
    if broker is None:
        yield
        return
    from tongxing.api.over_mqtt import MqttService

    context = click.get_current_context()

    def tell(why: Refusal | None) -> None:
        with context.scope(cleanup=False):  # this is another thread; the language is the command's
            if why is None:
                note(WORDS("serve.at_broker", address=broker))
            else:
                note(WORDS("serve.no_broker", why=why.message(settings().language)))

    service = MqttService(interface, city, broker, login, ca, tell)
    service.start()
    try:
        yield
    finally:
        service.close()


def tls_of(certificate: Path | None, key_file: Path | None) -> Tls | None:
    """The files that were given, when they fit. Raises Problem(TLS_FILES, FILE_NOT_FOUND)."""
    if certificate is None and key_file is None:
        return None
    if certificate is None or key_file is None:
        raise Problem("TLS_FILES", "--cert --key")
    for file in (certificate, key_file):
        if not file.is_file():
            raise Problem("FILE_NOT_FOUND", str(file))
    tls = Tls(certificate, key_file)
    refusal = tls.objection()
    if refusal is not None:
        raise Problem(refusal.code, refusal.where, **refusal.values)
    return tls


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket at an address of this machine, not listening yet. Raises Problem: PORT_IN_USE,
    PORT_FORBIDDEN, SERVE_ADDRESS for an address that is none of this machine's."""
    if host == LOOPBACK:
        return loopback_socket(port)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise not_bound(error, host, port) from error
    return taken


def not_bound(error: OSError, host: str, port: int) -> Problem:
    """Why nothing can listen there: somebody has the port, it may not be taken, or the address is
    none of this machine's."""
    code = _NOT_BOUND.get(error.errno or 0, "SERVE_ADDRESS")
    return Problem(code, f"{host}:{port}", host=host, port=port, option="--port")
