"""However a command is ended: its clean-up runs, one line is said, the exit code tells how."""

import signal
import subprocess

import pytest
from command_world import Commands, one_line

_WAITING = """
try:
    print("ready", flush=True)
    time.sleep(60)
finally:
    print("cleaned", flush=True)
"""


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_a_signal_ends_a_command_through_its_clean_up(
    sent: signal.Signals, code: int, commands: Commands
) -> None:
    commands.add("waiting", _WAITING)
    running = commands.start("waiting")
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    running.send_signal(sent)
    out, err = running.communicate(timeout=20)
    assert out == "cleaned\n"
    assert one_line(err).startswith("error INTERRUPTED: Interrupted; what was confirmed is safe")
    assert running.returncode == code


def test_a_command_started_with_nohup_outlives_its_terminal(commands: Commands) -> None:
    commands.add("staying", "import signal\nos.kill(os.getpid(), signal.SIGHUP)\nsay('still here')")
    plain = commands.start("staying")
    assert plain.communicate(timeout=20)[0] == ""
    assert plain.returncode == 143
    ignoring = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *map(str, list(plain.args))]
    ended = subprocess.run(ignoring, capture_output=True, text=True, timeout=20, check=False)
    assert (ended.returncode, ended.stdout) == (0, "still here\n")


def test_a_reader_that_goes_away_is_no_error(commands: Commands) -> None:
    commands.add("flooding", "while True:\n    say('x' * 1000)")
    running = commands.start("flooding")
    assert running.stdout is not None and running.stderr is not None
    running.stdout.readline()
    running.stdout.close()
    assert running.wait(20) == 141
    assert running.stderr.read() == ""
    running.stderr.close()


def test_a_reader_that_goes_away_before_the_last_line_is_no_error(commands: Commands) -> None:
    commands.add("closing", "say('x')\nsys.stdin.readline()")
    running = subprocess.Popen(
        commands.start("closing").args,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    running.stdout.close()
    _, err = running.communicate("\n", timeout=20)
    assert err == ""
    assert running.returncode == 141
