"""What an operator agreed with its partners: addresses, ids and keys, one dataclass a partner.

The sandbox differs from the real partner in these values only. Keys never show in a repr. What is
read here is checked here, so that a wrong setting is a refusal at the start and not a lost payment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tongxing.partners.calling import Patience


@dataclass(frozen=True, slots=True)
class AlipaySettings:
    """An application at Alipay's open platform.

    `seller_id` is the merchant's own number there (2088…) and what notices name as paid;
    `sign_scene` and `personal_product_code` are agreed with Alipay for debits without password;
    `app_link` is put before the (encoded) signing page's address where a page outside of Alipay's
    app must open the app first. Keys are PEM texts of 2048-bit RSA.
    """

    gateway: str
    app_id: str
    seller_id: str
    private_key: str = field(repr=False)
    alipay_public_key: str = field(repr=False)
    notify_url: str
    pay_way: Literal["wap", "page"] = "wap"
    sign_scene: str = ""
    personal_product_code: str = "GENERAL_WITHHOLDING_P"
    app_link: str = ""
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class WechatSettings:
    """A merchant at WeChat Pay, APIv3.

    `serial_no` is that of the merchant's certificate, whose key is `private_key`; `platform_keys`
    are the partner's public keys (PEM) by serial or by PUB_KEY_ID_…; empty: its certificates are
    fetched. `client_ip` is sent as the payer's address, which the partner asks for with H5 orders.
    """

    base: str
    app_id: str
    merchant_id: str
    serial_no: str
    private_key: str = field(repr=False)
    api_v3_key: str = field(repr=False)
    notify_url: str
    platform_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    pay_way: Literal["h5", "native"] = "h5"
    client_ip: str = "127.0.0.1"
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class AliyunSettings:
    """An access key at Alibaba Cloud for short messages and for the check of identities.

    `templates` gives the registered code of each of our templates; one that is not in it is
    `template_prefix` and our name in capitals, or refused where there is no prefix.
    """

    sms_base: str
    identity_base: str
    access_key_id: str
    access_key_secret: str = field(repr=False)
    sign_name: str
    templates: Mapping[str, str] = field(default_factory=dict)
    template_prefix: str = ""
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class PartnerSettings:
    """The partners that are set up; None: this one is not used."""

    alipay: AlipaySettings | None = None
    wechat: WechatSettings | None = None
    aliyun: AliyunSettings | None = None
