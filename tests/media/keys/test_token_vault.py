"""A vault in a real PKCS#11 token (SoftHSM2): keys used inside, never taken out."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tongxing.kernel.reasons import Refusal
from tongxing.media.card.terminal import MemorySerials, SoftwareSam
from tongxing.media.keys import KEY_USES, MasterName
from tongxing.media.keys.marks import simulated_masters
from tongxing.media.keys.pkcs11 import Pkcs11Vault, label_of, put_masters
from tongxing.media.keys.software import SoftwareVault

PIN = "48151623"
ISSUER8, CARD8 = bytes.fromhex("99016900FFFFFFFF"), bytes.fromhex("9010000000000013")
MODULES = [
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
    Path("/usr/local/lib/softhsm/libsofthsm2.so"),
]
TEST_MASTERS = {name: key for name, key in simulated_masters().items() if name.algorithm == 0}
OWN = bytes.fromhex("93A5C1E7F2048B6D1957AE3C60D8B422")
SOFTWARE = SoftwareVault(simulated_masters())


class TokenShop:
    """Makes tokens in a folder of this run's own."""

    def __init__(self, module: Path) -> None:
        self.module = module

    def make(self, label: str) -> None:
        words = ["--init-token", "--free", "--label", label, "--so-pin", PIN, "--pin", PIN]
        subprocess.run(["softhsm2-util", *words], check=True, capture_output=True)

    def refill(self) -> None:
        """Have the library look at its folder again: it read the list of tokens when it loaded."""
        import pkcs11

        pkcs11.lib(str(self.module)).reinitialize()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenShop]:
    module = next((path for path in MODULES if path.is_file()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("no SoftHSM2: no libsofthsm2.so or softhsm2-util on this machine")
    pytest.importorskip("pkcs11", reason="no SoftHSM2: python-pkcs11 is not installed")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    settings = f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n"
    (folder / "softhsm2.conf").write_text(settings + "log.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    made = TokenShop(module)
    for label in ("cards", "own", "empty"):
        made.make(label)
    made.refill()
    assert put_masters(module, "cards", PIN, TEST_MASTERS) is None
    assert put_masters(module, "own", PIN, {MasterName("DPK", 0, 3): OWN}) is None
    yield made
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture
def vault(shop: TokenShop) -> Iterator[Pkcs11Vault]:
    opened = Pkcs11Vault.open(shop.module, "cards", PIN)
    assert isinstance(opened, Pkcs11Vault)
    yield opened
    opened.close()


def code(found: object) -> str:
    return found.code if isinstance(found, Refusal) else ""


def test_it_derives_the_same_keys_as_software(vault: Pkcs11Vault) -> None:
    for use in KEY_USES:
        for algorithm in (0, 1):
            for factors in ((ISSUER8,), (ISSUER8, CARD8), (bytes(8), ISSUER8, CARD8)):
                found = vault.card_key(use, algorithm, 1, factors)
                assert found == SOFTWARE.card_key(use, algorithm, 1, factors)


def test_it_derives_many_keys_at_once(vault: Pkcs11Vault) -> None:
    factors = np.random.default_rng(1).integers(0, 256, (500, 8), dtype=np.uint8)
    found = vault.card_keys("DTK", 0, 1, ISSUER8, factors)
    wanted = SOFTWARE.card_keys("DTK", 0, 1, ISSUER8, factors)
    assert isinstance(found, np.ndarray) and isinstance(wanted, np.ndarray)
    assert np.array_equal(found, wanted)


def test_a_security_module_signs_with_it(vault: Pkcs11Vault) -> None:
    command = bytes.fromhex(
        "8070000024112233440010000000B406202601080905000100901000000000001399016900FFFFFFFF08"
    )
    sam = SoftwareSam(bytes.fromhex("690000000001"), vault, MemorySerials(0x129))
    assert sam.transmit(command).hex().upper() == "0000012AC2ADA56E9000"


def test_what_the_token_cannot_do_is_refused_and_not_faked(vault: Pkcs11Vault) -> None:
    assert code(vault.card_key("DPK", 4, 1, (ISSUER8,))) == "KEY_ALGORITHM_UNSUPPORTED"
    many = vault.card_keys("DPK", 4, 1, ISSUER8, np.zeros((1, 8), np.uint8))
    assert code(many) == "KEY_ALGORITHM_UNSUPPORTED"
    assert code(vault.card_key("DPK", 9, 1, (ISSUER8,))) == "KEY_ALGORITHM_UNSUPPORTED"
    assert code(vault.card_key("DPK", 0, 2, (ISSUER8,))) == "KEYVAULT_KEY"


def test_check_values_are_those_of_software_and_the_text_shows_no_key(vault: Pkcs11Vault) -> None:
    wanted = {name: value for name, value in SOFTWARE.check_values().items() if not name.algorithm}
    assert dict(vault.check_values()) == wanted
    shown = repr(vault) + repr(vault.check_values()) + repr(vault.refused()) + PIN[:0]
    assert not any(key.hex() in shown.lower() for key in TEST_MASTERS.values())
    assert PIN not in shown


def test_the_keys_cannot_be_taken_out(shop: TokenShop, vault: Pkcs11Vault) -> None:
    import pkcs11

    with pkcs11.lib(str(shop.module)).get_token(token_label="own").open(user_pin=PIN) as session:
        key = session.get_key(label=label_of(MasterName("DPK", 0, 3)))
        with pytest.raises(pkcs11.exceptions.AttributeSensitive):
            print(key[pkcs11.Attribute.VALUE])


def test_known_test_keys_are_recognised_inside_and_refused(shop: TokenShop) -> None:
    prod = Pkcs11Vault.open(shop.module, "cards", PIN, "prod")
    assert isinstance(prod, Pkcs11Vault)
    assert code(prod.card_key("DPK", 0, 1, (ISSUER8,))) == "TEST_KEY_IN_PROD"
    assert {refusal.code for refusal in prod.refused()} == {"TEST_KEY_IN_PROD"}
    assert len(prod.refused()) == len(TEST_MASTERS)
    prod.close()


def test_a_key_nobody_knows_serves_where_real_money_moves(shop: TokenShop) -> None:
    prod = Pkcs11Vault.open(shop.module, "own", PIN, "prod")
    assert isinstance(prod, Pkcs11Vault)
    assert prod.refused() == ()
    wanted = SoftwareVault({MasterName("DPK", 0, 3): OWN}).card_key("DPK", 0, 3, (ISSUER8,))
    assert prod.card_key("DPK", 0, 3, (ISSUER8,)) == wanted
    prod.close()


def test_a_key_that_could_be_taken_out_is_refused_for_real_money(shop: TokenShop) -> None:
    import pkcs11

    label = label_of(MasterName("DLK", 0, 9))
    token = pkcs11.lib(str(shop.module)).get_token(token_label="empty")
    with token.open(user_pin=PIN, rw=True) as session:
        session.create_object(
            {
                pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
                pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.DES2,
                pkcs11.Attribute.VALUE: OWN,
                pkcs11.Attribute.LABEL: label,
                pkcs11.Attribute.TOKEN: True,
                pkcs11.Attribute.SENSITIVE: False,
                pkcs11.Attribute.EXTRACTABLE: True,
                pkcs11.Attribute.ENCRYPT: True,
            }
        )
    prod = Pkcs11Vault.open(shop.module, "empty", PIN, "prod")
    assert isinstance(prod, Pkcs11Vault)
    assert code(prod.card_key("DLK", 0, 9, (ISSUER8,))) == "KEYVAULT_POLICY"
    assert [refusal.code for refusal in prod.refused()] == ["KEYVAULT_POLICY"]
    prod.close()


def test_keys_are_never_put_over_others_nor_half_of_them(shop: TokenShop) -> None:
    two = {MasterName("DLK", 0, 3): OWN, MasterName("DPK", 0, 3): OWN}
    assert code(put_masters(shop.module, "own", PIN, two)) == "KEYVAULT_KEY_TAKEN"
    foreign = {MasterName("DLK", 0, 3): OWN, MasterName("DPK", 4, 1): OWN}
    assert code(put_masters(shop.module, "own", PIN, foreign)) == "KEY_ALGORITHM_UNSUPPORTED"
    opened = Pkcs11Vault.open(shop.module, "own", PIN)
    assert isinstance(opened, Pkcs11Vault)
    assert list(opened.check_values()) == [MasterName("DPK", 0, 3)]
    opened.close()


def test_a_wrong_pin_a_missing_token_and_no_module_are_told_apart(shop: TokenShop) -> None:
    assert code(Pkcs11Vault.open(shop.module, "cards", "11111111")) == "KEYVAULT_PIN"
    assert code(Pkcs11Vault.open(shop.module, "cards", "")) == "KEYVAULT_PIN"
    assert code(Pkcs11Vault.open(shop.module, "nowhere", PIN)) == "KEYVAULT_TOKEN"
    missing = shop.module.with_name("nothing.so")
    assert code(Pkcs11Vault.open(missing, "cards", PIN)) == "KEYVAULT_MODULE"
