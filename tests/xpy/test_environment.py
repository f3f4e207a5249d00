"""x.py on made-up machines: what it installs, when it does so again, what it says when it cannot.

Each test copies the door into an empty folder and gives it a `uv` of its own that notes its calls,
so that nothing is fetched; a real install is what running these tests at all has shown.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
_LOCK = "click==8.5.1 \\\n    --hash=sha256:" + "0" * 64 + "\n"
_UV = """#!{python}
import os, pathlib, sys
folder = pathlib.Path(__file__).parent
with open(folder / "calls", "a") as calls:
    print(" ".join(sys.argv[1:]), file=calls)
if (folder / "broken").exists():
    sys.exit("error: no such index")
if sys.argv[1] == "venv":
    binaries = pathlib.Path(sys.argv[-1]) / "bin"
    binaries.mkdir(parents=True)
    (binaries / "python").symlink_to({python!r})
elif (folder / "slow").exists():
    import time
    (folder / "pid.partial").write_text(str(os.getpid()))
    (folder / "pid.partial").rename(folder / "pid")
    time.sleep(60)
"""


class Machine:
    """A checkout with nothing installed, a `uv` that only takes notes, and no real index."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.tools = folder / "checkout", folder / "tools"
        reasons = Path("src/tongxing/kernel/reasons")
        shutil.copytree(ROOT / "door", self.checkout / "door")
        shutil.copytree(ROOT / reasons, self.checkout / reasons)
        shutil.copy(ROOT / "x.py", self.checkout)
        (self.checkout / "src/tongxing/__main__.py").write_text("import sys; print(sys.argv[1:])")
        (self.checkout / "requirements.lock").write_text(_LOCK)
        self.tools.mkdir()
        uv = self.tools / "uv"
        uv.write_text(_UV.format(python=sys.executable))
        uv.chmod(0o755)

    def start(self, *arguments: str, **more: str) -> "subprocess.Popen[str]":
        environment = {
            "PATH": f"{self.tools}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(self.tools),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
            "PIP_RETRIES": "0",
        }
        return subprocess.Popen(
            [sys.executable, str(self.checkout / "x.py"), *arguments],
            env=environment | more,
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **more: str) -> tuple[int, str, str]:
        running = self.start(*arguments, **more)
        out, err = running.communicate(timeout=60)
        return running.returncode, out, err

    def start_and_stop_halfway(self, sent: signal.Signals) -> tuple[int, str, int]:
        """Exit code and errors of an x.py that is sent a signal while `uv` works, and uv's id."""
        (self.tools / "slow").touch()
        running = self.start("run")
        while not (self.tools / "pid").exists():
            time.sleep(0.02)
        running.send_signal(sent)
        _, err = running.communicate(timeout=20)
        (self.tools / "slow").unlink()
        return running.returncode, err, int((self.tools / "pid").read_text())

    def calls(self) -> list[str]:
        """What the `uv` was called for since the last look."""
        notes = self.tools / "calls"
        found = notes.read_text().splitlines() if notes.exists() else []
        notes.unlink(missing_ok=True)
        return [call.partition(" ")[0] for call in found]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def last_line(text: str) -> str:
    return text.rstrip("\n").rpartition("\n")[2]


def test_the_environment_is_made_once_and_the_command_gets_its_arguments(machine: Machine) -> None:
    assert machine.run("run", "fares", "--json")[:2] == (0, "['fares', '--json']\n")
    assert machine.calls() == ["venv", "pip"]
    assert machine.run("demo", "--no-serve")[:2] == (0, "['demo', '--no-serve']\n")
    assert machine.calls() == []


def test_another_lock_makes_another_environment(machine: Machine) -> None:
    machine.run("run")
    (machine.checkout / "requirements.lock").write_text(_LOCK + "# newer\n")
    machine.calls()
    assert machine.run("run")[0] == 0
    assert machine.calls() == ["venv", "pip"]


