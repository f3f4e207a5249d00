"""`tongxing code`: made with test keys, shown, and judged out of any form a code comes in."""

import base64
import io
import json
import os
import stat
import sys
from pathlib import Path

import pytest
from code_world import ACCOUNT, BANK, CARD, ISSUER, MADE_S, ROOT, STRANGER, made
from PIL import Image

from tongxing.cli import run
from tongxing.media.code.picture import png
from tongxing.media.crypto.providers import VARIABLE

MADE_AT = "2026-01-08T08:20:00+08:00"


@pytest.fixture
def roots(tmp_path: Path) -> str:
    path = tmp_path / "roots"
    path.write_text(ROOT.public.hex(), encoding="ascii")
    return str(path)


def written(folder: Path, content: bytes, name: str = "code") -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def judged(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, object]]:
    code = run(["code", "verify", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def as_jpeg(raw: bytes) -> bytes:
    screen = Image.new("RGB", (720, 1280), "navy")
    screen.paste(Image.open(io.BytesIO(png(raw, 400))), (150, 300))
    out = io.BytesIO()
    screen.save(out, "JPEG", quality=70)
    return out.getvalue()


FORMS = {
    "bytes": lambda raw: raw,
    "hex": lambda raw: raw.hex().encode(),
    "HEX in lines": lambda raw: raw.hex(" ", 16).upper().replace(" ", "\n").encode() + b"\n",
    "Base64": lambda raw: base64.encodebytes(raw),
    "URL-safe": lambda raw: base64.urlsafe_b64encode(raw).rstrip(b"="),
    "UTF-8": lambda raw: raw.decode("latin-1").encode(),
    "PNG": png,
    "JPEG screenshot": as_jpeg,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_code_is_judged_in_every_form_it_comes_in(
    form: str, tmp_path: Path, roots: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, FORMS[form](made()))
    code, verdict = judged(capsys, path, "--roots", roots, "--at", str(MADE_S))
    assert (code, verdict["accepted"], verdict["reason"]) == (0, True, None)
    spoilt = written(tmp_path, FORMS[form](made(phone=STRANGER.sign)))
    code, verdict = judged(capsys, spoilt, "--roots", roots, "--at", MADE_AT)
    assert (code, verdict["accepted"], verdict["reason"]) == (1, False, "USER_SIGN")
    assert (verdict["code"], verdict["number"], verdict["forged"]) == ("QR_SIGNATURE", -104, True)


def test_a_code_comes_in_by_a_pipe(
    roots: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(png(made()))))
    assert judged(capsys, "-", "--roots", roots, "--at", str(MADE_S))[0] == 0


@pytest.mark.parametrize(
    ("at", "first_words"),
    [
        ("2026-01-08T08:21:00+08:00", "ACCEPTED"),
        ("2026-01-08T00:21:01Z", "CODE_EXPIRED (-105) QR_EXPIRED:"),
        ("1767831569", "CODE_EXPIRED (-105) QR_CLOCK_SKEW:"),
        ("2026-01-15T08:20:00+08:00", "AUTH_EXPIRED QR_TICKET_EXPIRED:"),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_reason_is_the_first_word(
    at: str, first_words: str, language: str, tmp_path: Path, roots: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = written(tmp_path, made())
    code = run(["code", "verify", path, "--roots", roots, "--at", at, "--lang", language])
    out = capsys.readouterr().out
    assert code == (0 if first_words == "ACCEPTED" else 1)
    assert out.startswith(first_words)
    assert ACCOUNT not in out
    assert CARD not in out
    assert ISSUER in out


def test_lists_and_fares_are_asked(
    tmp_path: Path, roots: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, made())
    common = (path, "--roots", roots, "--at", str(MADE_S))
    others = written(tmp_path, b"12345678\n", "others")
    welcome = written(tmp_path, ISSUER.encode(), "welcome")
    denied = written(tmp_path, f"{CARD} DEBT_OUTSTANDING\n".encode(), "denied")
    assert judged(capsys, *common, "--issuers", welcome, "--fare", "2000")[0] == 0
    assert judged(capsys, *common, "--issuers", others)[1]["reason"] == "ISSUER_UNKNOWN"
    assert judged(capsys, *common, "--fare", "2001")[1]["reason"] == "OVER_LIMIT"
    code, verdict = judged(capsys, *common, "--denied", denied)
    assert (code, verdict["reason"], verdict["code"]) == (1, "BLACKLIST", "DEBT_OUTSTANDING")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "QR_LENGTH"),
        (b"281234567890123456", "QR_NOT_TRANSIT"),
        (b"https://qr.alipay.com/x", "QR_NOT_TRANSIT"),
        (b"\x89PNG\r\n\x1a\n", "QR_NOT_FOUND"),
        (made().hex().replace("8101", "8201", 1).encode(), "QR_VERSION"),
        (made().hex().replace("8101", "0101", 1).encode(), "QR_VERSION"),
        (made() + b"\n", "QR_MALFORMED"),
    ],
)
def test_what_is_no_code_is_refused_as_format(
    content: bytes, code: str, tmp_path: Path, roots: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, verdict = judged(capsys, written(tmp_path, content), "--roots", roots)
    assert (status, verdict["reason"], verdict["code"]) == (1, "FORMAT", code)
    assert (verdict["number"], verdict["fields"]) == (-1, None)


def test_without_a_time_it_is_now(
    tmp_path: Path, roots: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judged(capsys, written(tmp_path, made()), "--roots", roots)[1]["accepted"] is False


@pytest.mark.parametrize(
    ("option", "content", "code"),
    [("--roots", b"no key", "CODE_ROOTS"), ("--issuers", b"1", "CODE_LIST"),
     ("--denied", b"somebody", "CODE_LIST")],
)  # fmt: skip
def test_a_file_that_is_not_understood_is_a_failure_and_no_verdict(
    option: str, content: bytes, code: str, tmp_path: Path, roots: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    wrong = written(tmp_path, content, "wrong")
    status = run(["code", "verify", written(tmp_path, made()), "--roots", roots, option, wrong])
    captured = capsys.readouterr()
    assert (status, captured.out) == (4, "")
    assert code in captured.err


@pytest.mark.parametrize("at", ["yesterday", "2026-01-08T08:20:00", "-5", "99999999999"])
def test_a_time_is_read_strictly(
    at: str, tmp_path: Path, roots: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, made())
    assert run(["code", "verify", path, "--roots", roots, "--at", at]) == 2
    assert capsys.readouterr().out == ""


def test_a_file_that_is_not_there_or_far_too_large(
    tmp_path: Path, roots: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["code", "verify", str(tmp_path / "none"), "--roots", roots]) == 4
    with (tmp_path / "large").open("wb") as file:
        file.truncate(33 << 20)
    assert run(["code", "verify", str(tmp_path / "large"), "--roots", roots]) == 4
    assert "CODE_FILE_LARGE" in capsys.readouterr().err


def issue(folder: Path, name: str, *more: str) -> int:
    return run(["code", "issue", "--account", "42", "--out", str(folder / name),
                "--keys", str(folder / "keys"), "--at", MADE_AT, *more])  # fmt: skip


@pytest.mark.parametrize("name", ["a.bin", "a.hex", "a.txt", "a.b64", "a.png"])
@pytest.mark.parametrize("provider", ["", "plain"])
def test_what_is_issued_is_accepted(
    name: str, provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv(VARIABLE, provider)
    assert issue(tmp_path, name, "--card", CARD, "--custom", "01" + "00" * 31) == 0
    out = capsys.readouterr().out
    assert "never put these keys into a real gate" in out
    code, verdict = judged(capsys, str(tmp_path / name), "--roots",
                           str(tmp_path / "keys" / "roots.json"), "--at", str(MADE_S))  # fmt: skip
    assert code == 0
    assert isinstance(verdict["fields"], dict)
    assert verdict["fields"]["payment_account"] == "42".rjust(16, "0")
    assert verdict["fields"]["card_number"] == CARD


def test_keys_are_made_once_for_this_user_alone_and_never_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert issue(tmp_path, "first") == 0
    keys = {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    assert set(keys) == {"root.key", "issuer.key", "user.key", "roots.json"}
    assert issue(tmp_path, "second") == 0
    assert keys == {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    captured = capsys.readouterr()
    assert captured.out.count("Test keys were made") == 1
    for name in ("root.key", "issuer.key", "user.key"):
        mode = stat.S_IMODE((tmp_path / "keys" / name).stat().st_mode)
        assert os.name == "nt" or mode == 0o600
        assert keys[name].decode().strip() not in captured.out + captured.err


def test_keys_that_are_there_are_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "root.key").write_text(ROOT.private.hex(), encoding="ascii")
    (tmp_path / "keys" / "issuer.key").write_text(BANK.private.hex() + "\n", encoding="ascii")
    assert issue(tmp_path, "code") == 0
    assert "phone" in capsys.readouterr().out
    roots = json.loads((tmp_path / "keys" / "roots.json").read_text(encoding="utf-8"))
    assert roots == {"1": ROOT.public.hex()}
    assert BANK.public in (tmp_path / "code").read_bytes()


@pytest.mark.parametrize("content", [b"", b"00" * 32, b"ff" * 32, b"12", b"\xff\xfe", b"not hex"])
def test_a_file_that_holds_no_key_is_refused_unseen(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "user.key").write_bytes(content)
    assert issue(tmp_path, "code") == 4
    error = capsys.readouterr().err
    assert "CODE_KEY" in error
    assert not (tmp_path / "code").exists()
    assert content.decode("latin-1") not in error or len(content) < 3


@pytest.mark.parametrize(
    "wrong",
    [("--account", "1" * 17), ("--account", ""), ("--account", "x"), ("--card", "1" * 18),
     ("--custom", "0"), ("--custom", "xx"), ("--custom", "00" * 181)],
    ids=lambda pair: " ".join(pair)[:24],
)  # fmt: skip
def test_a_field_that_does_not_fit_is_named(
    wrong: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert issue(tmp_path, "code", *wrong) == 4
    error = capsys.readouterr().err
    assert "CODE_FIELD" in error and wrong[0] in error
    assert not (tmp_path / "code").exists()


@pytest.mark.parametrize(
    ("at", "words"),
    [("1767831600", "Good for 60 s more"), ("1767831660", "Good for 0 s more"),
     ("1767831700", "40 s ago"), ("1767831599", "has not come yet")],
)  # fmt: skip
def test_show_counts_down(
    at: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["code", "show", written(tmp_path, made()), "--at", at]) == 0
    out = capsys.readouterr().out
    assert words in out
    assert "█" in out
    assert ACCOUNT not in out and CARD not in out
    assert "Nothing was verified" in out


def test_show_tells_the_fields_in_chinese_and_writes_pictures(
    tmp_path: Path, roots: str, capsys: pytest.CaptureFixture[str]
) -> None:
    custom = bytes.fromhex("0101" + "01020304" + "695ef830" + "00000009") + bytes(18)
    path = written(tmp_path, made(custom=custom))
    picture, drawing = tmp_path / "code.png", tmp_path / "code.svg"
    assert run(["code", "show", path, "--lang", "zh", "--png", str(picture),
                "--svg", str(drawing), "--pixels", "320"]) == 0  # fmt: skip
    out = capsys.readouterr().out
    for words in ("发卡机构", "单次限额（元）", "20.00", "已进站", "2026-01-08 08:20:00"):
        assert words in out
    assert drawing.read_text(encoding="utf-8").startswith("<?xml")
    assert judged(capsys, str(picture), "--roots", roots, "--at", str(MADE_S))[0] == 0


def test_show_tells_everything_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, made(custom=b"own"))
    assert run(["code", "show", path, "--at", "1767831610", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["good_for_s"], found["custom"], found["travel"]) == (50, b"own".hex(), None)
    assert found["certificate"]["issuer_id"] == ISSUER
    assert bytes.fromhex(found["raw"]) == made(custom=b"own")


def test_show_refuses_what_is_no_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["code", "show", written(tmp_path, b"WIFI:S:x;;")]) == 4
    assert "QR_NOT_TRANSIT" in capsys.readouterr().err
