"""A day's records of many issuers over a vault: right, wrong, and what could not be checked."""

from itertools import product

import numpy as np
import pytest
from tac_world import CASES, a_vault, fields_of

from tongxing.kernel.reasons import Refusal
from tongxing.media.crypto.suites import DES, DES_NAMED, SM4, suite_of
from tongxing.media.tac.columns import IssuerKey, TacColumns, check_columns, columns_of
from tongxing.media.tac.fields import TacFields, signed_input
from tongxing.media.tac.single import check_tac

CASE = CASES["transactions"][0]
ISSUERS = tuple(bytes.fromhex(f"99{number:02d}6900ffffffff") for number in range(3))
Uploaded = tuple[TacFields, bytes]


def a_day() -> list[Uploaded]:
    """Records of three issuers and both algorithms, in a lively order, every fifth code wrong."""
    vault = a_vault()
    found = []
    kinds = product(range(7), ISSUERS, (DES, SM4, DES_NAMED))
    for number, (card, issuer, algorithm) in enumerate(kinds):
        fields = fields_of(
            CASE,
            issuer_id=issuer,
            algorithm=algorithm,
            card_factor=bytes.fromhex(f"90100000000{card:05d}"),
            serial=number,
        )
        tac = right_code(vault, fields)
        found.append((fields, tac if number % 5 else bytes((tac[0] ^ 1,)) + tac[1:]))
    return found


def right_code(vault, fields: TacFields) -> bytes:
    factors = (fields.issuer_id, fields.card_factor)
    key = vault.card_key("DTK", fields.algorithm, fields.key_version, factors)
    return suite_of(fields.algorithm).tac(key, signed_input(fields))


def test_columns_give_the_verdicts_of_single_checks():
    day, vault = a_day(), a_vault()
    columns = columns_of(day)
    assert isinstance(columns, TacColumns)
    assert len(columns.issuers) == 9
    found = check_columns(vault, columns)
    assert found.right.tolist() == [check_tac(vault, fields, tac) for fields, tac in day]
    assert not found.unchecked.any()
    assert not found.refusals
    assert 0 < (~found.right).sum() < len(day)


def test_records_whose_key_is_lacking_are_unchecked_and_the_others_are_not_touched():
    day = a_day()
    strange = [
        (fields_of(CASE, key_version=9), bytes(4)),
        (fields_of(CASE, algorithm=3), bytes(4)),
    ]
    found = check_columns(a_vault(), columns_of([strange[0], *day, strange[1]]))
    assert np.flatnonzero(found.unchecked).tolist() == [0, len(day) + 1]
    assert not found.right[[0, len(day) + 1]].any()
    assert found.right[1:-1].tolist() == check_columns(a_vault(), columns_of(day)).right.tolist()
    issuer = strange[0][0].issuer_id
    assert {key: refusal.code for key, refusal in found.refusals.items()} == {
        IssuerKey(issuer, DES, 9): "KEYVAULT_KEY",
        IssuerKey(issuer, 3, 1): "KEY_ALGORITHM_UNSUPPORTED",
    }


def test_loads_stand_in_columns_of_their_own():
    loads = [case for case in CASES["transactions"] if case["name"] == "a load"]
    records = [(fields_of(case), bytes.fromhex(case["tac"])) for case in loads]
    columns = columns_of(records)
    assert columns.data.shape == (2, 24)
    assert check_columns(a_vault(), columns).right.all()
    with pytest.raises(ValueError, match="loads"):
        columns_of([*records, (fields_of(CASE), bytes(4))])


def test_no_records_are_a_batch_too():
    found = check_columns(a_vault(), columns_of([]))
    assert found.right.shape == (0,)
    assert not found.refusals


def test_a_record_that_does_not_fit_is_named_by_its_row():
    found = columns_of([(fields_of(CASE), bytes(4)), (fields_of(CASE, time="soon"), bytes(4))])
    assert found == Refusal("TAC_FIELDS", "1:time", {"field": "time"})


@pytest.mark.parametrize("issuer", [[0, 1], [0, -1, 0], [0, 1, 0]])
def test_every_record_belongs_to_an_issuer_of_the_list(issuer):
    with pytest.raises(ValueError, match="issuer"):
        TacColumns(
            (IssuerKey(bytes(8), DES, 1),),
            np.array(issuer, np.int32),
            np.zeros((3, 8), np.uint8),
            np.zeros((3, 22), np.uint8),
            np.zeros((3, 4), np.uint8),
        )
