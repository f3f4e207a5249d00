"""The ride code in a real browser: set up, shown, renewed, and shown without any network."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from code_page_world import PageSite, open_site
from codes_world import ANNA, BEN, CARD, DAY_S, Gate, open_gate, send

from barriers import barriers_on
from tongxing.media.code.layout import RideCode
from tongxing.media.code.scanning import ride_code_in
from tongxing.media.crypto.providers import sm2
from tongxing.media.crypto.standard import standard
from tongxing.storage import Database
from tongxing.web.surrounding import HEADERS

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
LOCALES = {"zh": "zh-CN", "en": "en-GB"}


@pytest.fixture
def site(database: Database) -> Iterator[PageSite]:
    opened = open_site(database)
    yield opened
    opened.close()


@dataclass
class Visit:
    """A phone's browser, and everything that went wrong in it."""

    context: Any
    page: Any
    site: PageSite
    wrong: list[str] = field(default_factory=list)

    def go(self) -> "Visit":
        """Open the page and wait until it has spoken with the server, or found that it cannot."""
        self.page.goto(self.site.address + "/rider/code")
        self.ready()
        return self

    def ready(self) -> None:
        self.page.locator("html[data-code=ready]").wait_for(timeout=15_000)

    def set_up(self) -> "Visit":
        self.go()
        self.page.locator("#code-begin").click()
        self.page.locator("#code-card").wait_for()
        self.page.locator("#code-qr[data-made]").wait_for()
        return self

    def scan(self) -> RideCode:
        """What a scanner reads from the screen."""
        found = ride_code_in(self.page.locator("#code-card").screenshot())
        assert isinstance(found, RideCode), found
        return found

    def text(self, name: str) -> str:
        return str(self.page.locator(f"#code-{name}").inner_text())

    def note(self, said: Any) -> None:
        expected = "Failed to load resource" in said.text
        if said.type in ("error", "warning") and not expected:
            self.wrong.append(said.text)


@pytest.fixture
def visit(browser: Any, site: PageSite) -> Iterator[Callable[..., Visit]]:
    """A phone's browser; an error, a refused policy or an outside address is a fault."""
    opened: list[Visit] = []

    def go(language: str = "zh", **how: Any) -> Visit:
        context = browser.new_context(viewport=PHONE, locale=LOCALES[language], **how)
        found = Visit(context, context.new_page(), site)
        opened.append(found)
        found.page.on("console", found.note)
        found.page.on("pageerror", lambda error: found.wrong.append(str(error)))
        found.page.on(
            "request",
            lambda asked: (
                None if asked.url.startswith(site.address) else found.wrong.append(asked.url)
            ),
        )
        return found

    yield go
    for found in opened:
        found.context.close()
        assert found.wrong == []


def opens(gate: Gate, code: RideCode, terminal: str = "in", after_s: int = 2) -> str:
    return gate.show(code.raw, code.generated_s + after_s, terminal).reason


@pytest.mark.req("R-013", "R-017", "R-018")
def test_a_phone_sets_itself_up_and_its_picture_opens_a_gate_once(
    visit: Callable[..., Visit], site: PageSite, tmp_path: Path
) -> None:
    seen = visit("zh").set_up()
    assert seen.text("kind") == "畅通码（金框）", "a card is bound"
    assert "gold" in seen.page.locator("#code-card").get_attribute("class")
    code = seen.scan()
    assert (code.payment_account, code.card_number) == (ANNA, CARD)
    assert len(code.raw) == 334
    gate = open_gate(tmp_path)
    assert opens(gate, code) == "OPEN"
    (tap,) = gate.taps()
    assert (tap.medium_no, tap.code) == (f"Q{ANNA}", code.raw)
    assert opens(gate, code, "in2", 20) == "QR_REPLAYED"
    seen.page.locator("#code-refresh").click()
    seen.page.locator(f'#code-qr:not([data-made="{code.generated_s}"])').wait_for()
    fresh = seen.scan()
    assert fresh.raw != code.raw and fresh.generated_s > code.generated_s
    assert fresh.authorisation == code.authorisation
    assert gate.show(fresh.raw, fresh.generated_s + 30, "out").reason == "OPEN"
    send(site.world, gate, fresh.generated_s + 60)
    assert site.world.desk.last_type(ANNA, fresh.generated_s + 60) == "changtong"
    assert seen.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.req("R-017", "R-018")
def test_the_ordinary_code_has_no_frame_and_the_choice_stays(
    visit: Callable[..., Visit], site: PageSite
) -> None:
    seen = visit("en").set_up()
    assert seen.text("kind") == "Changtong code (gold frame)"
    seen.page.get_by_role("radio", name="Ordinary ride code").check()
    seen.page.locator("#code-kind", has_text="Ordinary ride code").wait_for()
    assert "gold" not in seen.page.locator("#code-card").get_attribute("class")
    assert seen.scan().custom == b"C\x01"
    seen.go()
    assert seen.text("kind") == "Ordinary ride code"
    assert site.world.desk.last_type(ANNA, site.clock()) == "ride"
    seen.page.get_by_role("radio", name="Changtong code").check()
    seen.page.locator("#code-kind", has_text="gold frame").wait_for()
    seen.page.wait_for_timeout(1_200)
    assert seen.scan().custom == b"C\x02"


