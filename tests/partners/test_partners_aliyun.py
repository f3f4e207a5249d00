"""Short messages and identities over real HTTP against the sandbox, every refusal by its code."""

import hashlib
from dataclasses import replace

import pytest

from tongxing.kernel.reasons import Refusal, reason
from tongxing.partners.aliyun import AliyunIdentity, AliyunSms
from tongxing.partners.aliyun_signing import acs3_authorization
from tongxing.partners.calling import wall_clock
from tongxing.partners.settings import AliyunSettings
from tongxing.sandbox import Sandbox
from tongxing.sandbox.aliyun import is_id_number, known_people

PHONE = "13800138000"
ZHANG = next(number for number, name in known_people().items() if name == "张三")


def settings_of(sandbox: Sandbox) -> AliyunSettings:
    assert sandbox.settings.aliyun is not None
    return sandbox.settings.aliyun


def send(sandbox: Sandbox, phone: str = PHONE) -> Refusal | None:
    return AliyunSms(settings_of(sandbox)).send(phone, "sign_in", {"code": "123456"}, "out1")


def test_the_signature_is_that_of_the_published_example() -> None:
    """Alibaba Cloud's documentation of signature version 3, its example with fixed values."""
    body_hash = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": body_hash,
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    query = {
        "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
        "RegionId": "cn-shanghai",
    }
    found = acs3_authorization(
        "YourAccessKeyId", "YourAccessKeySecret", "POST", "/", query, headers, body_hash
    )
    signature = "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    assert found.endswith(f"Signature={signature}")


def test_a_message_arrives_in_the_inbox_the_newest_first(sandbox: Sandbox) -> None:
    assert send(sandbox) is None
    sms = AliyunSms(settings_of(sandbox))
    assert sms.send("13900139000", "notice", {"what": "绑定", "code": "7"}, "out2") is None
    newest, oldest = sandbox.messages()
    assert (newest.phone, newest.template, dict(newest.values)) == (
        "13900139000",
        "notice",
        {"what": "绑定", "code": "7"},
    )
    assert (oldest.values["code"], oldest.out_id) == ("123456", "out1")
    assert PHONE not in repr(oldest) and "123456" not in repr(oldest)


def test_a_number_and_a_template_that_do_not_exist(sandbox: Sandbox) -> None:
    refused = send(sandbox, "12800138000")
    assert refused is not None and refused.code == "SMS_NUMBER_REFUSED"
    bare = AliyunSms(replace(settings_of(sandbox), template_prefix=""))
    missing = bare.send(PHONE, "sign_in", {}, "out1")
    assert missing is not None and missing.code == "PARTNER_SETTING_MISSING"
    foreign = AliyunSms(replace(settings_of(sandbox), templates={"sign_in": "SMS_1"}))
    unknown = foreign.send(PHONE, "sign_in", {}, "out1")
    assert unknown is not None and unknown.code == "PARTNER_NOT_ALLOWED"
    assert unknown.values["reason"] == "isv.SMS_TEMPLATE_ILLEGAL"
    assert not sandbox.messages()


def test_another_secret_is_turned_away_and_a_nonce_serves_once(sandbox: Sandbox) -> None:
    ours = settings_of(sandbox)
    for wrong, why in (
        (replace(ours, access_key_secret="other"), "SignatureDoesNotMatch"),
        (replace(ours, access_key_id="other"), "InvalidAccessKeyId.NotFound"),
    ):
        found = AliyunSms(wrong).send(PHONE, "sign_in", {}, "out1")
        assert found is not None and found.code == "PARTNER_NOT_ALLOWED"
        assert found.values["reason"] == why
    late = AliyunSms(ours, clock=lambda: wall_clock() - 1000).send(PHONE, "sign_in", {}, "out1")
    assert late is not None and late.values["reason"] == "InvalidTimeStamp.Expired"
    same = AliyunSms(ours, nonce=lambda: "same")
    assert same.send(PHONE, "sign_in", {}, "out1") is None
    again = same.send(PHONE, "sign_in", {}, "out1")
    assert again is not None and again.code == "PARTNER_BUSY"
    assert len(sandbox.messages()) == 1


FAULTS = [
    ("down", True, "PARTNER_NO_ANSWER"),
    ("throttled", True, "PARTNER_BUSY"),
    ("garbage", True, "PARTNER_ANSWER_BAD"),
    ("leave_out", "Code", "PARTNER_ANSWER_BAD"),
    ("drop_answers", 1, "PARTNER_NO_ANSWER"),
    ("redirect_to", "http://127.0.0.1:9/", "PARTNER_ANSWER_BAD"),
]


@pytest.mark.req("R-136")
@pytest.mark.parametrize(("knob", "value", "code"), FAULTS)
def test_what_goes_wrong_is_a_refusal_that_passes(
    sandbox: Sandbox, knob: str, value: object, code: str
) -> None:
    setattr(sandbox.faults, knob, value)
    sent = send(sandbox)
    assert sent is not None and sent.code == code and reason(code).exit_code == 6
    setattr(sandbox.faults, knob, value)
    checked = AliyunIdentity(settings_of(sandbox)).check("张三", ZHANG, "out1")
    assert isinstance(checked, Refusal) and checked.code == code
    told = repr(sent) + repr(checked) + sent.message("zh") + checked.message("en")
    for secret in (PHONE, "123456", "张三", ZHANG, "sandbox0"):
        assert secret not in told


def test_a_message_is_never_sent_twice_by_itself(sandbox: Sandbox) -> None:
    sandbox.faults.drop_answers = 1
    assert send(sandbox) is not None
    assert len(sandbox.messages()) == 1, "it was sent before the answer was lost"


def test_a_name_and_a_number_belong_together_or_do_not(sandbox: Sandbox) -> None:
    checker = AliyunIdentity(settings_of(sandbox))
    for number, name in known_people().items():
        assert is_id_number(number)
        assert checker.check(name, number, "out1") is True
        assert checker.check(name + "丰", number, "out1") is False
    others = "11010519491231002X"
    assert checker.check("王五", others, "out1") is True
    assert checker.check("王错", others, "out1") is False
    assert checker.check("王五", "110105194912310021", "out1") is False, "its check digit"
    assert checker.check("王五", valid("11010519491231404X"), "out1") is False, "nobody has it"
    assert checker.check("王5", others, "out1") is False


def valid(digits: str) -> str:
    """The number with its check digit put right."""
    return next(digits[:17] + end for end in "0123456789X" if is_id_number(digits[:17] + end))


def test_a_verdict_that_is_not_documented_is_no_verdict(sandbox: Sandbox) -> None:
    sandbox.faults.leave_out = "ResultObject"
    found = AliyunIdentity(settings_of(sandbox)).check("张三", ZHANG, "out1")
    assert found == Refusal(
        "PARTNER_ANSWER_BAD", "aliyun", {"partner": "aliyun", "field": "ResultObject"}
    )


def test_secrets_do_not_show(sandbox: Sandbox) -> None:
    told = repr(sandbox.settings)
    assert "PRIVATE KEY" not in told and "sandbox0" not in told
    assert "access_key_secret" not in told
