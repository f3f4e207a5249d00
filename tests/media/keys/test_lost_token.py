"""A token that goes away under a vault is a refusal: a security module must answer everything."""

from typing import Any

import pytest

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.terminal import MemorySerials, SoftwareSam
from tongxing.media.keys.pkcs11 import Pkcs11Vault

pkcs11 = pytest.importorskip("pkcs11")


class Gone:
    """A session whose token has been pulled out."""

    def get_objects(self, wanted: Any) -> Any:
        raise pkcs11.exceptions.DeviceRemoved


def test_a_lost_token_refuses_and_its_module_still_answers() -> None:
    vault = Pkcs11Vault(Gone(), "test")
    found = vault.card_key("DPK", 0, 1, (bytes(8), bytes(8)))
    assert isinstance(found, Refusal)
    assert found.code == "KEYVAULT_LOST"
    sam = SoftwareSam(bytes(6), vault, MemorySerials())
    sign = bytes.fromhex("807000002411223344001000000000" + "09" + "20260108090500" + "0100")
    answer = sam.transmit(sign + bytes(16) + b"\x08")
    assert len(answer) == 2
    assert answer != b"\x90\x00"
