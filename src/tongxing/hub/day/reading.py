"""Reading a worked day strictly: what is unsound is refused with its place, and nothing runs."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from tongxing.hub.day.model import DayHalfTap, DayRecord, WorkedDay
from tongxing.hub.day.times import seconds
from tongxing.hub.day.world import rules_of, weights_of_leg
from tongxing.hub.verdicts import code_table
from tongxing.hub.windows import closing_day, window_of, window_times
from tongxing.kernel.reasons import Refusal

BYTES_MAX = 16 << 20
_decode = msgspec.json.Decoder(WorkedDay).decode


def read_day(content: bytes, name: str) -> WorkedDay | Refusal:
    """The day in a file.

    Refuses with FILE_TOO_LARGE, or DAY_MALFORMED with the place and what is wrong there.
    """
    if len(content) > BYTES_MAX:
        return Refusal("FILE_TOO_LARGE", name, {"found": len(content), "limit": BYTES_MAX})
    if not content.strip():
        return _malformed(name, "the file is empty")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _malformed(name, f"not UTF-8 at byte {error.start + 1}")
    if text.startswith("\ufeff"):
        return _malformed(name, "a byte order mark before the first brace")
    try:
        day = _decode(content)
        json.loads(text, object_pairs_hook=_unrepeated, parse_constant=_no_constant)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return _malformed(name, str(error))
    fault = next(_faults(day), "")
    return _malformed(name, fault) if fault else day


def _malformed(name: str, detail: str) -> Refusal:
    plain = detail.encode("unicode_escape").decode("ascii")[:300]
    return Refusal("DAY_MALFORMED", name, {"detail": plain})


def _unrepeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is no number")


def _faults(day: WorkedDay) -> Iterator[str]:
    """What a reader of types does not see, in order."""
    yield from _bad_times(msgspec.to_builtins(day.inputs), "inputs")
    yield from _bad_times(msgspec.to_builtins(day.config), "config")
    yield from _bad_times(msgspec.to_builtins(day.blacklist), "blacklist")
    yield from _bad_times(msgspec.to_builtins(day.cards), "cards")
    yield from _bad_config(day)
    yield from _repeated("record_id", (item.record_id for item in day.inputs.records))
    yield from _repeated("tap_id", (item.tap_id for item in day.inputs.half_taps))
    cases = [item.case_id for item in day.inputs.refunds]
    cases += [item.case_id for item in day.inputs.disputes]
    yield from _repeated("case_id", cases)
    yield from _repeated("topup_id", (item.topup_id for item in day.inputs.topups))
    yield from _unknown_parties(day)
    for record in day.inputs.records:
        yield from _bad_record(record, day)
    for tap in day.inputs.half_taps:
        yield from _bad_half_tap(tap, day)
    yield from _bad_references(day)


_TIME = re.compile(r"^20[0-9]{2}-[01][0-9]-[0-3][0-9](T[0-2][0-9](:[0-5][0-9]){2})?$")


def _bad_times(value: object, where: str) -> Iterator[str]:
    """Texts that look like a time or a day and are none: 31 February, 25 o'clock."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _bad_times(part, f"{where}.{key}")
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _bad_times(part, f"{where}[{number}]")
    elif isinstance(value, str) and _TIME.match(value):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            yield f"{where}: {value} is no such time"


def _bad_config(day: WorkedDay) -> Iterator[str]:
    config = day.config
    if not isinstance(closing_day(config.window_id), Refusal):
        rules = rules_of(config)
        times = window_times(config.window_id, rules)
        if times.cutoff_s != seconds(config.window_cutoff):
            yield "config.window_cutoff: not the day that window_id names"
        if times.opens_s != seconds(config.window_open):
            yield "config.window_open: not a day before window_cutoff"
        if window_of(times.opens_s, rules) != config.window_id:
            yield "config.window_open: belongs to another window"
    else:
        yield f"config.window_id: {config.window_id} is no window"
    if config.business_day_cutover != "03:00":
        yield "config.business_day_cutover: business days run from 03:00"
    share = config.fee_share
    if share.issuer + share.acquirer + share.hub != 100:
        yield "config.fee_share: must add up to 100"
    if not 0 < config.late_flag_days <= config.late_reject_days:
        yield "config.late_flag_days: must be above 0 and not above late_reject_days"
    for leg, shares in config.od_split_ppm.items():
        if sum(shares.values()) != 1_000_000:
            yield f"config.od_split_ppm.{leg}: must add up to 1000000"
        for operator in shares:
            if operator not in day.entities:
                yield f"config.od_split_ppm.{leg}: {operator} is not among the entities"


