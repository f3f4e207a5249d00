"""`tongxing fleet serve`: a city's interface for devices, over HTTPS, until Ctrl-C."""

import socket
from pathlib import Path

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.cities import city_with_books
from tongxing.cli.common import Words, loopback_socket, note, say
from tongxing.cli.fleet.offices import message_key
from tongxing.cli.shell import command as make_command
from tongxing.kernel.reasons import Problem
from tongxing.web.serving import Tls, serve

WORDS = Words("fleet")
LOOPBACK = "127.0.0.1"


@make_command()
@click.option("--city", "city", metavar="CITY")
@click.option("--host", "host", metavar="ADDRESS", default=LOOPBACK, show_default=True)
@click.option("--port", "port", type=Whole(0, 65_535), default=0, metavar="PORT")
@click.option("--cert", "certificate", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--key", "key_file", type=click.Path(path_type=Path), metavar="FILE")
def command(
    city: str | None, host: str, port: int, certificate: Path | None, key_file: Path | None
) -> None:
    from tongxing.front.devices import device_site

    tls = _tls(certificate, key_file)
    if tls is None and host != LOOPBACK:
        raise Problem("TLS_NEEDED", host)
    with _socket(host, port) as taken, city_with_books(city) as (code, database):
        key = message_key(code)

        def told(address: str) -> None:
            say(WORDS("serve.address", address=address))
            say(WORDS("key.public", key=key.public_bytes().hex()))
            note(WORDS("serve.how_to_stop"))

        with device_site(database, code, key) as app:
            serve(app, taken, told, tls=tls)


def _tls(certificate: Path | None, key_file: Path | None) -> Tls | None:
    """The files that were given, when they fit. Raises Problem(TLS_FILES)."""
    if certificate is None and key_file is None:
        return None
    if certificate is None or key_file is None:
        raise Problem("TLS_FILES", "--cert --key", detail="--cert + --key")
    tls = Tls(certificate, key_file)
    refusal = tls.objection()
    if refusal is not None:
        raise Problem(refusal.code, refusal.where, **refusal.values)
    return tls


def _socket(host: str, port: int) -> socket.socket:
    if host == LOOPBACK:
        return loopback_socket(port)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise Problem("PORT_IN_USE", f"{host}:{port}", port=port, option="--port") from error
    return taken
