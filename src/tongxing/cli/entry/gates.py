"""Gate cases: a medium is held to a real gate, under the real policy, with a real attestation.

The gate is any ordinary one of the city; the place, the lane and the holder are the case's. An
attester in this process judges the case's result and signs it, and a gate reads what it signed.
"""

from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from tongxing.cli.entry.cases import Found, Said
from tongxing.cli.entry.wording import MediumRow, Unclear, fits, shown, wording, yes_or_no
from tongxing.deciding import Decision, GateContext, MediumToken, ValidatorFacts, decide
from tongxing.deciding.entering import entry_answer
from tongxing.deciding.facts import EntryAtGate, EntryLane, Role
from tongxing.deciding.token import OpenEntry
from tongxing.entry import (
    Answer,
    Lane,
    Place,
    Policy,
    Result,
    StaffCheck,
    judged,
    policies,
    policy_at,
    prompt_of,
    sign_attestation,
    staff_words,
)
from tongxing.entry.asking import PROVIDER_DOWN, Asker
from tongxing.entry.attestation import Attestation
from tongxing.fares import CityFares, load_city_fares
from tongxing.gate import DenyIndex
from tongxing.kernel.clock import DAY_S
from tongxing.kernel.reasons import Refusal
from tongxing.kernel.texts import LANGUAGES
from tongxing.network import load_registry

_TERMINAL = "CASE-1"
_ATTESTER = "attester"
_CODE_LIFE_S = 60
_LIFE_S = 3600
_IF_OK = "open if result ok"
_RIDE_S = 1800
_SIDES: dict[str, Role] = {"entry": "entry", "exit": "exit"}
_BROKEN = ("good", "forged", "expired", "other_city", "other_holder", "malformed")


@dataclass(frozen=True, slots=True)
class _Tap:
    """A case, read."""

    city: str
    now_s: int
    medium: MediumRow
    place: Place
    lane: Lane
    upgraded: bool | None
    result: Result | None
    down: bool
    attestation: str
    role: Role
    policy: Policy | None


def play(said: Said) -> Found:
    """A tap of somebody who enters."""
    tap = _read(said)
    answer, decision = _tapped(tap, tap.result)
    gate = "open" if decision.opened else "closed"
    words: tuple[object, ...] = (gate, answer.outcome) if decision.opened else (gate,)
    if said.then.get("gate") == _IF_OK:
        gate = _conditional(tap)
        words = (gate,)
    prompts = [prompt_of(answer, language) for language in LANGUAGES]
    texts = tuple(None if prompt is None else prompt.text for prompt in prompts)
    staff = tuple(staff_words(answer.staff_action, language) or None for language in LANGUAGES)
    first = prompts[0]
    entered = decision.opened
    if decision.token_after.funding == "purse":
        entered = decision.token_after.open_entry is not None
    asked = (
        tap.role == "entry"
        and tap.policy is not None
        and tap.policy.condition_at(tap.place, tap.now_s) is not None
    )
    values = {
        "gate": gate,
        "prompt": texts[0],
        "prompt_text": texts[0],
        "prompt_voice": first is not None and first.voice != "",
        "same_flow_as_before": decision.opened and not decision.note,
        "staff_action": staff[0],
        "debit": decision.charge_fen + decision.half_trip_fen,
        "entry_record": entered,
        "auto_upgraded": _is_upgraded_by_others(tap),
        "automatic_check": asked,
        "checked": asked,
        "informative": answer.outcome == "informative",
        "staff_rule_decides": answer.outcome == "informative",
    }
    many = {"gate": words, "prompt": texts, "prompt_text": texts}
    many["staff_action"] = (*staff, answer.staff_action or None)
    reason = "" if decision.opened else decision.reason
    return Found(values, many, reason, _TERMINAL)


def _tapped(tap: _Tap, result: Result | None) -> tuple[Answer, Decision]:
    fares = load_city_fares(tap.city)
    facts, token = _stage(tap, fares)
    entry = None
    if tap.policy is not None:
        key = Ed25519PrivateKey.from_private_bytes(sha256(_ATTESTER.encode()).digest())
        attesters = {_ATTESTER: key.public_key()}
        holders = Asker(tap.policy, _Provider(tap, tap.policy, result, key), attesters, b"case")
        entry = EntryAtGate(tap.policy, holders, {_TERMINAL: EntryLane(tap.place, tap.lane)})
    deny = DenyIndex(tap.city)
    context = GateContext(fares, load_registry(), deny, tap.now_s, entry=entry)
    decision = decide(token, facts, context)
    if not (decision.opened or decision.reason.startswith("ENTRY_")):
        raise Unclear("gate", text=decision.reason)
    return entry_answer(token, facts, context) or Answer("open", decision.reason), decision


def _conditional(tap: _Tap) -> str:
    """Whether the lane follows the result: open for a good one, closed for any other."""
    good, _ = _tapped(tap, Result(tap.now_s, good=True))
    bad, _ = _tapped(tap, Result(tap.now_s, good=False))
    if good.opens and not bad.opens:
        return _IF_OK
    return "open" if good.opens else "closed"


