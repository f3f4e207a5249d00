"""The sealed vault file: opens with its passphrase and nothing else, and shows nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from tongxing.kernel.reasons import Refusal
from tongxing.media.keys import KEY_USES, MasterName
from tongxing.media.keys.marks import simulated_masters
from tongxing.media.keys.software import SoftwareVault
from tongxing.media.keys.vault_file import drawn_masters, seal, unseal

PASSPHRASE = "correct horse 电池 staple"
QUICK = 10
NAMES = tuple(MasterName(use, algorithm, 1) for use in KEY_USES for algorithm in (0, 4))


class Drawn:
    """Random bytes that are the same in each run and never repeat."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, size: int) -> bytes:
        self._count += 1
        return (self._count * 0x9E3779B97F4A7C15F39CC0605CEDC835).to_bytes(32, "big")[-size:]


def sealed(environment: str = "prod") -> bytes:
    drawn = Drawn()
    made = (
        seal(drawn_masters(NAMES, drawn), "prod", PASSPHRASE, drawn, QUICK)
        if environment == "prod"
        else seal(simulated_masters(), "test", PASSPHRASE, drawn, QUICK)
    )
    assert isinstance(made, bytes)
    return made


PROD, TEST = sealed(), sealed("test")


def code(found: SoftwareVault | bytes | Refusal) -> str:
    return found.code if isinstance(found, Refusal) else ""


def test_it_opens_with_its_passphrase_to_the_same_keys() -> None:
    vault = unseal(TEST, PASSPHRASE)
    assert isinstance(vault, SoftwareVault)
    factors = (bytes(8), bytes(range(8)))
    for use in KEY_USES:
        for algorithm in (0, 4):
            assert vault.card_key(use, algorithm, 1, factors) == SoftwareVault(
                simulated_masters()
            ).card_key(use, algorithm, 1, factors)
    assert vault.environment == "test"
    prod = unseal(PROD, PASSPHRASE)
    assert isinstance(prod, SoftwareVault) and prod.environment == "prod"


@pytest.mark.parametrize("passphrase", ["", "correct horse 电池 stapl", PASSPHRASE + " ", "\ud800"])
def test_another_passphrase_does_not_open_it(passphrase: str) -> None:
    assert code(unseal(PROD, passphrase)) == "KEYVAULT_PASSPHRASE"


def test_nothing_in_the_file_can_be_changed() -> None:
    opened = 0
    for at in range(0, len(PROD), 5):
        altered = PROD[:at] + bytes((PROD[at] ^ 1,)) + PROD[at + 1 :]
        found = unseal(altered, PASSPHRASE)
        opened += isinstance(found, SoftwareVault)
        assert code(found) in {"KEYVAULT_FILE", "KEYVAULT_PASSPHRASE", ""}
    # White space of the JSON around the fields is not part of what is sealed.
    assert opened <= PROD.count(b" ") + PROD.count(b"\n")


def test_the_cost_of_guessing_cannot_be_lowered() -> None:
    assert code(unseal(TEST.replace(b'"log2_cost": 10', b'"log2_cost": 1'), PASSPHRASE)) == (
        "KEYVAULT_FILE"
    )
    raised = TEST.replace(b'"log2_cost": 10', b'"log2_cost": 11')
    assert raised != TEST
    assert code(unseal(raised, PASSPHRASE)) == "KEYVAULT_PASSPHRASE"


@given(st.binary(max_size=400))
def test_any_bytes_are_a_vault_or_a_refusal(content: bytes) -> None:
    assert code(unseal(content, PASSPHRASE)) == "KEYVAULT_FILE"


@given(st.recursive(st.none() | st.text(max_size=4) | st.integers(), st.lists, max_leaves=6))
def test_a_header_of_another_kind_is_no_vault_file(value: object) -> None:
    whole = json.decode(TEST)
    whole["header"]["salt"] = value
    assert code(unseal(json.encode(whole), PASSPHRASE)) == "KEYVAULT_FILE"


def test_neither_keys_nor_uses_stand_in_the_file() -> None:
    for key in simulated_masters().values():
        assert key not in TEST and key.hex().encode() not in TEST.lower()
    assert b"DPK" not in TEST


def test_a_short_passphrase_and_a_test_key_for_real_money_are_refused() -> None:
    assert code(seal({}, "test", "too short 11", Drawn(), QUICK)) == ""
    assert code(seal({}, "test", "short 11 ch", Drawn(), QUICK)) == "KEYVAULT_PASSPHRASE_SHORT"
    refused = seal(simulated_masters(), "prod", PASSPHRASE, Drawn(), QUICK)
    assert code(refused) == "TEST_KEY_IN_PROD"


def test_a_source_that_repeats_itself_makes_no_keys() -> None:
    with pytest.raises(ValueError, match="same key twice"):
        drawn_masters(NAMES, lambda size: bytes(size))
