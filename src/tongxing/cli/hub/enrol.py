"""`tongxing hub enrol`: takes in the members that ``hub.toml`` names; makes books that are new."""

from tongxing.cli.arguments import moment
from tongxing.cli.common import Words, emit_json, say, settings
from tongxing.cli.hub.opened import hub_folder, hub_key, hub_store, members_named
from tongxing.cli.shell import command as make_command
from tongxing.hub import Hub, NetworkGround, load_rulebook
from tongxing.hub.running import Folders
from tongxing.kernel.reasons import Problem
from tongxing.messages import KeyRing
from tongxing.network import load_registry

WORDS = Words("hub")


@make_command()
def command() -> None:
    members, key = members_named(), hub_key()
    with hub_store(new=True) as store:
        hub = Hub(store, key, KeyRing({}), load_rulebook(), NetworkGround(load_registry()))
        refusal = hub.enrol(members, moment(None, ""))
        if refusal is not None:
            raise Problem(refusal.code, refusal.where, **refusal.values)
        Folders(hub_folder()).prepare()
    if settings().json:
        emit_json({"members": [member.member_id for member in members]})
        return
    for member in members:
        say(f"{member.member_id}  {member.name(settings().language)}")
    say(WORDS("enrol.folders", folder=hub_folder()))
