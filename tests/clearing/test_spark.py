"""The same rows on a Spark cluster of one master and two workers: the same bytes as DuckDB's."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from clearing_world import VAULT, run, signed, write_rows, write_rules
from test_pipeline import PLANTED, random_rows

from tongxing.clearing.engines import Engine, EngineFault
from tongxing.clearing.writing import write_results

_WANTED = os.environ.get("TONGXING_SPARK", "")
_START_S = 90
_UP = re.compile(r"Starting Spark master at (spark://127\.0\.0\.1:[0-9]+)")
_JOINED = "Registering worker"
_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""For a minute's run Java's second compiler costs more than it wins."""


def _home() -> Path | None:
    """Where Spark lies, if it and a Java are there and nobody said no."""
    if _WANTED == "no" or shutil.which("java") is None:
        return None
    try:
        import pyspark
    except ImportError:
        return None
    return Path(pyspark.__file__).parent


HOME = _home()
if _WANTED == "yes" and HOME is None:
    raise RuntimeError("--spark yes: there is no pyspark or no Java 17")
pytestmark = pytest.mark.skipif(HOME is None, reason="no Spark")


@pytest.fixture(scope="module", autouse=True)
def _quick_java() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_TOOL_OPTIONS", _JAVA)
        yield


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a standalone cluster on this machine; it is ended by its own processes."""
    assert HOME is not None
    folder = tmp_path_factory.mktemp("spark")
    started: list[subprocess.Popen[bytes]] = []
    log = folder / "master.log"
    try:
        started.append(_daemon(folder, log, "master.Master", "--port", "0"))
        address = _said(log, _UP)
        for number in (1, 2):
            work = folder / f"worker-{number}"
            how = ("--cores", "1", "--memory", "1g", "--work-dir", str(work), address)
            started.append(_daemon(folder, folder / f"{number}.log", "worker.Worker", *how))
        _said(log, re.compile(rf"(?s){_JOINED}.*{_JOINED}()"))
        yield address
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _daemon(folder: Path, log: Path, what: str, *how: str) -> "subprocess.Popen[bytes]":
    assert HOME is not None
    told = {
        "SPARK_HOME": str(HOME),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_DAEMON_MEMORY": "256m",
    }
    with log.open("wb") as out:
        return subprocess.Popen(
            [HOME / "bin" / "spark-class", f"org.apache.spark.deploy.{what}",
             "--host", "127.0.0.1", "--webui-port", "0", *how],
            stdout=out, stderr=subprocess.STDOUT, cwd=folder, env={**os.environ, **told},
        )  # fmt: skip


def _said(log: Path, wanted: re.Pattern[str]) -> str:
    """What a log says, once it does."""
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        found = wanted.search(log.read_text("utf-8", "replace"))
        if found:
            return found[1]
        time.sleep(0.1)
    raise AssertionError(log.read_text("utf-8", "replace")[-2_000:])


def _bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _results(files: list[Path], rules: Path, scratch: Path, engine: Engine | None) -> Path:
    found = run(files, rules, scratch, engine, VAULT)
    out = scratch / "out"
    out.mkdir()
    write_results(found.cleared, found.rules, out)
    return out


@pytest.mark.slow
def test_a_cluster_writes_the_same_bytes_wherever_they_lie_and_quietly(
    master: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from tongxing.clearing.engines.spark import SparkEngine

    place = tmp_path / "行程 [1] 50%41"
    rules = write_rules(place / "rules")
    rows = [row for _, make, _ in PLANTED for row in make()]
    one = write_rows(place / "一日 [1].parquet", signed(rows))
    two = write_rows(place / "two.parquet", signed(random_rows(3, 300)))
    by_duck = _results([one, two], rules, place / "duck", None)
    engine = SparkEngine(place / "session", master, 512)
    by_spark = _results([one, two], rules, place / "spark", engine)
    mine, theirs = _bytes_of(by_duck), _bytes_of(by_spark)
    assert len(mine) > 20
    assert mine == theirs
    of_java = ("Picked up JAVA_TOOL_OPTIONS", "WARNING: Using incubator modules")
    said = capfd.readouterr().err.splitlines()
    assert [line for line in said if not line.startswith(of_java)] == []


def test_a_master_that_is_not_there_is_told(tmp_path: Path) -> None:
    from tongxing.clearing.engines.spark import SparkEngine

    with pytest.raises(EngineFault) as fault:
        SparkEngine(tmp_path, "spark://", 512)
    assert fault.value.code == "CLEARING_SPARK"
