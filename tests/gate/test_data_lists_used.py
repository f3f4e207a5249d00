"""What each list changes at a gate: whose codes and cards it believes, what it asks, old media."""

from pathlib import Path

import msgspec
from gate_world import CITY_KEYS, Station, code_of
from lists_world import (
    BEIJING,
    CHONGQING,
    EIGHT,
    bring,
    bundled_of,
    entry,
    listed,
    policy,
    sealed,
)
from media_world import CODE, MEDIA, open_world
from msgspec.structs import replace

from deciding_world import CARD
from tongxing.deciding.facts import EntryAtGate
from tongxing.entry import Policy
from tongxing.gate.data_lists import DataLists, Ground, ReadyList, read_list
from tongxing.gate.running.condition import NobodyAnswers
from tongxing.kernel.reasons import Refusal
from tongxing.messages.lists import DataName
from tongxing.published import bundled, read_content

HOUR = 3_600


def test_the_terms_of_old_media_change_with_their_list(tmp_path: Path) -> None:
    site, content = Station(tmp_path).site, bundled_of(CHONGQING, "legacy")
    old = replace(CARD, trust="legacy_untrusted")
    assert site.present(old, "IN", EIGHT)[0].opened
    over = content.replace(
        b"[refused]",
        b'[[terms]]\nscheme = "local:500000"\ncity = "500000"\nfrom = 2026-01-01\n'
        b'accepted_until = 2026-03-16\nsource = "our_choice"\ncertain = true\n\n[refused]',
        1,
    )
    assert bring(site, sealed(listed("legacy", 1, over)), "legacy") == ""
    other = replace(old, medium_no="4000000000000033")
    decision, _ = site.present(other, "IN", EIGHT + 60)
    assert (decision.opened, decision.reason) == (False, "LEGACY_SUPPORT_ENDED")


RAIL = 'modes = ["rail"]\nwithout_lines'
SHUT = 'modes = ["rail"]\nvalid_until = "2026-03-16"\nwithout_lines'


def registry(*changes: tuple[str, str]) -> bytes:
    """The registry with some text of its files changed."""
    files = msgspec.json.decode(bundled_of(CHONGQING, "registry"))["files"]
    for old, new in changes:
        assert any(old in text for text in files.values()), old
        files = {name: text.replace(old, new) for name, text in files.items()}
    return msgspec.json.encode({"files": files})


def test_what_is_accepted_here_changes_with_its_list_and_never_goes_back(tmp_path: Path) -> None:
    """A scheme leaves the metro with version 2 and comes back with version 3, at its time."""
    station = Station(tmp_path)

    def reason(now_s: int) -> str:
        card = replace(CARD, medium_no=f"40000000000{now_s % 100_000:05d}")
        return station.site.present(card, "IN", now_s)[0].reason

    def told(version: int, content: bytes, begins_s: int = EIGHT) -> str:
        message = sealed(listed("registry", version, content, begins_s=begins_s))
        return bring(station.site, message, "registry")

    as_ever, ended = registry(), registry((RAIL, SHUT))
    assert (told(1, as_ever), reason(EIGHT)) == ("", "OPEN")
    assert (told(2, ended), reason(EIGHT + 60)) == ("", "PLACE_LEFT")
    assert told(1, as_ever) == "LIST_ROLLBACK"
    assert told(3, as_ever, EIGHT + HOUR) == ""
    station.restart()
    assert [reason(EIGHT + late_s) for late_s in (120, HOUR + 60)] == ["PLACE_LEFT", "OPEN"]
    for unfit in (
        b"{}",
        msgspec.json.encode({"files": {}}),
        registry(("whole", "half")),
        registry(("place,", "placed,")),
        registry(('kind = "local"', "kind = 1")),
        registry(("[t_union]", "[")),
    ):
        assert told(4, unfit) == "LIST_UNFIT", unfit[:60]


def trust_content(root: bytes, *issuers: str) -> bytes:
    """Whose codes are believed."""
    known = {**dict.fromkeys(issuers, ("local:500000", CHONGQING)), **MEDIA.code_issuers}
    owners = {one: {"scheme": known[one][0], "city": known[one][1]} for one in issuers}
    index = str(next(iter(MEDIA.trust.roots)))
    return msgspec.json.encode({"roots": {index: root.hex()}, "issuers": owners})


