"""An operator's settings: from variables and files, or a refusal that names the variable."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tongxing.kernel.reasons import Refusal
from tongxing.partners.loading import chosen_partners, variables
from tongxing.partners.settings import PartnerSettings
from tongxing.sandbox.keys import private_pem, public_pem

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The variables of an operator that uses every partner."""

    def kept(name: str, text: str) -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return {
        "TONGXING_PARTNERS": "alipay, wechat,aliyun",
        "TONGXING_ALIPAY_APP_ID": "2021",
        "TONGXING_ALIPAY_SELLER_ID": "2088",
        "TONGXING_ALIPAY_PRIVATE_KEY_FILE": kept("alipay.pem", private_pem("merchant")),
        "TONGXING_ALIPAY_PUBLIC_KEY_FILE": kept("alipay.pub", public_pem("alipay")),
        "TONGXING_ALIPAY_NOTIFY_URL": "https://city.example/notices/alipay",
        "TONGXING_WECHAT_APP_ID": "wx1",
        "TONGXING_WECHAT_MERCHANT_ID": "1900",
        "TONGXING_WECHAT_SERIAL_NO": "ABC",
        "TONGXING_WECHAT_PRIVATE_KEY_FILE": kept("wechat.pem", private_pem("merchant")),
        "TONGXING_WECHAT_API_V3_KEY_FILE": kept("v3.key", "k" * 32 + "\n"),
        "TONGXING_WECHAT_NOTIFY_URL": "https://city.example/notices/wechat",
        "TONGXING_ALIYUN_ACCESS_KEY_ID": "LTAI",
        "TONGXING_ALIYUN_ACCESS_KEY_SECRET_FILE": kept("aliyun.key", "s3cret\n"),
        "TONGXING_ALIYUN_SIGN_NAME": "通行",
        "TONGXING_ALIYUN_TEMPLATES_FILE": kept("templates.toml", 'sign_in = "SMS_1"\n'),
    }


def test_the_sandbox_plays_them_unless_told_otherwise() -> None:
    assert chosen_partners({}) is None
    assert chosen_partners({"TONGXING_PARTNERS": "sandbox"}) is None


def test_everything_is_read_and_no_secret_shows(environ: dict[str, str]) -> None:
    found = chosen_partners(environ)
    assert isinstance(found, PartnerSettings)
    assert found.alipay and found.wechat and found.aliyun
    assert found.alipay.gateway == "https://openapi.alipay.com/gateway.do"
    assert found.wechat.api_v3_key == "k" * 32 and found.wechat.platform_keys == {}
    assert found.aliyun.templates == {"sign_in": "SMS_1"}
    for secret in ("s3cret", "k" * 32, "PRIVATE KEY"):
        assert secret not in repr(found)


def test_one_partner_alone_needs_nothing_of_the_others(environ: dict[str, str]) -> None:
    mine = {name: text for name, text in environ.items() if "ALIYUN" in name}
    found = chosen_partners({**mine, "TONGXING_PARTNERS": "aliyun"})
    assert isinstance(found, PartnerSettings)
    assert found.alipay is None and found.wechat is None and found.aliyun is not None


def test_each_variable_that_is_missing_is_named(environ: dict[str, str]) -> None:
    for name in [name for name in environ if name != "TONGXING_PARTNERS"]:
        for gone in ({**environ, name: "  "}, {k: v for k, v in environ.items() if k != name}):
            found = chosen_partners(gone)
            assert isinstance(found, Refusal), name
            assert (found.code, found.where) == ("PARTNER_SETTING_MISSING", name)
            assert name in found.message("zh")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TONGXING_PARTNERS", "paypal"),
        ("TONGXING_PARTNERS", "alipay,,wechat"),
        ("TONGXING_ALIPAY_GATEWAY", "http://openapi.alipay.com/gateway.do"),
        ("TONGXING_ALIPAY_GATEWAY", "https://user:secret@host/"),
        ("TONGXING_ALIPAY_GATEWAY", "https://host/?a=1"),
        ("TONGXING_ALIPAY_GATEWAY", "file:///etc/passwd"),
        ("TONGXING_ALIPAY_GATEWAY", "https://[::1"),
        ("TONGXING_WECHAT_BASE", "https://host:99999"),
        ("TONGXING_ALIPAY_PAY_WAY", "card"),
        ("TONGXING_ALIPAY_APP_ID", "1\x00"),
        ("TONGXING_ALIPAY_PRIVATE_KEY_FILE", "/nowhere/key.pem"),
        ("TONGXING_WECHAT_PLATFORM_KEY_FILE", "/nowhere/key.pem"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    environ: dict[str, str], name: str, text: str
) -> None:
    environ["TONGXING_WECHAT_PLATFORM_KEY_ID"] = "PUB_KEY_ID_1"
    found = chosen_partners({**environ, name: text})
    assert isinstance(found, Refusal)
    assert (found.code, found.where) == ("PARTNER_SETTING_BAD", name)
    assert "secret" not in found.message("en")


def test_a_file_that_holds_something_else_is_named_and_not_shown(
    environ: dict[str, str], tmp_path: Path
) -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    other = curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    cases = {
        "TONGXING_ALIPAY_PRIVATE_KEY_FILE": [b"canary", other, public_pem("alipay").encode()],
        "TONGXING_ALIPAY_PUBLIC_KEY_FILE": [b"canary", private_pem("merchant").encode()],
        "TONGXING_WECHAT_API_V3_KEY_FILE": [b"canary", b"k" * 31, "键".encode() * 32],
        "TONGXING_ALIYUN_TEMPLATES_FILE": [b"canary", b"a = 1", b"", b"\xff", b"a" * 100_000],
    }
    for name, contents in cases.items():
        for content in contents:
            path = tmp_path / "wrong"
            path.write_bytes(content)
            found = chosen_partners({**environ, name: str(path)})
            assert isinstance(found, Refusal) and found.where == name
            assert found.code == "PARTNER_SETTING_BAD"
            assert "canary" not in found.message("en") + repr(found)


def test_a_platform_key_comes_with_its_number(environ: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "platform.pub"
    path.write_text(public_pem("wechat"), encoding="utf-8")
    environ["TONGXING_WECHAT_PLATFORM_KEY_FILE"] = str(path)
    found = chosen_partners(environ)
    assert isinstance(found, Refusal) and found.where == "TONGXING_WECHAT_PLATFORM_KEY_ID"
    environ["TONGXING_WECHAT_PLATFORM_KEY_ID"] = "PUB_KEY_ID_1"
    settings = chosen_partners(environ)
    assert isinstance(settings, PartnerSettings) and settings.wechat is not None
    assert list(settings.wechat.platform_keys) == ["PUB_KEY_ID_1"]


def test_every_variable_is_documented() -> None:
    page = (ROOT / "docs/partners.md").read_text(encoding="utf-8")
    assert not [name for name in variables() if name not in page]
