"""Spark for the tests: brought where it is asked for and can be had, else refused in words."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from door import spark
from door.words import Trouble


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What would be installed; the machine has Java 17 and an environment without Spark."""
    told: list[str] = []

    def add(lock: Path, *_how: str) -> SimpleNamespace:
        told.append(lock.name)
        return SimpleNamespace(code=0, output="")

    monkeypatch.setattr(spark, "add_packages", add)
    monkeypatch.setattr(spark, "may_install", lambda: False)
    monkeypatch.setattr(spark, "java_version", lambda: 17)
    monkeypatch.setattr(spark, "_STAMP", tmp_path / "pyspark.stamp")
    return told


def test_spark_is_installed_once(asked: list[str]) -> None:
    assert [spark.spark_for_tests("yes"), spark.spark_for_tests("yes")] == ["yes", "yes"]
    assert asked == ["requirements-pcsc-build.lock", "requirements-spark.lock"]


def test_who_does_not_want_it_gets_nothing(asked: list[str]) -> None:
    assert spark.spark_for_tests("no") == "no"
    assert asked == []


def test_an_old_java_is_told(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "java_version", lambda: 11)
    with pytest.raises(Trouble) as trouble:
        spark.spark_for_tests("yes")
    assert trouble.value.code == "SPARK_MISSING"
    assert asked == []
