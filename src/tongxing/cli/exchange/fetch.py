"""`tongxing exchange fetch`: what the hub handed out, into a city's books."""

import time
from pathlib import Path

from tongxing.cli.exchange.dealing import dealings_of, over_the_line, tell
from tongxing.cli.shell import command as make_command


@make_command()
@over_the_line
def command(
    city: str | None, url: str, hub_key: str, key_id: str, certificates: Path | None, tries: int
) -> int:
    with dealings_of(city, url, hub_key, key_id, certificates, tries) as (dealings, _):
        return tell(dealings.fetch(int(time.time())))
