"""`tongxing exchange` as a person uses it: layouts, show, check, write."""

import json
import stat
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest
from exchange_world import (
    CL_FIXED,
    DAY,
    KEY,
    UC,
    book,
    golden,
    record,
    whole,
)
from test_exchange_lines import FIRST, SECOND, again

from tongxing.cli import run
from tongxing.exchange.layouts import CODES
from tongxing.messages import DenyEntry, DenyList, Statement, StatementLine, Verdict, VerdictFile

Say = Callable[..., tuple[int, str, str]]
UNVERIFIED = "were not compared with the standard"
PROFILE = """
[institutions]
"ISS-110000" = "01100000001"
"ACQ-500000" = "05000000002"
HUB = "00000000001"
[stated]
test_flag = "0"
test_income = "0"
test_pay = "0"
[error_codes]
"0000" = "000000"
[file_codes]
OK = "000000"
[signs]
plus = "+"
minus = "-"
"""


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Say:
    """Run a command line in an empty folder: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TONGXING_LANG", "en")

    def say(*words: str) -> tuple[int, str, str]:
        code = run(["exchange", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return say


def put(name: str, content: bytes | str, mode: int = 0o644) -> str:
    path = Path(name)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return name


def jsonl(*messages: msgspec.Struct) -> bytes:
    return b"".join(msgspec.json.encode(message) + b"\n" for message in messages)


def test_layouts_lists_every_kind_with_its_certainty(call: Say) -> None:
    code, out, _ = call("layouts")
    assert code == 0 and UNVERIFIED in out and "325 / 335" in out
    assert all(f" {kind} " in out for kind in CODES)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", CODES)
def test_layouts_shows_every_field_of_a_kind(call: Say, kind: str, language: str) -> None:
    code, out, _ = call("layouts", kind.lower(), "--lang", language)
    fields = next(one.field for one in book().layouts if one.code == kind)
    assert code == 0 and all(f" {one.name} " in out for one in fields)
    assert ("未与标准原文核对" if language == "zh" else UNVERIFIED) in out
    assert ("template" in out) == (kind == "UPLOAD" and language == "en")


def test_layouts_as_json_say_that_they_are_unverified(call: Say) -> None:
    _, out, _ = call("layouts", "CL", "--json")
    told = json.loads(out)
    assert told["unverified"] is True
    assert told["layouts"][0]["field"][25]["certainty"] == "L"


def test_layouts_of_an_unknown_kind(call: Say) -> None:
    code, _, err = call("layouts", "ZZ")
    assert code == 4 and "EXCHANGE_CODE" in err


def test_check_says_what_is_sound_and_what_is_doubtful(call: Say) -> None:
    code, out, _ = call("check", put("CL20260318.txt", golden("CL", 2)))
    assert code == 0 and UNVERIFIED in out
    assert "9.00 yuan" in out and "Lines that are sound: 2; that are not: 0" in out
    assert "In doubt (2 times, first at CL20260318.txt:3:183)" in out


def test_check_of_a_file_with_a_bad_line_ends_with_1_and_names_it(call: Say) -> None:
    bad = CL_FIXED[:147] + b"4.5" + CL_FIXED[150:]
    name = put("CL.txt", whole(325, CL_FIXED, bad))
    code, out, _ = call("check", name)
    assert code == 1 and "CL.txt:4:148" in out and "Lines that are sound: 1; that are not: 1" in out
    code, out, _ = call("check", name, "--json")
    told = json.loads(out)
    assert code == 1 and (told["sound"], told["bad"], told["unverified"]) == (1, 1, True)
    assert told["faults"][0]["code"] == "FIELD_AMOUNT"


def test_check_of_a_broken_file_takes_nothing(call: Say) -> None:
    code, out, err = call("check", put("UC.txt", golden("UC")[:-2]))
    assert (code, out) == (4, "") and "error FILE_TRUNCATED" in err and "UC.txt:3" in err
    assert call("check", put("x.txt", golden("UC")), "--kind", "uc")[0] == 0
    assert call("check", "absent.txt")[0] == 4


def test_check_with_a_variant_of_ones_own_choosing(call: Say) -> None:
    name = put("CL.txt", whole(335, CL_FIXED + b"9F2614" + b"AB" * 20))
    assert "check again with --variant reserved_18" in call("check", name)[1]
    code, out, _ = call("check", name, "--variant", "reserved_18")
    assert code == 0 and "variant chosen is reserved_18" in out


def test_show_masks_cards_and_marks_half_a_character(call: Say) -> None:
    code, out, _ = call("show", put("CL.txt", golden("CL")))
    assert code == 0 and UNVERIFIED in out
    assert "310477*********0017" in out and "3104770000000000017" not in out
    assert "灰\N{REPLACEMENT CHARACTER}" in out and "tag 9F26: A1B2C3D4E5F60718" in out


def test_show_of_one_line_of_no_line_and_of_more_than_are_shown(call: Say) -> None:
    name = put("UC.txt", whole(31, *[UC] * 5))
    assert "Shown: 3 of 5" in call("show", name)[1]
    assert "Line 5" in call("show", name, "--line", "5")[1]
    assert "The file has no record" in call("show", put("UC0.txt", whole(31)))[1]


@pytest.mark.parametrize("kind", CODES)
def test_what_show_prints_writes_the_same_bytes(call: Say, kind: str) -> None:
    name = put(f"{kind}.txt", golden(kind, 2))
    _, out, _ = call("show", name, "--json", "--kind", kind)
    put("shown.jsonl", out)
    variant = json.loads(out.splitlines()[0])["variant"]
    assert json.loads(out.splitlines()[0])["unverified"] is True
    code, told, _ = call("write", kind, "--from", "shown.jsonl", "--out", "again.txt")
    assert code == 0 and UNVERIFIED in told and variant
    assert Path("again.txt").read_bytes() == golden(kind, 2)
    assert stat.S_IMODE(Path("again.txt").stat().st_mode) == 0o600


def test_write_refuses_json_of_another_kind_and_spoiled_json(call: Say) -> None:
    _, out, _ = call("show", put("UC.txt", golden("UC")), "--json")
    shown = put("shown.jsonl", out)
    code, _, err = call("write", "DC", "--from", shown, "--out", "x")
    assert code == 4 and "EXCHANGE_JSON" in err
    put("spoiled.jsonl", out.replace("01100000001", "0110000000012"))
    code, _, err = call("write", "UC", "--from", "spoiled.jsonl", "--out", "x")
    assert code == 4 and "EXCHANGE_DOES_NOT_FIT" in err and not Path("x").exists()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"layout_from": "2015-07-15"', '"layout_from": "2015-07-32"', "EXCHANGE_JSON"),
        ('"variant": "plain"', '"variant": "other"', "EXCHANGE_VARIANT"),
        ('"date": "20260318", ', "", "EXCHANGE_JSON"),
        ('"count": 1', '"count": 2', "FILE_COUNT"),
        ('"line_end": "\\n"', '"line_end": ""', "EXCHANGE_JSON"),
        ('"end": "\\n"', '"end": "x"', "EXCHANGE_JSON"),
        ('{"end"', '["end"', "EXCHANGE_JSON"),
    ],
)
def test_a_shown_file_that_was_changed_by_hand_is_held_to_its_form(
    call: Say, old: str, new: str, expected: str
) -> None:
    _, out, _ = call("show", put("UC.txt", golden("UC")), "--json")
    assert old in out
    put("shown.jsonl", out.replace(old, new, 1))
    code, _, err = call("write", "UC", "--from", "shown.jsonl", "--out", "x")
    assert code in (2, 4) and expected in err and not Path("x").exists()


def test_write_from_our_records_lists_what_has_no_source(call: Say) -> None:
    put("records.jsonl", jsonl(record("t1"), record("t2", medium_kind="code")))
    put("p.toml", PROFILE)
    words = ("--from", "records.jsonl", "--to", "01100000001", "--date", DAY.isoformat(),
             "--profile", "p.toml", "--variant", "reserved_18")  # fmt: skip
    code, out, _ = call("write", "CL", *words, "--out", "CL.txt", "--number", "7")
    assert code == 0 and "1 records written" in out and "Left out: 1" in out
    assert "no source: fee (fee, fen)" in out and "EXCHANGE_NO_CARD" in out and UNVERIFIED in out
    assert Path("CL.txt.numbers").read_text() == "7,t1.1\n"
    assert call("check", "CL.txt")[0] == 0


def test_write_never_guesses_a_variant(call: Say) -> None:
    put("records.jsonl", jsonl(record("t1")))
    code, _, err = call("write", "CL", "--from", "records.jsonl", "--out", "CL.txt")
    assert code == 2 and "EXCHANGE_VARIANT_NEEDED" in err and "reserved_28 (335)" in err


def test_write_of_nothing_is_a_refusal_and_no_file(call: Say) -> None:
    put("records.jsonl", jsonl(record("t1")))
    code, out, err = call("write", "UPLOAD", "--from", "records.jsonl", "--out", "U.txt")
    assert code == 4 and "EXCHANGE_NOTHING" in err and "EXCHANGE_VALUE_MISSING" in out
    assert not Path("U.txt").exists()


def test_verdicts_there_and_back(call: Say) -> None:
    put("records.jsonl", jsonl(record("t1")))
    verdict = Verdict(record_id="t1.1", status="accepted", code="0000")
    answer = VerdictFile(file_id="F", window_id="W20260318", file_code="OK", verdicts=[verdict])
    put("verdicts.jsonl", jsonl(answer))
    put("p.toml", PROFILE)
    words = ("--profile", "p.toml", "--verdicts", "verdicts.jsonl", "--to", "05000000002")
    assert call("write", "FB", "--from", "records.jsonl", "--out", "FB.txt", *words)[0] == 0
    _, out, _ = call("show", "FB.txt", "--ours", "--profile", "p.toml", "--numbers",
                     "FB.txt.numbers", "--json")  # fmt: skip
    (found,) = json.loads(out)["found"]
    assert msgspec.convert(found, Verdict) == verdict
    _, out, _ = call("show", "FB.txt", "--ours", "--profile", "p.toml")
    assert "EXCHANGE_NUMBER_UNKNOWN" in out and "0 read back, 1 not" in out
    assert call("write", "LD", "--from", "verdicts.jsonl", "--out", "LD.txt", *words[:2])[0] == 0
    assert "file_code OK" in call("show", "LD.txt", "--ours", "--profile", "p.toml")[1]


def test_a_statement_as_bp(call: Say) -> None:
    line = StatementLine(counterparty="ISS-1", kind="trips", count=1, amount_fen=450)
    put("s.jsonl", jsonl(Statement(
        window_id="W20260318", member="ACQ-500000", cutoff_s=1, lines=[line], net_fen=450,
        fee_income_fen=0, operator_fees=[], operator_payouts=[],
    )))  # fmt: skip
    put("p.toml", PROFILE)
    code, out, _ = call("write", "BP", "--from", "s.jsonl", "--out", "BP.txt", "--profile",
                        "p.toml", "--variant", "amount_12_sign_1", "--json")  # fmt: skip
    assert code == 0 and json.loads(out)["no_source"] == []
    assert json.loads(out)["stated"] == ["test_income", "test_pay"]


def test_a_deny_list_as_uc_and_dc(call: Say) -> None:
    entries = [DenyEntry("3104770000000000017", "DENIED"), DenyEntry("Q1", "DENIED")]
    put("deny.jsonl", jsonl(DenyList(city="110000", version=1, published_s=1, entries=entries)))
    put("p.toml", PROFILE)
    words = ("--from", "deny.jsonl", "--profile", "p.toml")
    code, out, _ = call("write", "UC", *words, "--out", "UC.txt", "--issuer", "ISS-110000")
    assert code == 0 and "Left out: 1" in out
    assert Path("UC.txt").read_bytes().splitlines()[2] == UC
    _, out, _ = call("show", "UC.txt", "--ours", "--profile", "p.toml")
    assert "310477*********0017" in out and "issuer ISS-110000" in out
    # The number tells a province, whose code nobody stated.
    assert call("write", "DC", *words, "--out", "DC.txt")[0] == 4


def test_the_registry_as_bn(call: Say) -> None:
    own = PROFILE.replace("HUB = ", '"ISS-360000" = "03600000001"\nHUB = ')
    put("p.toml", own)
    code, out, _ = call(
        "write", "BN", "--from", "registry", "--out", "BN.txt", "--profile", "p.toml"
    )
    assert code == 0 and "Left out" in out
    _, out, _ = call("show", "BN.txt", "--ours", "--profile", "p.toml")
    assert "prefix 310473  issuer ISS-360000" in out


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("CL", b"{}\n", "FILE_COLUMNS"),
        ("LD", b"{}\n", "MESSAGE_BODY"),
        ("BN", b"310473\n", "EXCHANGE_JSON"),
        ("UC", b"\xff\n", "MESSAGE_BODY"),
    ],
)
def test_write_from_what_is_no_message(call: Say, kind: str, content: bytes, code: str) -> None:
    put("what", content)
    extra = ("--variant", "reserved_18") if kind == "CL" else ()
    assert code in call("write", kind, "--from", "what", "--out", "x", *extra)[2]


def keys() -> str:
    return put("keys.toml", f'"ACQ-500000" = "{KEY.public_bytes().hex()}"\n')


def packed(call: Say, *records: msgspec.Struct) -> str:
    put("records.jsonl", jsonl(*records))
    secret = put("secret", (b"k" * 32).hex() + "\n", 0o600)
    code, out, err = call("write", "LINES", "--from", "records.jsonl", "--out", "F.gz", "--rows",
                          "records", "--member", "ACQ-500000", "--secret", secret, "--to", "HUB",
                          "--file-id", "F-1", "--at", "2026-03-18T08:00:00+08:00")  # fmt: skip
    assert code == 0, err
    assert "signed" in out
    return "F.gz"


def test_a_line_file_is_written_checked_shown_and_becomes_a_text_file(call: Say) -> None:
    name = packed(call, record("t1"), record("t2"))
    assert stat.S_IMODE(Path(name).stat().st_mode) == 0o600
    code, out, _ = call("check", name, "--keys", keys(), "--for", "HUB")
    assert code == 0 and "2 rows, the signature holds" in out and "Sum of delta_fen: 900" in out
    code, out, _ = call("show", name, "--keys", "keys.toml", "--count", "1")
    assert code == 0 and "t1.1" in out and "Shown: 1 of 2" in out
    assert "3104770000000000017" not in out
    _, out, _ = call("show", name, "--keys", "keys.toml", "--json")
    assert msgspec.json.decode(out.splitlines()[1], type=type(record())) == record("t1")
    put("p.toml", PROFILE)
    assert call("write", "CL", "--from", name, "--keys", "keys.toml", "--out", "CL.txt",
                "--profile", "p.toml", "--variant", "reserved_18")[0] == 0  # fmt: skip
    _, out, _ = call("check", name, "--keys", "keys.toml", "--json")
    assert json.loads(out)["rows"] == 2


def test_a_line_file_without_keys_for_another_or_spoiled_is_refused(call: Say) -> None:
    name = packed(call, record("t1"))
    assert "EXCHANGE_KEYS" in call("check", name)[2]
    assert "PARTICIPANT_MISMATCH" in call("check", name, "--keys", keys(), "--for", "X")[2]
    data = Path(name).read_bytes()
    put("cut.gz", data[:-1])
    assert "FILE_TRUNCATED" in call("check", "cut.gz", "--keys", "keys.toml")[2]
    put("flip.gz", data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    code, _, err = call("show", "flip.gz", "--keys", "keys.toml")
    assert code == 4 and "FILE_SIGNATURE" in err
    words = ("--rows", "deny", "--member", "ACQ-500000", "--secret", "secret", "--to", "HUB",
             "--file-id", "F", "--keys", "keys.toml", "--out", "x")  # fmt: skip
    assert "EXCHANGE_OTHER_ROWS" in call("write", "LINES", "--from", name, *words)[2]


def test_a_bad_row_in_a_line_file_ends_check_with_1(call: Say) -> None:
    put("bad.gz", again([FIRST, SECOND.replace(b'"bus"', b"7")]))
    code, out, _ = call("check", "bad.gz", "--keys", keys())
    assert code == 1 and "LINES_ROW" in out and "bad.gz:2" in out


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_private_key_that_others_can_read_is_refused(call: Say, mode: int) -> None:
    put("records.jsonl", jsonl(record("t1")))
    secret = put("secret", (b"k" * 32).hex(), mode)
    words = ("--rows", "records", "--member", "ACQ-500000", "--to", "HUB", "--file-id", "F")
    _, _, err = call("write", "LINES", "--from", "records.jsonl", "--out", "F.gz", *words,
                     "--secret", secret)  # fmt: skip
    assert "EXCHANGE_SECRET" in err
    assert call("write", "LINES", "--from", "records.jsonl", "--out", "F.gz", *words)[0] == 2


@pytest.mark.parametrize("content", ["", "x = 1", '"A" = "zz"', "["])
def test_a_file_of_keys_with_a_slip_is_refused(call: Say, content: str) -> None:
    name = packed(call, record("t1"))
    code, _, err = call("check", name, "--keys", put("k.toml", content))
    assert code in (3, 4) and ("EXCHANGE_KEYS" in err or "FILE_SIGNATURE" in err)


def test_layouts_of_ones_own(call: Say, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    data = files("tongxing.exchange").joinpath("data")
    (folder / "header.toml").write_bytes(data.joinpath("header.toml").read_bytes())
    uc = data.joinpath("uc.toml").read_text(encoding="utf-8").replace("length = 20", "length = 19")
    (folder / "uc.toml").write_text(uc.replace("= 31", "= 30"), encoding="utf-8")
    name = put("UC.txt", whole(30, UC[:-1]))
    assert "EXCHANGE_RECORD_LENGTH" in call("check", name)[2]
    assert call("check", name, "--layouts", str(folder))[0] == 0
    (folder / "uc.toml").write_text("code = 1", encoding="utf-8")
    assert call("check", name, "--layouts", str(folder))[0] == 3
