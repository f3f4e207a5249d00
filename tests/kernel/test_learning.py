"""Structs are learned once, and before anybody uses them."""

import msgspec

from tongxing.kernel.learning import learn_structs

asked: list[str] = []


def noted(what: str) -> type[int]:
    """The type of a field, which msgspec asks for when it learns a Struct."""
    asked.append(what)
    return int


Inner = msgspec.defstruct("Inner", [("count", "noted('inner')")], module=__name__)
Outer = msgspec.defstruct("Outer", [("inner", Inner), ("count", "noted('outer')")], module=__name__)


def test_whoever_starts_threads_finds_every_struct_learned():
    learn_structs()
    assert sorted(asked) == ["inner", "outer"]
    learn_structs()
    raw = b'{"inner": {"count": 1}, "count": 2}'
    assert msgspec.json.decode(raw, type=Outer) == Outer(Inner(1), 2)
    assert sorted(asked) == ["inner", "outer"]


def test_a_struct_that_only_a_hook_can_read_is_passed_over():
    class One(msgspec.Struct):
        name: str

    class Other(msgspec.Struct):
        name: str

    class Either(msgspec.Struct):
        found: One | Other

    learn_structs()
    assert Either(One("a")).found.name == "a"
