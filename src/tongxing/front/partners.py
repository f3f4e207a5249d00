"""A city's partners as its desks know them: ways to pay, short messages, checks of identities."""

from collections.abc import Mapping
from dataclasses import dataclass

from tongxing.kernel.reasons import Refusal
from tongxing.partners.alipay import AlipayChannel
from tongxing.partners.aliyun import AliyunIdentity, AliyunSms
from tongxing.partners.identity import IdentityChecker
from tongxing.partners.payment import PaymentChannel
from tongxing.partners.settings import PartnerSettings
from tongxing.partners.sms import SmsSender
from tongxing.partners.wechat import WechatChannel


@dataclass(frozen=True)
class Partners:
    """`channels` are the ways to pay, in the order in which passengers are offered them."""

    channels: Mapping[str, PaymentChannel]
    sms: SmsSender
    identity: IdentityChecker


def partners_of(settings: PartnerSettings) -> Partners | Refusal:
    """The adapters for these settings. Refuses FRONT_PARTNER_MISSING without a way to pay, or
    without whoever sends messages and checks identities."""
    channels: dict[str, PaymentChannel] = {}
    if settings.alipay is not None:
        channels["alipay"] = AlipayChannel(settings.alipay)
    if settings.wechat is not None:
        channels["wechat"] = WechatChannel(settings.wechat)
    if not channels:
        return Refusal("FRONT_PARTNER_MISSING", "alipay", {"what": "alipay, wechat"})
    if settings.aliyun is None:
        return Refusal("FRONT_PARTNER_MISSING", "aliyun", {"what": "aliyun"})
    return Partners(channels, AliyunSms(settings.aliyun), AliyunIdentity(settings.aliyun))
