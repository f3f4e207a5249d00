"""Vaults: worked keys, bulk equal to single, test keys refused, no key in any text."""

import pickle
import traceback

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.suites import suite_of
from tongxing.media.keys import KEY_USES, KeyUse, KeyVault, MasterName
from tongxing.media.keys.marks import simulated_masters
from tongxing.media.keys.software import SoftwareVault

ISSUER8, CARD8 = bytes.fromhex("99016900FFFFFFFF"), bytes.fromhex("9010000000000013")
VAULT = SoftwareVault(simulated_masters())
FACTORS = st.lists(st.binary(min_size=8, max_size=8), min_size=1, max_size=3)
# Worked by hand from the published test masters: card keys of one card, and one issuer's key.
WORKED: list[tuple[KeyUse, int, str]] = [
    ("DPK", 0x00, "24622AF415A36087004E9CCD31D4E401"),
    ("DLK", 0x01, "6CFCD673B20EDBF160B6F17B74E1E987"),
    ("DTK", 0x00, "F686D5944E9B5D440DA0806CD853009C"),
    ("DAMK", 0x00, "F8E213CC7BF182EB119D52C20C4675E2"),
    ("DPK", 0x04, "6F8FDB4C1BCC413742002CA955580C8A"),
    ("DLK", 0x04, "1B7137F4025EE9724C5738693BCD23C5"),
    ("DTK", 0x04, "5B0D451D3BC17CF4F5C190899B2E2AE8"),
    ("DAMK", 0x04, "924476BFBE627A32198469341ED19638"),
]


@pytest.mark.parametrize(("use", "algorithm", "key"), WORKED)
def test_a_worked_card_key_is_derived_issuer_first(use: KeyUse, algorithm: int, key: str) -> None:
    found = VAULT.card_key(use, algorithm, 1, (ISSUER8, CARD8))
    assert isinstance(found, bytes) and found.hex().upper() == key


def test_one_factor_gives_the_key_of_an_issuer() -> None:
    found = VAULT.card_key("DPK", 0, 1, (ISSUER8,))
    assert isinstance(found, bytes) and found.hex().upper() == "9FC7E0BAAADA30279B284BA8971A958E"


@given(FACTORS, st.sampled_from([0, 1, 4]), st.sampled_from(KEY_USES))
def test_a_chain_of_factors_is_the_suites_own_derivation(
    factors: list[bytes], algorithm: int, use: KeyUse
) -> None:
    suite = suite_of(algorithm)
    assert suite is not None
    key = simulated_masters()[MasterName(use, algorithm & 4, 1)]
    for factor in factors:
        key = suite.diversify(key, factor)
    assert VAULT.card_key(use, algorithm, 1, factors) == key


@given(st.integers(0, 40), st.sampled_from([0, 1, 4]))
def test_many_keys_at_once_are_the_keys_one_by_one(count: int, algorithm: int) -> None:
    factors = np.random.default_rng(count).integers(0, 256, (count, 8), dtype=np.uint8)
    keys = VAULT.card_keys("DTK", algorithm, 1, ISSUER8, factors)
    assert isinstance(keys, np.ndarray) and keys.shape == (count, 16)
    for row, key in zip(factors, keys, strict=True):
        assert VAULT.card_key("DTK", algorithm, 1, (ISSUER8, row.tobytes())) == key.tobytes()


def refusals(vault: KeyVault, use: KeyUse, algorithm: int, version: int) -> list[str]:
    single = vault.card_key(use, algorithm, version, (ISSUER8, CARD8))
    many = vault.card_keys(use, algorithm, version, ISSUER8, np.zeros((2, 8), np.uint8))
    assert isinstance(single, Refusal) and isinstance(many, Refusal)
    return [single.code, many.code]


def test_what_the_vault_does_not_have_is_refused() -> None:
    assert refusals(VAULT, "DPK", 0, 2) == ["KEYVAULT_KEY"] * 2
    assert refusals(VAULT, "DPK", 7, 1) == ["KEY_ALGORITHM_UNSUPPORTED"] * 2


def test_the_master_key_itself_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="8 bytes"):
        VAULT.card_key("DPK", 0, 1, ())
    with pytest.raises(ValueError, match="8 bytes"):
        VAULT.card_key("DPK", 0, 1, (ISSUER8, CARD8[:7]))
    with pytest.raises(ValueError, match="8 bytes"):
        VAULT.card_keys("DPK", 0, 1, ISSUER8, np.zeros((2, 7), np.uint8))
    with pytest.raises(ValueError, match="16 bytes"):
        SoftwareVault({MasterName("DPK", 0, 1): bytes(8)})


def test_every_key_of_the_simulation_is_refused_where_real_money_moves() -> None:
    vault = SoftwareVault(simulated_masters(), "prod")
    for use in KEY_USES:
        for algorithm in (0, 1, 4):
            assert refusals(vault, use, algorithm, 1) == ["TEST_KEY_IN_PROD"] * 2
    assert len(vault.refused()) == len(simulated_masters())


@pytest.mark.parametrize(
    "key",
    [
        "404142434445464748494A4B4C4D4E4F",
        "414043424544474649484B4A4D4C4F4E",
        "0123456789ABCDEFFEDCBA9876543210",
        "00000000000000000000000000000000",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
    ],
    ids=["of the simulation", "the same but for parity", "of a manual", "zeros", "ones"],
)
def test_a_known_key_is_recognised_under_any_name(key: str) -> None:
    name = MasterName("DLK", 0, 77)
    vault = SoftwareVault({name: bytes.fromhex(key)}, "prod")
    assert [refusal.code for refusal in vault.refused()] == ["TEST_KEY_IN_PROD"]
    assert refusals(vault, "DLK", 0, 77) == ["TEST_KEY_IN_PROD"] * 2


def test_a_key_that_nobody_knows_serves_where_real_money_moves() -> None:
    own = bytes.fromhex("93A5C1E7F2048B6D1957AE3C60D8B422")
    vault = SoftwareVault({MasterName("DPK", 4, 1): own}, "prod")
    assert vault.refused() == ()
    assert isinstance(vault.card_key("DPK", 4, 1, (ISSUER8,)), bytes)


def test_check_values_are_the_usual_ones_and_all_that_is_shown() -> None:
    values = VAULT.check_values()
    assert list(values) == sorted(simulated_masters())
    # ECB of a zero block, first three bytes; worked with another library.
    assert values[MasterName("DPK", 0, 1)] == "8BAF47"
    assert values[MasterName("DPK", 4, 1)] == "8EB0E2"


def test_no_text_of_a_vault_shows_a_key() -> None:
    texts = [repr(VAULT), str(VAULT), f"{VAULT!r}", repr(VAULT.refused())]
    with pytest.raises(TypeError, match="not copied") as failure:
        pickle.dumps(VAULT)
    texts.append("".join(traceback.format_exception(failure.value)))
    for key in simulated_masters().values():
        for text in texts:
            assert key.hex() not in text.lower()
            assert repr(key) not in text


@pytest.mark.parametrize("algorithm", [0, 4])
def test_keys_of_very_many_cards_are_those_of_single_ones(algorithm: int) -> None:
    factors = np.arange(8 * 10_001, dtype=np.uint32).astype(np.uint8).reshape(-1, 8)
    keys = VAULT.card_keys("DTK", algorithm, 1, ISSUER8, factors)
    assert not isinstance(keys, Refusal)
    for place in (0, 5_000, 10_000):
        single = VAULT.card_key("DTK", algorithm, 1, [ISSUER8, factors[place].tobytes()])
        assert keys[place].tobytes() == single