def test_a_root_or_an_issuer_that_is_withdrawn_opens_no_gate_from_then_on(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    (root,) = MEDIA.trust.roots.values()
    other = bytes.fromhex("0209F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020")

    def shown(number: int) -> str:
        phone = MEDIA.phone(replace(CODE, medium_no=f"Q50001{number:011}"))
        return world.site.present_code(phone.show(EIGHT), "in", EIGHT).reason

    def told(version: int, content: bytes) -> str:
        message = sealed(listed("code_roots", version, content))
        return bring(world.site, message, "code_roots")

    assert shown(1) == "OPEN"
    assert told(1, trust_content(root, *MEDIA.code_issuers)) == ""
    assert shown(2) == "OPEN"
    assert told(2, trust_content(root, "99999999")) == ""
    assert shown(3) == "QR_ISSUER_UNKNOWN"
    assert told(3, trust_content(other, *MEDIA.code_issuers)) == ""
    assert shown(4) in ("QR_KEY_UNKNOWN", "QR_SIGNATURE")
    assert told(4, trust_content(root, *MEDIA.code_issuers)) == ""
    assert shown(5) == "OPEN"
    for wrong in (b"{}", trust_content(b"\x02" * 33), trust_content(root, "1234567")):
        assert told(5, wrong) == "LIST_UNFIT"
    assert shown(6) == "OPEN"


def test_the_white_list_of_card_issuers_changes_with_its_list(tmp_path: Path) -> None:
    site = open_world(tmp_path).site
    message = sealed(listed("card_issuers", 4, b'{"01020304": ["3104"]}'))
    assert bring(site, message, "card_issuers") == ""
    media = site.lists.at(EIGHT).media
    assert media is not None and media.card_issuers is not None
    assert media.card_issuers.version == 4
    assert media.card_issuers.find(bytes.fromhex("01020304")) is not None
    for wrong in (b"{}", b'{"0102": []}', b'{"zz": []}', b"[]"):
        assert bring(site, sealed(listed("card_issuers", 5, wrong)), "card_issuers") == "LIST_UNFIT"


def asked(policies: tuple[Policy, ...]) -> EntryAtGate | Refusal | None:
    """A gate that asks a policy by name, and knows one set of places."""
    found = next((one for one in policies if one.name == "cq_2026"), None)
    if found is None:
        return None
    if any(one.when_down == "manual" for one in found.where):
        return Refusal("GATE_CONFIG_VALUE", "entry", {"value": "key_station"})
    return EntryAtGate(found, NobodyAnswers())


def test_a_condition_of_entry_comes_changes_and_goes_with_its_list(tmp_path: Path) -> None:
    station = Station(tmp_path)
    ground = Ground(CHONGQING, station.site.lists.ground.data, asked)

    def told(version: int, content: bytes, code: str = "") -> bool:
        lists = DataLists.open(station.journal, ground)
        assert isinstance(lists, DataLists)
        held, message = lists.held("entry"), sealed(listed("entry", version, content))
        ready = read_list(message, CITY_KEYS, "entry", held, ground, EIGHT)
        assert code_of(ready) == code
        if isinstance(ready, ReadyList):
            assert lists.take(ready, EIGHT) is None
        return lists.at(EIGHT).entry is not None

    assert told(1, entry()) is False
    assert told(2, entry(policy()))
    assert told(3, entry(policy(when_down='"manual"')), "LIST_UNFIT")
    assert told(3, entry(policy(stations='["nowhere"]')), "LIST_UNFIT")
    assert told(3, entry(policy(place_set='"nobody_knows"')), "LIST_UNFIT")
    assert told(3, entry(policy(), policy()), "LIST_UNFIT")
    assert told(3, b'{"policies": [1]}', "LIST_UNFIT")
    assert told(3, bundled_of(BEIJING), "LIST_UNFIT")
    assert told(3, entry()) is False


def test_the_software_s_own_contents_can_all_be_published() -> None:
    for city in (CHONGQING, BEIJING):
        names: list[DataName] = ["tariff", "entry", "legacy", "registry"]
        for name in names:
            content = bundled(name, city)
            assert content is not None
            assert not isinstance(read_content(name, content, city), Refusal)
        assert bundled("code_roots", city) is None