def test_without_a_bound_card_there_is_no_gold(visit: Callable[..., Visit], site: PageSite) -> None:
    site.account = BEN
    seen = visit("en").set_up()
    assert seen.text("kind") == "Ordinary ride code"
    assert seen.page.get_by_role("radio", name="Changtong code").is_disabled()
    assert "needs a card bound" in seen.text("kind-list")


def test_in_flight_mode_the_page_opens_and_its_fresh_code_is_accepted(
    visit: Callable[..., Visit], site: PageSite, tmp_path: Path
) -> None:
    seen = visit("zh").set_up()
    first = seen.scan()
    seen.go()
    site.close()
    seen.context.set_offline(True)
    seen.page.wait_for_timeout(1_000)  # a code's time has whole seconds
    seen.page.goto(site.address + "/rider/")
    seen.page.locator("#code-qr[data-made]").wait_for()
    seen.ready()
    assert "没有网络" in seen.text("network")
    code = seen.scan()
    assert code.generated_s > first.generated_s
    gate = open_gate(tmp_path)
    assert opens(gate, code) == "OPEN"
    seen.page.get_by_role("radio", name="公共交通乘车码").check()
    seen.page.locator("#code-card:not(.gold)").wait_for()
    seen.page.wait_for_timeout(1_200)
    other = seen.scan()
    assert other.custom == b"C\x01"
    assert gate.show(other.raw, other.generated_s + 20, "out").reason == "OPEN"


def test_a_wrong_clock_is_corrected_and_told(
    visit: Callable[..., Visit], site: PageSite, tmp_path: Path
) -> None:
    seen = visit("en")
    ahead_ms = 7_200_000
    seen.context.add_init_script(
        f"const was = Date.now.bind(Date); Date.now = () => was() + {ahead_ms};"
    )
    seen.set_up()
    assert "7200 s fast" in seen.text("clock") or "7201 s fast" in seen.text("clock")
    code = seen.scan()
    assert abs(code.generated_s - site.clock()) <= 3
    assert gate_now(tmp_path, code, site.clock()) == "OPEN"


def gate_now(folder: Path, code: RideCode, now_s: int) -> str:
    return open_gate(folder).show(code.raw, now_s, "in").reason


def test_an_authorisation_that_is_over_is_told_and_renewed(
    visit: Callable[..., Visit], site: PageSite
) -> None:
    seen = visit("en").set_up()
    site.later(6 * DAY_S)
    seen.go()
    assert "renewed" in seen.text("told")
    site.later(14 * DAY_S)
    site.account = None
    seen.go()
    assert "signed out" in seen.text("network")
    assert seen.page.locator("#code-card").is_visible(), "its own clock says nothing of the end yet"
    site.account = ANNA
    seen.go()
    assert "renewed" in seen.text("told")


def test_without_a_network_the_end_is_told_with_the_next_step(
    visit: Callable[..., Visit], site: PageSite
) -> None:
    seen = visit("en").set_up()
    seen.ready()
    seen.context.add_init_script(
        f"const was = Date.now.bind(Date); Date.now = () => was() + {8 * DAY_S * 1_000};"
    )
    site.close()
    seen.context.set_offline(True)
    seen.page.reload()
    seen.ready()
    assert seen.page.locator("#code-over").is_visible()
    assert not seen.page.locator("#code-card").is_visible()
    assert seen.page.get_by_role("button", name="Renew").is_visible()


def test_an_account_that_may_not_ride_shows_no_code_and_says_why(
    visit: Callable[..., Visit], site: PageSite
) -> None:
    seen = visit("zh").set_up()
    site.world.deny(f"Q{ANNA}", "MEDIUM_LOST")
    seen.go()
    assert "挂失" in seen.text("told")
    assert not seen.page.locator("#code-card").is_visible()


def test_a_phone_that_was_ended_forgets_its_key_and_may_begin_anew(
    visit: Callable[..., Visit], site: PageSite
) -> None:
    seen = visit("en").set_up()
    code = seen.scan()
    button = seen.page.locator("#code-phone-list button")
    button.click()
    assert button.inner_text() == "Yes, end it"
    button.click()
    seen.page.locator("#code-none").wait_for()
    assert "at most" in seen.text("told") and "¥90.00" in seen.text("told")
    seen.page.locator("#code-begin").click()
    seen.page.locator("#code-card").wait_for()
    seen.page.locator("#code-qr[data-made]").wait_for()
    assert seen.scan().user_key != code.user_key


