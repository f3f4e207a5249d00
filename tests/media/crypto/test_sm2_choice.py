"""Which provider computes SM2 on a machine, why, and what is said when a forced one cannot."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from crypto_world import computers
from cryptography.exceptions import UnsupportedAlgorithm

from tongxing.kernel.reasons import Problem, Refusal
from tongxing.media.crypto import libcrypto, providers
from tongxing.media.crypto.libcrypto import LibcryptoUnfit
from tongxing.media.crypto.providers import VARIABLE, is_right, sm2
from tongxing.media.crypto.sm2 import PublicKey, Sm2
from tongxing.media.crypto.sm2_libcrypto import LibcryptoSm2
from tongxing.media.crypto.sm2_plain import PlainSm2


@pytest.fixture(autouse=True)
def chosen_anew() -> Iterator[None]:
    forget()
    yield
    forget()


def forget() -> None:
    providers._sm2.cache_clear()
    providers._made.cache_clear()


@pytest.fixture
def no_openssl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)


@pytest.fixture
def no_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "find_spec", lambda name: None)


def test_where_the_system_knows_sm2_openssl_is_chosen_for_ordinary_work() -> None:
    openssl = shutil.which("openssl")
    if sys.platform != "linux" or openssl is None:
        pytest.skip("there is no openssl to ask")
    asked = [openssl, "ecparam", "-list_curves"]
    if "SM2" not in subprocess.run(asked, capture_output=True, text=True, check=True).stdout:
        pytest.skip("the openssl of this machine has no SM2")
    assert sm2().name == "libcrypto"
    assert {one.name: one.chosen for one in providers.providers()} == {
        "compiled": False, "libcrypto": True, "plain": False
    }  # fmt: skip


def test_where_numba_is_installed_bulk_work_gets_the_kernel() -> None:
    assert sm2("bulk").name == ("compiled" if find_spec("numba") else sm2().name)
    assert ("compiled" in computers()) == bool(find_spec("numba"))


@pytest.mark.usefixtures("no_openssl", "no_numba")
def test_with_nothing_installed_plain_python_checks_and_nobody_signs() -> None:
    assert sm2().name == sm2("bulk").name == "plain"
    found = {one.name: one for one in providers.providers()}
    assert [name for name, one in found.items() if one.chosen] == ["plain"]
    assert found["compiled"].why == "absent.compiled"
    assert found["libcrypto"].why == "unfit"
    assert not any(one.signs for one in found.values() if one.chosen)
    assert providers.generate_key(os.urandom) == Refusal("SM2_NO_SIGNER")


@pytest.mark.parametrize("name", ["plain", "libcrypto", "compiled"])
def test_the_environment_forces_a_provider(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name not in computers():
        pytest.skip(f"{name} is not on this machine")
    monkeypatch.setenv(VARIABLE, name)
    assert [one.name for one in providers.providers() if one.chosen] == [name]
    assert sm2().name == sm2("bulk").name == name


def test_an_unknown_name_is_a_problem_that_lists_the_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, "fastest")
    for ask in (sm2, providers.providers):
        with pytest.raises(Problem, match="SM2_PROVIDER_UNKNOWN") as caught:
            ask()
        assert "compiled, libcrypto, plain" in caught.value.refusal.next_step("en")


@pytest.mark.usefixtures("no_openssl", "no_numba")
@pytest.mark.parametrize("name", ["libcrypto", "compiled"])
def test_a_forced_provider_that_is_not_here_is_never_replaced(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, name)
    for ask in (sm2, providers.providers):
        with pytest.raises(Problem, match="SM2_PROVIDER_UNFIT"):
            ask()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_reason_of_a_choice_is_told(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for forced in ("", "plain"):
        monkeypatch.setenv(VARIABLE, forced)
        told = [one.reason(language) for one in providers.providers()]
        assert all(told) and len(set(told)) >= 2


class AcceptsAll(PlainSm2):
    """A computer that would open every gate."""

    def verify(self, key: PublicKey, message: bytes, signature: bytes) -> bool:
        return True


class RefusesAll(PlainSm2):
    """A computer that would open none."""

    def verify(self, key: PublicKey, message: bytes, signature: bytes) -> bool:
        return False


class TakesAnyPoint(PlainSm2):
    """A computer that does not look whether a point is on the curve."""

    def key(self, public: bytes, *, tabled: bool = False) -> PublicKey | None:
        numbers = (int.from_bytes(public[at : at + 32], "big") for at in (0, 32))
        return PublicKey(*numbers)


@pytest.mark.parametrize("wrong", [AcceptsAll, RefusesAll, TakesAnyPoint])
def test_a_computer_that_gets_the_example_wrong_is_not_believed(wrong: type[Sm2]) -> None:
    assert not is_right(wrong())
    assert all(is_right(computer) for computer in computers().values())


@pytest.mark.parametrize("fault", ["verify", "sign", "refuses"])
def test_an_openssl_that_is_wrong_in_one_thing_is_passed_over(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "libcrypto" not in computers():
        pytest.skip("there is no OpenSSL with SM2 on this machine")
    wrong = {"verify": True, "sign": bytes(64), "refuses": False}[fault]
    monkeypatch.setattr(LibcryptoSm2, fault, lambda *arguments: wrong)
    assert sm2().name == "plain"


@pytest.mark.usefixtures("no_openssl")
def test_a_machine_without_openssl_says_so_at_once() -> None:
    with pytest.raises(LibcryptoUnfit):
        LibcryptoSm2()


def test_a_library_that_lacks_a_function_is_unfit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(libcrypto._SIGNATURES, "EVP_PKEY_from_the_future", (None, ()))
    with pytest.raises(LibcryptoUnfit):
        LibcryptoSm2()


def test_asking_which_is_chosen_loads_no_compiler() -> None:
    code = (
        "import sys; from tongxing.media.crypto.providers import providers, sm2;"
        "providers(); sm2(); sys.exit('numba' in sys.modules)"
    )
    path = os.pathsep.join(sys.path)
    ended = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path})
    assert ended.returncode == 0


def test_sm3_and_sm4_give_their_examples_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert providers.wrong_basics() == []
    monkeypatch.setattr(providers, "sm3", lambda data: bytes(32))
    assert providers.wrong_basics() == ["SM3"]


def test_a_library_without_sm4_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(*arguments: object) -> None:
        raise UnsupportedAlgorithm("SM4")

    monkeypatch.setattr(providers, "Cipher", lacking)
    assert providers.wrong_basics() == ["SM4"]
