"""`tongxing fleet register`: the register of displays of all stations of a city, until Ctrl-C."""

import time

import click

from tongxing.cli.arguments import Whole
from tongxing.cli.common import Words, note, say
from tongxing.cli.fleet.offices import fleet_desk, message_key
from tongxing.cli.fleet.serve import not_bound
from tongxing.cli.shell import command as make_command
from tongxing.gate.sharing import RegisterServer
from tongxing.messages import KeyRing

WORDS = Words("fleet")
LOOPBACK = "127.0.0.1"
LOOK_S = 20.0
"""A device that has enrolled or was revoked is seen here after so long."""


@make_command()
@click.option("--city", "city", metavar="CITY")
@click.option("--host", "host", metavar="ADDRESS", default=LOOPBACK, show_default=True)
@click.option("--port", "port", type=Whole(0, 65_535), default=0, metavar="PORT")
def command(city: str | None, host: str, port: int) -> None:
    with fleet_desk(city) as (desk, office):
        key, known = message_key(office.code), KeyRing(desk.public_keys())
        try:
            server = RegisterServer((host, port), key, known, lambda: int(time.time()))
        except OSError as error:
            raise not_bound(error, host, port) from error
        address = "{}:{}".format(*server.address)
        say(WORDS("register.address", address=address))
        say(
            WORDS(
                "register.line", line=f'city = {{ address = "{address}", name = "{key.sender}" }}'
            )
        )
        say(WORDS("register.keys", keys=f'{{"{key.sender}": "{key.public_bytes().hex()}"}}'))
        note(WORDS("serve.how_to_stop"))
        try:
            while True:
                time.sleep(LOOK_S)
                server.believe(KeyRing(desk.public_keys()))
        except KeyboardInterrupt as stopped:
            if type(stopped) is not KeyboardInterrupt:
                raise
        finally:
            server.close()
    note(WORDS("register.stopped", count=sum(server.dropped.counts.values())))
