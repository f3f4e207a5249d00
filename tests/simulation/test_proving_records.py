"""`tongxing prove record` and `prove chain`: made from the books of a run, checked without them."""

import json
from pathlib import Path

import pytest
from sim_world import run as run_plan

from tongxing.cli import run
from tongxing.storage import Database


@pytest.fixture(scope="module")
def home(lasting_houses: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of a few passengers: the papers, and a proof of one accepted record per window."""
    database, folder = lasting_houses, tmp_path_factory.mktemp("proven")
    assert run_plan(database, folder, passengers=12, days=3).checks.sound
    with database.connect("hub") as connection:
        rows = connection.execute(
            "SELECT DISTINCT ON (window_id) window_id, record_id FROM record"
            " WHERE status = 'accepted' ORDER BY window_id, record_id"
        ).fetchall()
    assert len(rows) >= 2
    for window_id, record_id in rows:
        out = ["--out", str(folder / f"{window_id}.tlog-proof")]
        assert run(["prove", "record", record_id, "--dsn", database.dsn, *out]) == 0
        (folder / f"{window_id}.record").write_text(record_id, encoding="utf-8")
    return folder


def windows(home: Path) -> list[str]:
    return sorted(path.stem for path in home.glob("*.record"))


def offline(home: Path, window: str, record: str | None = None, *more: str) -> list[str]:
    """A command line that knows no database: the proof of a window's record."""
    name = record or (home / f"{window}.record").read_text(encoding="utf-8")
    proof = str(home / f"{window}.tlog-proof")
    return ["prove", "record", name, "--home", str(home), "--proof", proof, *more]


def checkpoint(home: Path, window: str) -> str:
    return str(home / "statements" / window / "checkpoint.txt")


def test_a_record_is_proven_with_the_published_checkpoint_only(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In another home, with a key that came as a line."""
    window = windows(home)[0]
    key = (home / "statements" / "hub.vkey").read_text(encoding="ascii").strip()
    line = offline(home, window, None, "--checkpoint", checkpoint(home, window), "--key", key)
    line[line.index("--home") + 1] = str(tmp_path)
    assert run([*line, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["proven"] and found["published_checkpoint"]
    assert (found["window_id"], found["entry"]["verdict"]["status"]) == (window, "accepted")
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize(
    ("language", "proven", "not_proven", "own"),
    [
        ("en", "Proven: HUB signed", "Not proven: that the ride took place", "inside the proof"),
        ("zh", "已证明：HUB 签名确认", "未证明：行程确实发生", "证明自带的检查点"),
    ],
)
def test_it_says_what_is_proven_and_what_not(
    home: Path,
    language: str,
    proven: str,
    not_proven: str,
    own: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run([*offline(home, windows(home)[0]), "--lang", language]) == 0
    shown = capsys.readouterr().out
    assert proven in shown and not_proven in shown and own in shown
    assert "cardholder" not in shown, "who bears it is told in words"


def test_another_record_window_key_or_a_changed_proof_is_refused(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, *_ = windows(home)
    foreign = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    broken = tmp_path / "broken"
    proof = (home / f"{first}.tlog-proof").read_bytes()
    broken.write_bytes(proof.replace(b"\nindex ", b"\nindex 1"))
    cut = tmp_path / "cut"
    cut.write_bytes(proof[: len(proof) // 3])
    name = (home / f"{first}.record").read_text(encoding="utf-8")
    for line, code, said in (
        (offline(home, first, "nobody.1"), 5, "PROOF_OTHER_RECORD"),
        (offline(home, first, None, "--checkpoint", checkpoint(home, second)), 5, "OTHER_WINDOW"),
        (offline(home, first, None, "--key", foreign), 5, "NOTE_FOREIGN"),
        (offline(home, first, None, "--key", "no key"), 4, "VERIFIER_MALFORMED"),
        (["prove", "record", name, "--home", str(home), "--proof", str(broken)], 5, "PROOF_WRONG"),
        (["prove", "record", name, "--home", str(home), "--proof", str(cut)], 4, "MALFORMED"),
        (["prove", "record", name, "--home", str(tmp_path / "none")], 4, "NOTHING_TO_PROVE"),
        (["prove", "record", name, "--key", foreign], 2, "--proof"),
        (offline(home, first, None, "--out", "x"), 2, "--out"),
    ):
        assert run(line) == code, said
        told = capsys.readouterr().err
        assert said in told and told.count("\n") == 1


def test_of_proof_checkpoint_and_key_the_bad_one_is_named(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = windows(home)[0]
    kept, key = tmp_path / "kept.txt", tmp_path / "hub.vkey"
    kept.write_bytes(Path(checkpoint(home, first)).read_bytes().replace(b"\nfiles ", b"\nfiles 1"))
    key.write_text("no key", encoding="ascii")
    for line, said in (
        (offline(home, first, None, "--checkpoint", str(kept)), f"does not hold ({kept})"),
        (offline(home, first, None, "--key", str(key)), f"({key})"),
        (offline(home, first, None, "--key", "no key"), "(--key)"),
        (offline(home, first, "nobody.1"), f"({home / first}.tlog-proof)"),
    ):
        assert run([*line, "--lang", "en"]) in (4, 5)
        assert said in capsys.readouterr().err


def test_without_a_key_nothing_is_believed(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = offline(home, windows(home)[0])
    line[line.index("--home") + 1] = str(tmp_path)
    assert run(line) == 2
    assert "VERIFIER_MISSING" in capsys.readouterr().err


def test_the_chain_of_a_run_holds_and_a_gap_is_seen(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = sorted(str(path) for path in home.glob("statements/*/checkpoint.txt"))
    where = ["--home", str(home)]
    assert run(["prove", "chain", *reversed(files), *where]) == 0
    assert "begins with the hub's first checkpoint" in capsys.readouterr().out
    assert run(["prove", "chain", *files[1:], *where, "--lang", "zh"]) == 0
    assert "这条链从中间开始" in capsys.readouterr().out
    assert run(["prove", "chain", *files, *where, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["links"]) == len(files) >= 3
    assert run(["prove", "chain", files[0], files[2], *where]) == 5
    assert "CHAIN_GAP" in capsys.readouterr().err
