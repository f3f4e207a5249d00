"""`tongxing exchange send`: a city's record files to its hub, and the verdicts into its books."""

import time
from pathlib import Path

from tongxing.cli.exchange.dealing import dealings_of, over_the_line, tell
from tongxing.cli.shell import command as make_command
from tongxing.kernel.reasons import Refusal


@make_command()
@over_the_line
def command(
    city: str | None, url: str, hub_key: str, key_id: str, certificates: Path | None, tries: int
) -> int:
    with dealings_of(city, url, hub_key, key_id, certificates, tries) as (dealings, _):
        dealt = dealings.send(int(time.time()))
        if not dealt.sent and not dealt.troubles():
            # with nothing to send nobody was asked: a wrong key or a hub that is away would pass
            for member, found in dealings.behind().items():
                if isinstance(found, Refusal):
                    dealt.refuse(member, found)
        return tell(dealt)
