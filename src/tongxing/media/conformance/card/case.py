"""What a case is: a name, the rule that it tests, and what it does at a desk for one key index."""

from collections.abc import Callable
from dataclasses import dataclass

from tongxing.media.conformance.card.desk import Desk

Run = Callable[[Desk, int], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `each_index` ones are run for every key index of the profile."""

    name: str
    rule: str
    run: Run
    each_index: bool = False


class Cases:
    """A list of cases that grows by decoration, in the order in which they are written."""

    def __init__(self) -> None:
        self.all: list[Case] = []

    def add(self, name: str, rule: str, *, each_index: bool = False) -> Callable[[Run], Run]:
        """The function below is this case."""

        def keep(run: Run) -> Run:
            self.all.append(Case(name, rule, run, each_index))
            return run

        return keep