def test_a_half_made_environment_is_made_again(machine: Machine) -> None:
    """Killed while installing: the next run starts over; nothing looks done that is not."""
    _, _, installer = machine.start_and_stop_halfway(signal.SIGKILL)
    os.kill(installer, signal.SIGKILL)
    assert (machine.checkout / ".venv/bin/python").exists()
    machine.calls()
    assert machine.run("run", "again")[:2] == (0, "['again']\n")
    assert machine.calls() == ["venv", "pip"]


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_install_says_so_and_leaves_no_process(
    sent: signal.Signals, code: int, machine: Machine
) -> None:
    ended, err, installer = machine.start_and_stop_halfway(sent)
    assert ended == code
    assert last_line(err).startswith("error INTERRUPTED: ")
    with pytest.raises(ProcessLookupError):
        os.kill(installer, 0)


def test_two_at_once_make_one_environment(machine: Machine) -> None:
    both = [machine.start("run", name) for name in ("first", "second")]
    ended = [running.communicate(timeout=60)[0] for running in both]
    assert ended == ["['first']\n", "['second']\n"]
    assert machine.calls() == ["venv", "pip"]


def test_nobody_replaces_an_environment_in_use(machine: Machine) -> None:
    program = "import sys; print('using', flush=True); sys.stdin.readline()"
    (machine.checkout / "src/tongxing/__main__.py").write_text(program)
    machine.run("run", stdin="")
    using = subprocess.Popen(
        machine.start("run").args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert using.stdout is not None and using.stdin is not None
    assert using.stdout.readline() == "using\n"
    (machine.checkout / "requirements.lock").write_text(_LOCK + "# newer\n")
    waiting = machine.start("run")
    assert waiting.stderr is not None
    assert "waiting" in waiting.stderr.readline()
    machine.calls()
    using.communicate("\n")
    waiting.communicate(timeout=30)
    assert machine.calls() == ["venv", "pip"]


def test_without_uv_or_index_one_line_says_what_to_do(machine: Machine) -> None:
    (machine.tools / "broken").touch()
    code, _, err = machine.run("run")
    assert code == 6
    assert "uv could not do it (no such index), trying pip" in err
    assert last_line(err).startswith("error INDEX_UNREACHABLE: The packages could not be fetched:")
    assert "PIP_INDEX_URL" in last_line(err)
    assert "Traceback" not in err
    assert (machine.checkout / ".venv/install.log").is_file()


def test_a_package_with_another_hash_is_refused(machine: Machine, tmp_path: Path) -> None:
    (machine.tools / "broken").touch()
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "click-8.5.1-py3-none-any.whl").write_bytes(b"not what was locked")
    code, _, err = machine.run(
        "run", PIP_FIND_LINKS=str(wheels), PIP_NO_INDEX="1", TONGXING_LANG="zh"
    )
    assert code == 4
    assert last_line(err).startswith("错误 PACKAGE_CHANGED: 软件源给出的文件")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_folder_that_cannot_be_written_is_named(machine: Machine) -> None:
    machine.checkout.chmod(0o555)
    try:
        code, _, err = machine.run("run")
    finally:
        machine.checkout.chmod(0o755)
    assert code == 3
    assert err.startswith("error CHECKOUT_READ_ONLY: ")
    assert str(machine.checkout) in err


def test_the_program_sees_our_sources_and_a_home_beside_them(machine: Machine) -> None:
    program = "import os; print(os.environ['PYTHONPATH'], os.environ['TONGXING_HOME'], os.getcwd())"
    (machine.checkout / "src/tongxing/__main__.py").write_text(program)
    code, out, _ = machine.run("run", PYTHONPATH="/astray", PYTHONHOME="")
    assert code == 0
    assert out.split() == [f"{machine.checkout}/src", f"{machine.checkout}/.tongxing", "/"]


def test_clean_keeps_the_data(machine: Machine) -> None:
    machine.run("run")
    data = machine.checkout / ".tongxing" / "books"
    data.mkdir(parents=True)
    assert machine.run("clean")[0] == 0
    assert not (machine.checkout / ".venv").exists()
    assert data.exists()