@dataclass(frozen=True, slots=True)
class _Provider:
    tap: _Tap
    policy: Policy
    result: Result | None
    key: Ed25519PrivateKey

    def __call__(self, holder: str, _budget_ms: int, _now_s: int) -> bytes | Refusal | None:
        tap = self.tap
        if tap.down:
            return Refusal(PROVIDER_DOWN)
        if not (tap.upgraded or _is_upgraded_by_others(tap)):
            return None
        told = judged(self.policy, self.result, tap.now_s)
        word = Attestation(self.policy.city, holder, told.passed, tap.now_s, told.expires_s)
        if tap.attestation == "malformed":
            return b"\x93nothing"
        if tap.attestation == "expired":
            word = replace(word, issued_s=tap.now_s - _LIFE_S, expires_s=tap.now_s)
        elif tap.attestation == "other_city":
            word = replace(word, city="000000")
        elif tap.attestation == "other_holder":
            word = replace(word, holder=holder[::-1])
        key = self.key
        if tap.attestation == "forged":
            key = Ed25519PrivateKey.from_private_bytes(sha256(b"somebody else").digest())
        return sign_attestation(word, _ATTESTER, key)


def _is_upgraded_by_others(tap: _Tap) -> bool:
    return tap.policy is not None and tap.policy.category_of(tap.medium.product) is not None


def _read(said: Said) -> _Tap:
    words = wording()
    city = said.city(words.setting.gate_city)
    now_s = said.moment_s(words.setting.gate_day)
    text = said.text("medium")
    medium = next((row for row in words.medium if fits(row.word, text)), None)
    if medium is None:
        raise Unclear("word", what="medium", text=text)
    manual = yes_or_no(said.take("manual_check"), "manual_check")
    lane = said.text("lane", "auto").lower()
    if lane not in ("auto", "automatic", "manual"):
        raise Unclear("word", what="lane", text=lane)
    check: StaffCheck = "none" if manual is None else "passed" if manual else "failed"
    side = said.text("side", "entry")
    role = _SIDES.get(side.lower())
    if role is None:
        raise Unclear("word", what="side", text=side)
    attestation = said.text("attestation", "good")
    if attestation not in _BROKEN:
        raise Unclear("word", what="attestation", text=attestation)
    policy = _policy(said, city, now_s)
    return _Tap(
        city=city,
        now_s=now_s,
        medium=medium,
        place=_place(said),
        lane=Lane("manual" if lane == "manual" else "auto", check),
        upgraded=yes_or_no(said.take("upgraded"), "upgraded"),
        result=_result(said, now_s),
        down=yes_or_no(said.take("provider", "up"), "provider") is not True,
        attestation=attestation,
        role=role,
        policy=policy,
    )


def _policy(said: Said, city: str, now_s: int) -> Policy | None:
    """The policy in force, with the site's own rule for a provider that does not answer."""
    when_down = said.take("site_policy")
    if when_down not in (None, "open", "closed", "manual"):
        raise Unclear("word", what="site_policy", text=shown(when_down))
    policy = policy_at(policies(), city, now_s)
    if policy is None or when_down is None:
        return policy
    return replace(policy, where=tuple(replace(one, when_down=when_down) for one in policy.where))


def _place(said: Said) -> Place:
    text = said.text("where")
    for row in wording().place:
        match = fits(row.word, text)
        if match is not None:
            named = match.groupdict()
            return Place(
                mode=row.mode,
                lines=frozenset(filter(None, [named.get("line")])),
                stations=frozenset(filter(None, [named.get("station")])),
                properties=frozenset(row.properties),
            )
    raise Unclear("word", what="where", text=text)


def _result(said: Said, now_s: int) -> Result | None:
    """The test result of a case: none where its age is said to be nothing, today's where a case
    speaks of the health code alone."""
    is_age_said = "result_age_days" in said
    health = yes_or_no(said.take("health"), "health") if "health" in said else None
    age = said.whole("result_age_days") if said.gives("result_age_days") else None
    if age is None and (health is None or is_age_said):
        return None
    return Result(now_s - (age or 0) * DAY_S, good=health is not False)


def _stage(tap: _Tap, fares: CityFares) -> tuple[ValidatorFacts, MediumToken]:
    stage = wording().stage
    line = fares.network.lines.get(stage.line)
    if line is None:
        raise Unclear("city")
    facts = ValidatorFacts(
        terminal_id=_TERMINAL,
        city=tap.city,
        place=line.place,
        mode=line.mode,
        operator=line.operator,
        line=line.id,
        station=stage.station,
        vehicle="",
        role=tap.role,
    )
    is_code = tap.medium.kind == "code"
    token = MediumToken(
        scheme=stage.scheme,
        medium_no=stage.account_number if is_code else stage.number,
        medium_kind="code" if is_code else "card",
        issuer=tap.city,
        product=tap.medium.product,
        funding="account" if is_code else "purse",
        code_issued_s=tap.now_s,
        code_expires_s=tap.now_s + _CODE_LIFE_S,
        balance_fen=0 if is_code else stage.balance_fen,
    )
    return facts, token if tap.role == "entry" or is_code else _inside(token, facts, tap, fares)


def _inside(token: MediumToken, facts: ValidatorFacts, tap: _Tap, fares: CityFares) -> MediumToken:
    """The same card after it has entered at the other end of the line."""
    far = fares.network.lines[facts.line].stations[-1]
    entered_s = tap.now_s - _RIDE_S
    tariff = fares.book.at(entered_s)
    ride = OpenEntry(
        city=facts.city,
        station=far,
        line=facts.line,
        mode=facts.mode,
        place=facts.place,
        time_s=entered_s,
        tariff="" if tariff is None else tariff.name,
    )
    return replace(token, open_entry=ride)
