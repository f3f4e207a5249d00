"""The rules of ride codes as data, the issuer's sealed file, and the scripts of others."""

import hashlib
import tomllib
from datetime import date
from importlib.resources import files

import pytest
from codes_world import DAY, EIGHT, ISSUER, ISSUER_ID, PLATFORM, ROOT, draws, refused

from tongxing.city.codes import CodeIssuer, code_rules, roots_file, seal_issuer, unseal_issuer
from tongxing.city.codes.terms import read_code_rules
from tongxing.media.code.issue import make_certificate
from tongxing.media.code.trusting import parse_roots
from tongxing.media.crypto.providers import private_key, simulated_signer, sm2
from tongxing.media.crypto.standard import standard
from tongxing.media.keys.vault import Environment

CONTENT = files("tongxing.city").joinpath("data", "ride_codes.toml").read_bytes()
PASSPHRASE = "a long and winding passphrase"
QUICK = 10


def test_every_city_has_rules_on_every_day() -> None:
    for city in ("500000", "110000", "659001"):
        for day in (date(1999, 1, 1), DAY, date(2040, 1, 1)):
            rules = read_code_rules(CONTENT, city, day)
            assert rules.terms.refresh_s < rules.terms.validity_s
            assert rules.terms.renew_before_s < rules.terms.authorised_s
            assert rules.kinds


def test_a_citys_own_number_stands_over_the_default_from_its_day() -> None:
    own = b'\n[[terms]]\ncity = "500000"\nfrom = 2026-05-01\ndevices_max = 1\nsource = "x"\n'
    assert read_code_rules(CONTENT + own, "500000", date(2026, 4, 30)).terms.devices_max == 3
    assert read_code_rules(CONTENT + own, "500000", date(2026, 5, 1)).terms.devices_max == 1
    assert read_code_rules(CONTENT + own, "110000", date(2026, 5, 1)).terms.devices_max == 3


ROW = '\n[[terms]]\ncity = "500000"\nfrom = 2026-05-01\nsource = "x"\n'
TYPE = (
    '\n[[types]]\ncity = "500000"\nfrom = 2025-12-24\ngold = true\nneeds_card = false\n'
    'source = "x"\n'
)
WRONG = {
    "a number of another name": ROW + "device_max = 1\n",
    "nothing of something": ROW + "devices_max = 0\n",
    "a number in words": ROW + 'devices_max = "three"\n',
    "two tables of one day": ROW + ROW,
    "two kinds of one name": TYPE + 'name = "ride"\nnumber = 9\n',
    "two kinds of one number": TYPE + 'name = "other"\nnumber = 2\n',
    "a number beyond its byte": TYPE + 'name = "other"\nnumber = 256\n',
    "no table at all": ROW + "[",
}


@pytest.mark.parametrize("what", WRONG)
def test_rules_that_are_not_wholly_understood_are_refused(what: str) -> None:
    with pytest.raises(ValueError):
        read_code_rules(CONTENT + WRONG[what].encode(), "500000", date(2026, 5, 1))


def test_what_a_phone_can_cost_is_the_smaller_of_time_and_money() -> None:
    terms = code_rules("500000", EIGHT).terms
    assert terms.most_lost_fen(10**9, 240) == 2 * 2_000
    assert terms.most_lost_fen(10**9, 241) == 3 * 2_000
    assert terms.most_lost_fen(500, 10**6) == 500 + 2_000
    assert terms.most_lost_fen(-9_999, 10**6) == 2_000, "what is owed already is not lost again"
    assert terms.most_lost_fen(500, -5) == 0


def a_key(seed: int) -> tuple[bytes, bytes]:
    """A private key that is no real one, and a certificate for it."""
    return certified(private_key(draws(seed)))


def certified(private: bytes) -> tuple[bytes, bytes]:
    certificate = make_certificate(
        ROOT.sign,
        issuer_id=ISSUER_ID,
        public_key=simulated_signer().public_of(private),
        expires=date(2028, 3, 1),
        serial="000002",
    )
    assert isinstance(certificate, bytes)
    return private, certificate


def sealed(private: bytes, certificate: bytes, environment: Environment = "prod") -> object:
    return seal_issuer(private, certificate, PLATFORM, environment, PASSPHRASE, draws(5), QUICK)


def test_an_issuer_comes_out_of_its_file_and_signs() -> None:
    private, certificate = a_key(4)
    content = sealed(private, certificate)
    assert isinstance(content, bytes)
    assert private.hex().encode() not in content
    issuer = unseal_issuer(content, PASSPHRASE)
    assert isinstance(issuer, CodeIssuer)
    assert (issuer.certificate, issuer.platform_id, issuer.is_test) == (
        certificate,
        PLATFORM,
        False,
    )
    signature = issuer.signer(b"words")
    key = sm2().key(issuer.fields.public_key)
    assert isinstance(signature, bytes)
    assert key is not None
    assert sm2().verify(key, b"words", signature)
    assert private.hex() not in repr(issuer)


def test_a_file_that_is_not_right_gives_no_issuer() -> None:
    private, certificate = a_key(4)
    content = sealed(private, certificate)
    assert isinstance(content, bytes)
    assert refused(unseal_issuer(content, PASSPHRASE + "!")) == "KEYVAULT_PASSPHRASE"
    assert refused(unseal_issuer(content.replace(b'"log2_cost": 10', b'"log2_cost": 11'),
                                 PASSPHRASE)) == "KEYVAULT_PASSPHRASE"  # fmt: skip
    for broken in (b"", b"{}", content[:-20], b"[" * 10_000, content.replace(b"salt", b"malt")):
        assert refused(unseal_issuer(broken, PASSPHRASE)) == "CODE_ISSUER_FILE"
    short = seal_issuer(private, certificate, PLATFORM, "prod", "short", draws(5), QUICK)
    assert refused(short) == "KEYVAULT_PASSPHRASE_SHORT"


def test_a_key_that_everybody_knows_signs_nothing_real() -> None:
    for known in (standard().sm2_private, bytes(31) + b"\x07"):
        assert refused(sealed(*certified(known))) == "CODE_ISSUER_TEST_KEY"
        assert isinstance(sealed(*certified(known), environment="test"), bytes)


def test_a_certificate_of_another_key_is_refused() -> None:
    private, _ = a_key(4)
    _, certificate = a_key(6)
    assert refused(sealed(private, certificate)) == "CODE_ISSUER_KEY"
    assert refused(sealed(private, certificate[:-1])) == "CODE_ISSUER_FILE"
    assert refused(sealed(bytes(32), certificate)) == "CODE_ISSUER_FILE"


def test_the_roots_file_is_what_gates_read() -> None:
    assert parse_roots(roots_file({1: ROOT.public, 23: ROOT.public}), sm2()) == {
        1: ROOT.public,
        23: ROOT.public,
    }
    assert ISSUER.is_test


def test_each_script_of_others_is_the_one_that_the_lock_names() -> None:
    vendor = files("tongxing.rider").joinpath("static/vendor")
    listed = tomllib.loads(vendor.joinpath("vendor.lock").read_text(encoding="utf-8"))["file"]
    known = {"vendor.lock"}
    for entry in listed:
        content = vendor.joinpath(entry["path"]).read_bytes()
        assert hashlib.sha512(content).hexdigest() == entry["sha512"], entry["path"]
        assert vendor.joinpath(entry["licence_file"]).is_file()
        assert entry["licence"] == "MIT"
        known |= {entry["path"], entry["licence_file"]}
    assert {item.name for item in vendor.iterdir()} == known
