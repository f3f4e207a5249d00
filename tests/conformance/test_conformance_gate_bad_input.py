"""What is no test port, and what is no request to one: told with a reason, never a stack trace."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import requests
from bench_world import bench
from handled import handled

from tongxing.cli import run
from tongxing.cli.gate.benching.device import BenchGate
from tongxing.conformance.cases import case_book
from tongxing.conformance.port import DevicePort, PortRefused
from tongxing.kernel.reasons import Refusal

ABOUT = {"name": "V", "software": "1", "can": ["code"]}
PLACE = {"city": "500000", "place": "500000", "mode": "rail", "operator": "OP-CQ-RAIL"}
SETUP = {
    "city": {"address": "http://127.0.0.1:1", "sender": "500000", "public_key": "00" * 32}
    | {"code": "ABCD"},
    "place": PLACE | {"line": "rail-1", "station": "xiaoshizi"},
    "terminals": [{"id": "A", "role": "entry"}],
    "roots": {"1": "02" + "11" * 32},
    "issuers": {"99016900": {"scheme": "local:500000", "city": "500000"}},
    "fare_most_fen": 1000,
}


@contextmanager
def answering(status: int, body: bytes, hangs: bool = False) -> Iterator[str]:
    """Something that answers every request so, or not at all."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if hangs:
                over.wait(30)
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with handled(Handler) as address:
        try:
            yield address
        finally:
            over.set()


def ended(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit code of the kit, and the code of its error, which is one line and no stack trace."""
    code = run(["--lang", "zh", "conformance", "gate", "--json", *arguments])
    err = capsys.readouterr().err
    assert "Traceback" not in err
    return code, str(json.loads(err)["code"])


def error_of(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.mark.parametrize(
    ("status", "body", "code", "exit_code"),
    [
        (200, b"<html>welcome</html>", "CONFORMANCE_PORT_FOREIGN", 4),
        (200, b"", "CONFORMANCE_PORT_FOREIGN", 4),
        (200, b"[1, 2]", "CONFORMANCE_PORT_FOREIGN", 4),
        (200, b"\xff\xfe", "CONFORMANCE_PORT_FOREIGN", 4),
        (200, json.dumps(ABOUT | {"can": "code"}).encode(), "CONFORMANCE_PORT_FOREIGN", 4),
        (200, json.dumps(ABOUT | {"can": ["flying"]}).encode(), "CONFORMANCE_PORT_FOREIGN", 4),
        (200, json.dumps(ABOUT | {"more": 1}).encode(), "CONFORMANCE_PORT_FOREIGN", 4),
        (200, b'{"name": "V"}', "CONFORMANCE_PORT_FOREIGN", 4),
        (200, b" " * (2 << 20), "CONFORMANCE_PORT_FOREIGN", 4),
        (302, b"", "CONFORMANCE_PORT_FOREIGN", 4),
        (404, b"<h1>Not found</h1>", "CONFORMANCE_PORT_FOREIGN", 4),
        (409, b'{"code": "BUSY", "message_en": "not now"}', "CONFORMANCE_PORT_SAID", 4),
    ],
)
def test_what_is_no_test_port_is_told(
    capsys: pytest.CaptureFixture[str], status: int, body: bytes, code: str, exit_code: int
) -> None:
    with answering(status, body) as url:
        assert ended(capsys, "--at", url) == (exit_code, code)


@pytest.mark.parametrize(
    ("status", "body", "why", "beside"),
    [
        (200, b'{"name": "V"}', "内容不是约定的格式", "Object missing required field"),
        (200, b" " * (2 << 20), "回答超过 1 MiB", ""),
        (404, b"", "状态码 404，且没有约定的错误内容", ""),
    ],
)
def test_why_it_is_no_test_port_is_told_in_the_language_asked_for(
    status: int, body: bytes, why: str, beside: str
) -> None:
    with answering(status, body) as url:
        port = DevicePort(url, 5.0)
        with pytest.raises(PortRefused) as caught:
            port.about()
        port.close()
    refusal, host = caught.value.refusal, url.removeprefix("http://")
    assert refusal.message("zh").endswith(f" 的回答不符合测试接口：{why}")
    assert refusal.message("en").isascii()
    assert refusal.where.startswith(f"{host}: {beside}" if beside else host)
    assert bool(beside) == (refusal.where != host)


def test_nobody_at_the_address(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    assert ended(capsys, "--at", url) == (6, "CONFORMANCE_PORT_AWAY")
    assert ended(capsys, "--at", "http://nowhere.invalid:1") == (6, "CONFORMANCE_PORT_AWAY")


def away(url: str) -> Refusal:
    port = DevicePort(url, 5.0)
    with pytest.raises(PortRefused) as caught:
        port.about()
    port.close()
    assert caught.value.refusal.code == "CONFORMANCE_PORT_AWAY"
    return caught.value.refusal


def test_why_nobody_answers_is_told_in_the_language_asked_for() -> None:
    """What a library says of it, in English, stands beside the sentence, where we know no more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"
        hangs_up = threading.Thread(target=lambda: server.accept()[0].close())
        hangs_up.start()
        cut = away(f"http://{host}")
        hangs_up.join()
    for refusal, url, why, where in (
        (away(f"http://{host}"), f"http://{host}", "对方拒绝连接", host),
        (away("http://nowhere.invalid:1"), "http://nowhere.invalid:1", "找不到这个主机名",
         "nowhere.invalid:1"),
        (away("http://a b"), "http://a b", "地址不成立", "a b"),
        (cut, f"http://{host}", "连接失败", cut.where),
    ):  # fmt: skip
        assert refusal.message("zh") == f"{url} 上没有可用的测试接口：{why}"
        assert refusal.message("en").startswith(f"No test port answers at {url}: ")
        assert refusal.where == where
    assert cut.where.startswith(f"{host}: ") and len(cut.where) > len(f"{host}: ")


def test_a_port_that_hangs_is_told_after_a_while() -> None:
    with answering(200, b"", hangs=True) as url:
        port = DevicePort(url, 0.5)
        with pytest.raises(PortRefused) as caught:
            port.about()
        port.close()
    assert caught.value.refusal.code == "CONFORMANCE_PORT_SLOW"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), "USAGE"),
        (("--at", "ftp://x"), "USAGE"),
        (("--at", "http://127.0.0.1:1", "--patience", "soon"), "ARG_INVALID"),
        (("--at", "http://127.0.0.1:1", "--only", "dancing"), "CONFORMANCE_NO_CASE"),
    ],
)
def test_arguments_that_say_nothing(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: str
) -> None:
    assert ended(capsys, *arguments)[1] == code


