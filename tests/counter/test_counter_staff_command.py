"""`tongxing staff`: taking somebody on, the list, and leaving; the secret is never an argument."""

import json
from pathlib import Path
from typing import Any

import pytest
from staff_world import CHONGQING, World

from tongxing.city.staffing import StaffSignedIn
from tongxing.cli.app import run
from tongxing.kernel.reasons import Refusal
from tongxing.storage import Database


def told(capsys: Any, database: Database, *words: str) -> tuple[int, str]:
    """A command's exit code and what it printed."""
    code = run(["staff", *words, "--dsn", database.dsn, "--lang", "en", "--json"])
    found = capsys.readouterr()
    return code, found.out or found.err


def test_somebody_is_taken_on_listed_and_leaves(
    world: World, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("another long secret\n", encoding="utf-8")
    words = ["add", "desk-9", "--name", "Li", "--role", "desk", "--place", "North branch"]
    words += ["--city", CHONGQING, "--secret-file", str(secret)]
    code, text = told(capsys, database, *words)
    assert code == 0, text
    expected = {"staff": "desk-9", "name": "Li", "roles": ["desk"], "place": "North branch"}
    assert json.loads(text) == expected | {"left": False} and "another" not in text
    desk = world.desks.staff
    signed_in = desk.sign_in("desk-9", "another long secret", world.now_s)
    assert isinstance(signed_in, StaffSignedIn)
    code, text = told(capsys, database, *words)
    assert code != 0 and "STAFF_ID_TAKEN" in text
    code, text = told(capsys, database, "list", "--city", CHONGQING)
    assert code == 0 and "desk-9" in [one["staff"] for one in json.loads(text)]
    code, text = told(capsys, database, "end", "desk-9", "--city", CHONGQING)
    assert code == 0 and json.loads(text)["left"] is True
    assert desk.staff_of(signed_in.token, world.now_s) is None
    assert isinstance(desk.sign_in("desk-9", "another long secret", world.now_s), Refusal)
    code, text = told(capsys, database, "end", "nobody", "--city", CHONGQING)
    assert code != 0 and "STAFF_UNKNOWN" in text


def test_a_short_secret_and_a_missing_file(
    world: World, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = tmp_path / "secret"
    short.write_text("short", encoding="utf-8")
    words = ["add", "desk-9", "--name", "Li", "--role", "desk", "--city", CHONGQING]
    code, text = told(capsys, database, *words, "--secret-file", str(short))
    assert code == 2 and "STAFF_SECRET_SHORT" in text
    code, text = told(capsys, database, *words, "--secret-file", str(tmp_path / "none"))
    assert code != 0 and "Traceback" not in text
    code, text = told(capsys, database, *words)
    assert code == 2 and "STAFF_SECRET_SHORT" in text, "nobody can type it here"
    assert "desk-9" not in [one.staff_id for one in world.desks.staff.everybody()]
