"""What is kept is bounded, the least used goes first, and what has gone is made again."""

from concurrent.futures import ThreadPoolExecutor

from tongxing.media.crypto.recent import Recent


def test_the_least_used_goes_when_the_room_is_full() -> None:
    made: list[str] = []

    def made_of(name: str) -> str:
        made.append(name)
        return name.upper()

    recent: Recent[str, str] = Recent(made_of, 2)
    assert [recent.made(name) for name in ("a", "b", "a", "c")] == ["A", "B", "A", "C"]
    assert made == ["a", "b", "c"]
    assert (recent.find("a"), recent.find("b"), recent.find("c")) == ("A", None, "C")
    assert recent.made("b") == "B"
    assert made == ["a", "b", "c", "b"]
    assert recent.find("a") is None


def test_looking_counts_as_use() -> None:
    recent: Recent[int, int] = Recent(lambda name: name, 2)
    recent.made(1)
    recent.made(2)
    assert recent.find(1) == 1
    recent.made(3)
    assert (recent.find(1), recent.find(2)) == (1, None)


def test_many_threads_never_get_another_ones_thing_or_more_than_the_room() -> None:
    recent: Recent[int, list[int]] = Recent(lambda name: [name], 4)
    names = [number % 9 for number in range(2000)]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(recent.made, names))
    assert found == [[name] for name in names]
    assert sum(recent.find(name) is not None for name in range(9)) == 4


def test_it_does_not_show_what_it_keeps() -> None:
    recent: Recent[bytes, bytes] = Recent(lambda name: name, 1)
    recent.made(b"secret")
    assert "secret" not in repr(recent)