def _repeated(what: str, names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"inputs: {what} {name} stands {count} times"


def _unknown_parties(day: WorkedDay) -> Iterator[str]:
    parties = set(day.entities)
    if len(parties) != len(day.entities):
        yield "entities: a name stands twice"
    if "HUB" not in parties:
        yield "entities: HUB is missing"
    named = [(f"cards.{no}", card.issuer) for no, card in day.cards.items()]
    named += [(f"accounts.{name}", issuer) for name, issuer in day.accounts.items()]
    named += [("opening", entity) for entity, _, _ in day.opening]
    named += [("config.reserve", member) for member in day.config.reserve]
    named += [("config.suspended", member) for member in day.config.suspended]
    inputs = day.inputs
    named += [(f"records.{item.record_id}", item.acquirer) for item in inputs.records]
    for refund in inputs.refunds:
        parties_of = (refund.initiator, refund.issuer, refund.operator, refund.fault)
        named += [(f"refunds.{refund.case_id}", party) for party in parties_of]
    for dispute in inputs.disputes:
        parties_of_case = (dispute.initiator, dispute.acquirer, *dispute.operator_shares)
        named += [(f"disputes.{dispute.case_id}", party) for party in parties_of_case]
    named += [
        (f"refunds.{item.case_id}", item.acquirer) for item in inputs.refunds if item.acquirer
    ]
    named += [
        (f"half_taps.{item.tap_id}", item.acquirer) for item in inputs.half_taps if item.acquirer
    ]
    named += [(f"topups.{item.topup_id}", item.issuer) for item in inputs.topups]
    for where, party in named:
        if party not in parties:
            yield f"{where}: {party} is not among the entities"
    for no, card in day.cards.items():
        if card.account is not None and card.account not in day.accounts:
            yield f"cards.{no}: account {card.account} is not among the accounts"
    for no in day.blacklist:
        if no not in day.cards:
            yield f"blacklist.{no}: not among the cards"
    totals: Counter[str] = Counter()
    for entity, _, fen in day.opening:
        totals[entity] += fen
    for entity, total in totals.items():
        if total:
            yield f"opening: the books of {entity} do not balance"


def _bad_record(record: DayRecord, day: WorkedDay) -> Iterator[str]:
    where = f"inputs.records.{record.record_id}"
    if record.leg not in day.config.gross_fare:
        yield f"{where}: gross_fare has no leg {record.leg}"
    if not weights_of_leg(day, record.leg):
        yield f"{where}: od_split_ppm does not say whose leg {record.leg} is"
    if record.medium == "CARD_PURSE" and (record.card_no is None or record.card_counter is None):
        yield f"{where}: a purse's ride names its card and counter"
    if record.medium == "CARD_PURSE" and record.balance_before is None:
        yield f"{where}: a purse's ride tells the balance before"
    if record.medium == "QR_ACCOUNT" and record.account_id is None:
        yield f"{where}: a code's ride names its account"
    if seconds(record.received_at) < seconds(day.config.window_open):
        yield f"{where}: came before the window opened"


def _bad_half_tap(tap: DayHalfTap, day: WorkedDay) -> Iterator[str]:
    where = f"inputs.half_taps.{tap.tap_id}"
    card = day.cards.get(tap.card_no or "")
    account = tap.account_id or (card.account if card else None)
    if account is None or account not in day.accounts:
        yield f"{where}: leads to no account"
    if tap.acquirer is not None and not tap.acquirer.startswith("ACQ-"):
        yield f"{where}: {tap.acquirer} is no acquirer"


def _bad_references(day: WorkedDay) -> Iterator[str]:
    records = {item.record_id for item in day.inputs.records}
    taps = {item.tap_id for item in day.inputs.half_taps}
    for declaration in day.inputs.declarations:
        if declaration.tap_id not in taps:
            yield f"inputs.declarations: no half tap {declaration.tap_id}"
    for evidence in day.inputs.evidence:
        if evidence.record_id not in records:
            yield f"inputs.evidence: no record {evidence.record_id}"
    for word in day.inputs.issuer_words or ():
        if word.record_id not in records:
            yield f"inputs.issuer_words: no record {word.record_id}"
        if word.code not in code_table():
            yield f"inputs.issuer_words.{word.record_id}: no verdict code {word.code}"
    for refund in day.inputs.refunds:
        if not refund.fault.startswith(("ISS-", "ACQ-")):
            yield f"inputs.refunds.{refund.case_id}: {refund.fault} is no member"
        if not (refund.acquirer or refund.initiator).startswith("ACQ-"):
            yield f"inputs.refunds.{refund.case_id}: names no acquirer"
    for dispute in day.inputs.disputes:
        where = f"inputs.disputes.{dispute.case_id}"
        if dispute.disputed_amount > dispute.original_amount:
            yield f"{where}: disputes more than was charged"
        if sum(dispute.operator_shares.values()) != 1_000_000:
            yield f"{where}: operator_shares must add up to 1000000"
        if any(step.to_issuer > dispute.disputed_amount for step in dispute.steps or ()):
            yield f"{where}: a ruling divides what is disputed, no more"