def test_an_address_that_is_not_this_machines(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(200, json.dumps(ABOUT).encode()) as url:
        for here in ("192.0.2.1", "somewhere"):
            found = ended(capsys, "--at", url, "--here", here, "--only", "good-code")
            assert found == (3, "CONFORMANCE_ADDRESS")


def test_a_device_that_does_nothing_fails_each_case(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(200, json.dumps(ABOUT).encode()) as url:
        code = run(["conformance", "gate", "--at", url, "--only", "good-code", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (code, found["passed"], found["conforms"]) == (1, 0, False)
    assert {one["difference"]["what"] for one in found["cases"]} == {"port"}


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/nothing", None, (404, "API_PATH")),
        ("POST", "/about", b"{}", (405, "API_METHOD")),
        ("DELETE", "/show", b"{}", (405, "API_METHOD")),
        ("POST", "/show", b"", (422, "BENCH_BODY")),
        ("POST", "/show", b"<html>", (422, "BENCH_BODY")),
        ("POST", "/show", b"\xff\xff", (422, "BENCH_BODY")),
        ("POST", "/show", b"[" * 100_000, (422, "BENCH_BODY")),
        ("POST", "/show", {"terminal": 1, "code": ""}, (422, "BENCH_BODY")),
        ("POST", "/show", {"terminal": "A"}, (422, "BENCH_BODY")),
        ("POST", "/show", {"terminal": "A", "code": "8", "x": 1}, (422, "BENCH_BODY")),
        ("POST", "/show", {"terminal": "A", "code": "８１"}, (422, "BENCH_BODY")),
        ("POST", "/show", {"terminal": "A", "code": "81"}, (422, "BENCH_NOT_SET_UP")),
        ("POST", "/card", {"terminal": "A", "address": "x"}, (422, "BENCH_NOT_SET_UP")),
        ("POST", "/power", {"what": "explode"}, (422, "BENCH_BODY")),
        ("POST", "/power", {"what": "cut"}, (422, "BENCH_NOT_SET_UP")),
        ("POST", "/clock", {"time_s": "now"}, (422, "BENCH_BODY")),
        ("POST", "/clock", {"time_s": 1.5}, (422, "BENCH_BODY")),
        ("GET", "/state", None, (422, "BENCH_NOT_SET_UP")),
        ("POST", "/setup", SETUP, (422, "UPLINK_AWAY")),
        ("POST", "/setup", SETUP | {"terminals": "all"}, (422, "BENCH_BODY")),
        ("POST", "/setup", SETUP | {"place": PLACE}, (422, "BENCH_BODY")),
        ("POST", "/show", b" " * (2 << 20), (413, "BODY_TOO_LARGE")),
    ],
)
def test_a_bad_request_to_our_test_port(
    bench_url: str, method: str, path: str, body: Any, expected: tuple[int, str]
) -> None:
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    answer = requests.request(method, bench_url + path, data=content, headers=headers, timeout=30)
    told = error_of(answer.text)
    assert (answer.status_code, told["code"]) == expected
    assert sorted(told) == [
        "code",
        "message_en",
        "message_zh",
        "next_step_en",
        "next_step_zh",
        "where",
    ]
    assert "Traceback" not in answer.text


def test_a_page_in_a_browser_cannot_work_the_bench(bench_url: str) -> None:
    """It can send a form or text without being asked, and JSON only after a question that nobody
    here answers."""
    body = json.dumps({"what": "cut"})
    answer = requests.post(bench_url + "/power", body, headers={"Content-Type": "text/plain"})
    assert error_of(answer.text)["code"] == "BENCH_BODY"


@pytest.fixture(scope="module")
def bench_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The test port of our gate, never set up."""
    with bench(tmp_path_factory.mktemp("bench") / "gate") as url:
        yield url


def test_the_bench_empties_no_folder_that_is_not_its_own(tmp_path: Path) -> None:
    working = tmp_path / "gate"
    working.mkdir()
    (working / "journal.sqlite").write_bytes(b"taps")
    refused = BenchGate(working).claim()
    assert isinstance(refused, Refusal) and refused.code == "BENCH_FOLDER"
    assert [path.name for path in working.iterdir()] == ["journal.sqlite"]
    assert run(["gate", "bench", str(working)]) == 5


def test_two_benches_do_not_share_a_folder(tmp_path: Path) -> None:
    first = BenchGate(tmp_path / "gate")
    assert first.claim() is None
    command = [sys.executable, "-m", "tongxing", "--json", "gate", "bench", str(tmp_path / "gate")]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (second.returncode, error_of(second.stderr)["code"]) == (5, "BENCH_RUNNING")
    first.close()


def test_the_cases_ask_for_nothing_that_nobody_plays() -> None:
    from tongxing.conformance.playing import PROCEDURES

    assert {case.do for case in case_book().case} == set(PROCEDURES)