def test_the_private_key_cannot_be_read_from_what_the_browser_keeps(
    visit: Callable[..., Visit],
) -> None:
    seen = visit("en").set_up()
    kept = seen.page.evaluate(
        """async () => {
          const database = await new Promise((resolve) => {
            const opening = indexedDB.open("tongxing-ride-code");
            opening.onsuccess = () => resolve(opening.result);
          });
          const store = database.transaction("phones").objectStore("phones");
          const [phone] = await new Promise((resolve) => {
            const all = store.getAll();
            all.onsuccess = () => resolve(all.result);
          });
          const exported = await crypto.subtle.exportKey("raw", phone.sealing).then(
            () => "exported", (error) => error.name);
          return { names: Object.keys(phone).sort(), length: phone.sealed.byteLength, exported,
                   extractable: phone.sealing.extractable };
        }"""
    )
    assert kept["exported"] == "InvalidAccessError" and not kept["extractable"]
    assert "privateKey" not in kept["names"]
    assert kept["length"] == 32 + 16


VECTORS = """async (given) => {
  const lib = await import("/rider/static/vendor/sm2.min.js");
  const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));
  const options = { hash: true, publicKey: given.publicKey };
  const message = bytes(given.message);
  const drawn = [];
  const was = crypto.getRandomValues.bind(crypto);
  crypto.getRandomValues = (into) => { drawn.push(into.length); return was(into); };
  const made = Array.from({ length: 5 }, () => {
    const pair = lib.generateKeyPairHex();
    const signature = lib.doSignature(message, pair.privateKey, { hash: true });
    return [lib.compressPublicKeyHex(pair.publicKey), signature];
  });
  return {
    digest: lib.sm3(bytes(given.sm3)),
    publicKey: lib.getPublicKeyFromPrivateKey(given.privateKey),
    accepts: lib.doVerifySignature(message, given.signature, given.publicKey, { hash: true }),
    refuses: lib.doVerifySignature(bytes(given.message + "00"), given.signature, given.publicKey,
      { hash: true }),
    again: lib.doSignature(message, given.privateKey, options),
    made, draws: drawn.length, least: Math.min(...drawn),
  };
}"""


def test_the_shipped_library_gives_the_standards_answers_and_our_verifier_takes_its_signatures(
    visit: Callable[..., Visit],
) -> None:
    example = standard()
    seen = visit("en", bypass_csp=True).go()
    given = {
        "sm3": example.sm3_message.hex(),
        "message": example.sm2_message.hex(),
        "privateKey": example.sm2_private.hex(),
        "publicKey": "04" + example.sm2_public.hex(),
        "signature": example.sm2_signature.hex(),
    }
    told = seen.page.evaluate(VECTORS, given)
    assert told["digest"] == example.sm3_digest.hex()
    assert told["publicKey"] == "04" + example.sm2_public.hex()
    assert (told["accepts"], told["refuses"]) == (True, False)
    assert told["draws"] >= 10 and told["least"] >= 32, "keys and nonces are drawn from the browser"
    computer = sm2()
    signed = [("04" + example.sm2_public.hex(), told["again"]), *told["made"]]
    for public, signature in signed:
        key = computer.key(bytes.fromhex(public))
        assert key is not None
        assert computer.verify(key, example.sm2_message, bytes.fromhex(signature))
        assert not computer.verify(key, example.sm2_message + b"\0", bytes.fromhex(signature))


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
def test_the_page_has_no_barriers_in_either_language(
    visit: Callable[..., Visit], language: str, scheme: str
) -> None:
    seen = visit(language, color_scheme=scheme, bypass_csp=True)
    steps = (seen.go, seen.set_up) if language == "zh" else (seen.set_up,)
    for step in steps:
        step()
        assert barriers_on(seen.page) == []
    for target in seen.page.locator("#code-card button, .code-kinds label").all():
        assert target.bounding_box()["height"] >= 43.5


def test_the_policy_of_the_page_allows_no_eval_and_nothing_inline() -> None:
    assert "'unsafe" not in HEADERS["Content-Security-Policy"]
    for part in ("static/js/code.js", "static/js/keys.js", "static/js/ride_code_page.js"):
        text = files("tongxing.rider").joinpath(part).read_text(encoding="utf-8")
        assert "innerHTML" not in text and "eval(" not in text and ".style" not in text
        assert not [sign for sign in text if "\u4e00" <= sign <= "\u9fff"], "no words in a script"


def test_what_is_sent_is_json_of_the_right_form_from_somebody_signed_in(site: PageSite) -> None:
    import httpx2

    with httpx2.Client(base_url=site.address + "/rider") as client:
        for body, status in (
            (b"[]", 422),
            (b"{", 422),
            (b'{"device_id": 1}', 422),
            (
                json.dumps(
                    {
                        "device_id": "a" * 32,
                        "code_type": "ride",
                        "user_key": "zz",
                        "nonce": "0" * 64,
                        "signature": "00" * 64,
                    }
                ).encode(),
                422,
            ),
            (json.dumps({"device_id": "a" * 9_999}).encode(), 422),
        ):
            answer = client.post(
                "/api/code/authorise", content=body, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == status, body
        assert client.post("/api/code/end", json={"device_id": "f" * 32}).json()["code"] == (
            "CODE_DEVICE_UNKNOWN"
        )
        site.account = None
        for path in ("nonce", "authorise", "choose", "end"):
            answer = client.post(f"/api/code/{path}", json={})
            assert (answer.status_code, answer.json()["code"]) == (401, "CODE_SIGNED_OUT")
        assert client.get("/api/code/state").status_code == 401
