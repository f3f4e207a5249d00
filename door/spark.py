"""What tests of clearing on a cluster need: Apache Spark for Python, and a Java that can run it.

pyspark is a source package of 430 MB, so it comes only where somebody asks for it (``--spark yes``)
and a Java of 17 or newer is there; its lock is checked by hash like every other. Without it those
tests are skipped, loudly.
"""

import hashlib
import re
import shutil

from door.debian import install, may_install
from door.environment import VENV, add_packages, last_line
from door.process import watch
from door.words import ROOT, Trouble, step

_BUILDER_LOCK = ROOT / "requirements-pcsc-build.lock"
_LOCK = ROOT / "requirements-spark.lock"
LOCKS = {_LOCK: "pyspark>=4.1"}
"""The further lock, and the requirement it is made from."""

_STAMP = VENV / "pyspark.stamp"
_JAVA_FROM, _JAVA = 17, "openjdk-17-jre-headless"
_VERSION = re.compile(r'version "([0-9]+)')


def spark_for_tests(wanted: str) -> str:
    """What the tests are told ("yes" or "no"), once what was asked for is there.

    Raises Trouble(SPARK_MISSING) where Spark was asked for and cannot be had.
    """
    if wanted == "yes":
        if java_version() < _JAVA_FROM and may_install():
            install([_JAVA])
        if java_version() < _JAVA_FROM:
            raise Trouble("SPARK_MISSING", "java", version=_JAVA_FROM)
        _bring_pyspark()
    return wanted


def java_version() -> int:
    """The first number of the version of the Java that is found; 0 without one."""
    java = shutil.which("java")
    if java is None:
        return 0
    found = _VERSION.search(watch([java, "-version"]).output)
    return int(found[1]) if found else 0


def _bring_pyspark() -> None:
    """Install pyspark, unless this lock's has been."""
    wanted = hashlib.sha256(_LOCK.read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text("ascii") == wanted:
        return
    step("spark_installing")
    ended = add_packages(_BUILDER_LOCK)
    if ended.code == 0:
        ended = add_packages(_LOCK, "--no-build-isolation")
    if ended.code != 0:
        raise Trouble("SPARK_MISSING", last_line(ended.output), version=_JAVA_FROM)
    _STAMP.write_text(wanted, encoding="ascii")
