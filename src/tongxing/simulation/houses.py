"""All houses of a run by city, however each of them runs: on a street, or as an issuer only."""

from collections.abc import Callable, Mapping
from typing import Concatenate, ParamSpec, TypeVar

from tongxing.simulation.hosting import Host, Pending
from tongxing.simulation.house import House
from tongxing.simulation.street import Street

Params = ParamSpec("Params")
Result = TypeVar("Result")


class Houses:
    """Asks the house of a city. Houses work side by side; each answers in order."""

    def __init__(
        self, streets: Mapping[str, Host[Street]], issuers: Mapping[str, Host[House]]
    ) -> None:
        self.streets = streets
        self._issuers = issuers

    @property
    def codes(self) -> tuple[str, ...]:
        """Every city with books, in the order in which everything is done."""
        return tuple(sorted({*self.streets, *self._issuers}))

    def ask(
        self,
        code: str,
        method: Callable[Concatenate[House, Params], Result],
        /,
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> Pending[Result]:
        """Ask one house without waiting."""
        street = self.streets.get(code)
        if street is None:
            return self._issuers[code].send(method, *args, **kwargs)
        return street.send(Street.ask_house, method, *args, **kwargs)

    def ask_all(
        self,
        method: Callable[Concatenate[House, Params], Result],
        /,
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> dict[str, Result]:
        """Ask every house the same, at the same time; the answers by city."""
        waiting = {code: self.ask(code, method, *args, **kwargs) for code in self.codes}
        return {code: answer.result() for code, answer in waiting.items()}

    def ask_streets(
        self,
        method: Callable[Concatenate[Street, Params], Result],
        /,
        *args: Params.args,
        **kwargs: Params.kwargs,
    ) -> dict[str, Result]:
        """Ask every street the same, at the same time; the answers by city."""
        waiting = {
            code: self.streets[code].send(method, *args, **kwargs)
            for code in self.codes
            if code in self.streets
        }
        return {code: answer.result() for code, answer in waiting.items()}

    def close(self, at_once: bool = False) -> None:
        """End every house and street in good order; `at_once` without waiting for their work."""
        for street in self.streets.values():
            street.abandon() if at_once else street.close()
        for issuer in self._issuers.values():
            issuer.close()
