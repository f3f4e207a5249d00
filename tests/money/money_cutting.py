"""A desk that is cut off, as by kill -9, at any transaction or any call of a partner."""

from contextlib import contextmanager

from money_world import Killed, World

from tongxing.city.money import MoneyDesk


class Cut:
    """Ends the process at the n-th entry or exit of a transaction, or call of the partner."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


def cut_desk(here: World, cut: Cut) -> MoneyDesk:
    """A desk over the same books and partner that is cut off somewhere."""

    class CutOffice:
        code = here.office.code

        def __getattr__(self, name: str) -> object:
            inner = getattr(here.office, name)
            if name not in ("writing", "reading"):
                return inner

            @contextmanager
            def cutting():
                cut()
                with inner() as cursor:
                    yield cursor
                    cut()
                cut()

            return cutting

    class CutPartner:
        def __getattr__(self, name: str) -> object:
            inner = getattr(here.partner, name)
            if not callable(inner):
                return inner

            def call(*arguments: object) -> object:
                cut()
                answer = inner(*arguments)
                cut()
                return answer

            return call

    return MoneyDesk(CutOffice(), {"pay": CutPartner()})
