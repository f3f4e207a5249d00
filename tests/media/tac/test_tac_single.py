"""One code over a vault: right, wrong, or not to be told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tac_world import CASES, MASTER, a_vault, fields_of

from tongxing.kernel.reasons import Refusal
from tongxing.media.keys.software import SoftwareVault
from tongxing.media.keys.vault import MasterName
from tongxing.media.tac.fields import TacFields
from tongxing.media.tac.single import check_tac

TRANSACTIONS = CASES["transactions"]


@pytest.mark.parametrize("case", TRANSACTIONS, ids=lambda case: case["name"])
def test_a_known_code_is_right_and_every_other_bit_makes_it_wrong(case):
    vault, fields, tac = a_vault(), fields_of(case), bytes.fromhex(case["tac"])
    assert check_tac(vault, fields, tac) is True
    for bit in range(32):
        changed = (int.from_bytes(tac, "big") ^ 1 << bit).to_bytes(4, "big")
        assert check_tac(vault, fields, changed) is False


@pytest.mark.parametrize(
    "change",
    [
        {"amount_fen": 181},
        {"kind": 9},
        {"serial": 0x12B},
        {"time": "20260108090501"},
        {"terminal_no": bytes.fromhex("690000000002")},
        {"card_factor": bytes.fromhex("9010000000000014")},
        {"issuer_id": bytes.fromhex("99016901ffffffff")},
        {"algorithm": 4},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_record_no_longer_agrees_with_its_code(change):
    case = TRANSACTIONS[0]
    assert check_tac(a_vault(), fields_of(case, **change), bytes.fromhex(case["tac"])) is False


def test_a_payment_does_not_sign_the_cards_counter_and_balance():
    case = TRANSACTIONS[0]
    fields = fields_of(case, counter_before=999, balance_before_fen=1)
    assert check_tac(a_vault(), fields, bytes.fromhex(case["tac"])) is True


def test_a_load_signs_counter_and_balance():
    case = next(case for case in TRANSACTIONS if case["name"] == "a load")
    for change in ({"counter_before": 8}, {"balance_before_fen": 1251}):
        tac = bytes.fromhex(case["tac"])
        assert check_tac(a_vault(), fields_of(case, **change), tac) is False


def test_both_names_of_3des_are_one_algorithm():
    case = TRANSACTIONS[0]
    fields = fields_of(case, algorithm=1)
    assert check_tac(a_vault(), fields, bytes.fromhex(case["tac"])) is True


def test_a_key_that_the_vault_lacks_leaves_the_code_unchecked():
    found = check_tac(a_vault(), fields_of(TRANSACTIONS[0], key_version=2), bytes(4))
    assert isinstance(found, Refusal)
    assert found.code == "KEYVAULT_KEY"


def test_a_test_key_checks_nothing_in_the_real_world():
    vault = SoftwareVault({MasterName("DTK", 0, 1): MASTER}, "prod")
    found = check_tac(vault, fields_of(TRANSACTIONS[0]), bytes(4))
    assert isinstance(found, Refusal)
    assert found.code == "TEST_KEY_IN_PROD"


def test_an_algorithm_that_nobody_knows_is_refused():
    found = check_tac(a_vault(), fields_of(TRANSACTIONS[0], algorithm=2), bytes(4))
    assert found == Refusal("KEY_ALGORITHM_UNSUPPORTED", "algorithm", {"algorithm": "02"})


def test_fields_that_do_not_fit_are_refused():
    found = check_tac(a_vault(), fields_of(TRANSACTIONS[0], time="later"), bytes(4))
    assert found == Refusal("TAC_FIELDS", "time", {"field": "time"})


@given(
    st.builds(
        TacFields,
        issuer_id=st.binary(min_size=7, max_size=9),
        card_factor=st.binary(min_size=8, max_size=8),
        number=st.text(max_size=20),
        key_version=st.integers(0, 2),
        algorithm=st.integers(0, 5),
        amount_fen=st.integers(0, 1 << 32),
        kind=st.integers(0, 255),
        terminal_no=st.binary(min_size=6, max_size=6),
        serial=st.integers(0, 1 << 32),
        time=st.from_regex(r"[0-9]{14}", fullmatch=True),
        counter_before=st.integers(0, 1 << 16),
        balance_before_fen=st.integers(0, 1 << 32),
    ),
    st.binary(max_size=5),
)
def test_whatever_is_uploaded_gets_an_answer(fields, tac):
    found = check_tac(a_vault(), fields, tac)
    assert isinstance(found, (bool, Refusal))
