"""The oracle is worth something only as long as it shares nothing with what it checks."""

import ast
import subprocess
import sys
from pathlib import Path

import tongxing.simulation.oracle as oracle

PACKAGE = Path(oracle.__file__).parent
ALLOWED = {
    "tongxing.kernel.clock": None,
    "tongxing.kernel.workdays": None,
    "tongxing.kernel.money": {"yuan"},
}


def imports_of_ours() -> list[tuple[str, str, str]]:
    found = []
    for path in sorted(PACKAGE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                found += [(path.name, node.module or "", name.name) for name in node.names]
            elif isinstance(node, ast.ImportFrom):
                found.append((path.name, "relative", ""))
            elif isinstance(node, ast.Import):
                found += [(path.name, name.name, "") for name in node.names]
    return [one for one in found if one[1].startswith(("tongxing", "relative"))]


def test_it_imports_the_calendar_and_nothing_that_prices():
    modules = {f"tongxing.simulation.oracle.{path.stem}" for path in PACKAGE.glob("*.py")}
    modules.add("tongxing.simulation.oracle")
    seen = imports_of_ours()
    assert len(seen) > 10
    for where, module, name in seen:
        if module in modules:
            continue
        assert module in ALLOWED, f"{where} imports {module}"
        assert ALLOWED[module] is None or name in ALLOWED[module], f"{where} imports {name}"


AUDITED = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from tongxing.simulation.oracle import atlas, loader
for code in atlas.PRICERS:
    loader.load_facts(code)
print(*(name for name in sys.modules if name.startswith("tongxing.")))
print(*(name for name in opened if "tongxing" in name and not name.endswith((".py", ".pyc"))))
"""


def test_what_it_loads_and_opens_when_it_works():
    """Run apart, with every file that it opens written down."""
    modules, files = subprocess.run(
        [sys.executable, "-B", "-c", AUDITED],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(PACKAGE.parents[2])},
    ).stdout.splitlines()
    assert {one.split(".")[1] for one in modules.split()} <= {"kernel", "simulation"}
    cities = PACKAGE.parents[1] / "network" / "data" / "cities"
    data = {Path(one) for one in files.split() if Path(one).is_file()}
    assert {one.parent.parent for one in data} == {cities}
    assert {one.name for one in data} == {"city.toml", "stations.csv", "track.csv"}
