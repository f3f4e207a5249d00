"""Records on hold and how they end: proven, disproven, or void when their days are over.

Each call is one transaction of its own, and each step is written down with who decided it, why, and
under which rulebook. The acquirer gets a sealed verdict for every record that ends. A record that
was netted before its purse was found to fork is decided about here as well: what it was paid leaves
escrow then, and the next window's news of cases tells both members. Where issuer and acquirer agree
on less than a record states, it is accepted, and the rest goes back in the same window. A row whose
name stands with other content ends here too, under a name of its own (`twins`).
"""

from collections.abc import Mapping, Sequence

from tongxing.hub import twins
from tongxing.hub.cases.ladder import Case
from tongxing.hub.cases.working import agree_on, rule_fork
from tongxing.hub.closing import CARRIED_VERDICTS
from tongxing.hub.freezing import freeze
from tongxing.hub.keys import HubKeys, OwnKey, own_keys
from tongxing.hub.life import BY_ITSELF, PROPOSALS, RecordEvent, state_of, step
from tongxing.hub.rows import is_name
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.store import Cursor, HubStore
from tongxing.hub.store import cases as case_table
from tongxing.hub.store import life as life_table
from tongxing.hub.store import taps as tap_table
from tongxing.hub.store import twins as twin_table
from tongxing.hub.store import windows as window_table
from tongxing.hub.store.life import Waiting
from tongxing.hub.store.twins import Twin
from tongxing.hub.terms import HeldTerms, terms_on
from tongxing.hub.windows import window_of, window_times
from tongxing.kernel.clock import calendar_date, stamp
from tongxing.kernel.payments import is_same_person
from tongxing.kernel.reasons import Refusal
from tongxing.messages import SigningKey, Verdict, VerdictFile, seal


class HoldingDesk:
    """Ends what waits, over the hub's store; `key` signs the answers."""

    def __init__(self, store: HubStore, key: OwnKey, rules: Rulebook) -> None:
        self._store = store
        self._key = own_keys(key)
        self._rules = rules

    def decide(
        self, record_id: str, proves: bool, by: str, reason: str, now_s: int
    ) -> bytes | Case | Refusal | None:
        """End a held record by evidence: accepted in the window of now, or void with every later
        revision of its trip. The sealed `VerdictFile` for its acquirer; of a record that was netted
        and is frozen, its case; None when so much money hangs on it that a second person has to
        say the same.

        Refuses with HUB_PERSON, HUB_WHY, RECORD_UNKNOWN, RECORD_STATE (it is not held),
        RECORD_WAITS (an earlier revision is), RECORD_TAPS_TAKEN (by a trip beside which it waits),
        EVIDENCE_TOO_LATE, HELD_TWO_PERSONS (the first person again), and for a frozen one as
        `rule_fork` does; for a row that waits for a name as `twins.bound_by` does.
        """
        if (refusal := _unsaid(by, reason)) is not None:
            return refusal
        event = RecordEvent.PROOF if proves else RecordEvent.DISPROOF
        with self._store.changing() as cursor:
            twin = twin_table.find_twin(cursor, record_id)
            if twin is not None:
                return self._decide_twin(cursor, twin, event, (by, reason), now_s)
            waiting = life_table.find_record(cursor, record_id)
            if waiting is None:
                return Refusal("RECORD_UNKNOWN", values={"record": record_id})
            fork = case_table.fork_about(cursor, record_id)
            window = life_table.window_state(cursor, record_id)
            arrow = step(record_id, state_of(waiting.status, window, fork is not None), event)
            if isinstance(arrow, Refusal):
                return arrow
            if fork is not None:
                at_s = max(now_s, window_table.last_closed_cutoff(cursor))
                return rule_fork(cursor, fork, proves, by, reason, at_s, self._rules)
            trip = _due_with(cursor, waiting, now_s)
            if isinstance(trip, Refusal):
                return trip
            if proves and (refusal := _tapped_by_another(cursor, waiting)) is not None:
                return refusal
            waits = _waits_for_second(cursor, [waiting] if proves else trip, event, by)
            if isinstance(waits, Refusal):
                return waits
            if waits:
                first, version = PROPOSALS[event], self._rules.version
                life_table.write_event(cursor, record_id, first, now_s, by, reason, version)
                return None
            stamped_s, window_id = window_now(cursor, now_s, self._rules)
            if proves:
                said, keys = (by, reason), self._key
                verdicts = [
                    let_in(cursor, record_id, stamped_s, window_id, said, self._rules, keys)
                ]
            else:
                verdicts = _void(cursor, trip, event, stamped_s, by, reason, self._rules)
            key = self._key.due(cursor, window_id)
            return answer_late(cursor, waiting.sender, window_id, stamped_s, verdicts, key)

    def agree(
        self, record_id: str, amount_fen: int, by: str, reason: str, now_s: int
    ) -> bytes | Refusal | None:
        """End a held record with an amount that its issuer and its acquirer agree on, above nothing
        and below what it states: it is accepted in the window of now, and the rest goes back there.
        The sealed `VerdictFile` for its acquirer; None when a second person has to say the same.

        Refuses as `decide` does for a record on hold, and with HELD_AMOUNT, and RECORD_SUSPENDED
        while a member of it is suspended.
        """
        if (refusal := _unsaid(by, reason)) is not None:
            return refusal
        event = RecordEvent.AGREEMENT
        with self._store.changing() as cursor:
            waiting = life_table.find_record(cursor, record_id)
            if waiting is None:
                return Refusal("RECORD_UNKNOWN", values={"record": record_id})
            window = life_table.window_state(cursor, record_id)
            arrow = step(record_id, state_of(waiting.status, window), event)
            if isinstance(arrow, Refusal):
                return arrow
            trip = _due_with(cursor, waiting, now_s)
            if isinstance(trip, Refusal):
                return trip
            refusal = _disagreement(cursor, waiting, amount_fen)
            if refusal is not None or (refusal := _tapped_by_another(cursor, waiting)) is not None:
                return refusal
            waits = _waits_for_second(cursor, [waiting], event, by, amount_fen)
            if isinstance(waits, Refusal):
                return waits
            note = (by, reason, self._rules.version, amount_fen)
            if waits:
                life_table.write_event(cursor, record_id, PROPOSALS[event], now_s, *note)
                return None
            stamped_s, window_id = window_now(cursor, now_s, self._rules)
            proven = life_table.accept_held(cursor, record_id, window_id, stamped_s)
            life_table.write_event(cursor, record_id, event, stamped_s, *note)
            back_fen = waiting.delta_fen - amount_fen
            agree_on(cursor, record_id, back_fen, by, reason, stamped_s, window_id, self._rules)
            freeze(cursor, proven.forks, stamped_s, window_id, self._rules, self._key)
            key = self._key.due(cursor, window_id)
            return answer_late(cursor, waiting.sender, window_id, stamped_s, [proven.verdict], key)

    def _decide_twin(
        self, cursor: Cursor, twin: Twin, event: RecordEvent, said: tuple[str, str], now_s: int
    ) -> bytes | Refusal | None:
        """Say of a row that waits for a name that it is the true one, or that the record is."""
        refusal = twins.state_step(twin, event)
        ends_s = _terms_of(twin.since_s).ends_s(twin.since_s)
        if refusal is None and now_s >= ends_s:
            values = {"record": twin.name, "until": stamp(ends_s)}
            refusal = Refusal("EVIDENCE_TOO_LATE", values=values)
        takes_name = event is RecordEvent.PROOF
        if refusal is None and takes_name:
            refusal = twins.bound_by(cursor, twin)
        if refusal is not None:
            return refusal
        if twins.at_stake_fen(cursor, twin, takes_name) > (
            _terms_of(twin.since_s).two_persons_above_fen
        ):
            first, person = twin_table.newest_twin_proposal(cursor, twin)
            if first != PROPOSALS[event]:
                note = (PROPOSALS[event], now_s, *said, self._rules.version)
                twin_table.write_twin_event(cursor, twin, *note)
                return None
            if is_same_person(person, said[0]):
                return Refusal("HELD_TWO_PERSONS", twin.name, {"person": person})
        stamped_s, window_id = window_now(cursor, now_s, self._rules)
        rules, keys = self._rules, self._key
        if takes_name:
            taken = twins.take_name(cursor, twin, stamped_s, window_id, said, rules, keys)
            verdicts, forks = taken
            verdicts.append(let_in(cursor, twin.record_id, stamped_s, window_id, said, rules, keys))
            freeze(cursor, forks, stamped_s, window_id, rules, keys)
        else:
            verdicts = twins.end(cursor, [twin], event, stamped_s, said, rules)
        key = keys.due(cursor, window_id)
        return answer_late(
            cursor, twin.sender, window_id, stamped_s, verdicts, key, about=twin.name
        )

    def expire(self, now_s: int) -> Mapping[str, bytes]:
        """Void every held record whose days are over, with all later revisions of its trip; the
        sealed `VerdictFile` of each acquirer that has such. The closing of a window does the same
        for what was over before its cut-off."""
        with self._store.changing() as cursor:
            return void_overdue(cursor, now_s, self._rules, self._key)


def _unsaid(by: str, reason: str) -> Refusal | None:
    """Refuses with HUB_PERSON or HUB_WHY what nobody, or nobody with a reason, decides."""
    if not is_name(by):
        return Refusal("HUB_PERSON", values={"by": by})
    return None if reason.strip() else Refusal("HUB_WHY")


def _due_with(cursor: Cursor, waiting: Waiting, now_s: int) -> list[Waiting] | Refusal:
    """A held record and the later revisions of its trip that wait with it. Refuses with
    EVIDENCE_TOO_LATE, RECORD_WAITS."""
    ends_s = _ends_s(waiting)
    if now_s >= ends_s:
        values = {"record": waiting.record_id, "until": stamp(ends_s)}
        return Refusal("EVIDENCE_TOO_LATE", values=values)
    trip = life_table.held_records(cursor, waiting.trip_id)
    if trip[0].revision < waiting.revision:
        values = {"record": waiting.record_id, "earlier": trip[0].record_id}
        return Refusal("RECORD_WAITS", values=values)
    return trip


def _tapped_by_another(cursor: Cursor, waiting: Waiting) -> Refusal | None:
    """Refuses with RECORD_TAPS_TAKEN a record that waits beside the trip which holds its taps."""
    taken = tap_table.taken_from(cursor, waiting.record_id)
    if taken is None:
        return None
    values = {"record": waiting.record_id, "trip": taken.trip_id}
    return Refusal("RECORD_TAPS_TAKEN", values=values)


def _disagreement(cursor: Cursor, waiting: Waiting, amount_fen: int) -> Refusal | None:
    """Why members cannot agree on that amount now. Refuses with HELD_AMOUNT (nothing of it is void,
    all of it accepted), RECORD_SUSPENDED."""
    if not 0 < amount_fen < waiting.delta_fen:
        values = {"record": waiting.record_id, "amount": amount_fen, "most": waiting.delta_fen}
        return Refusal("HELD_AMOUNT", values=values)
    absent = sorted(life_table.suspended_of(cursor, waiting.record_id))
    if absent:
        values = {"record": waiting.record_id, "member": " ".join(absent)}
        return Refusal("RECORD_SUSPENDED", values=values)
    return None


def _waits_for_second(
    cursor: Cursor,
    ending: Sequence[Waiting],
    event: RecordEvent,
    by: str,
    agreed_fen: int | None = None,
) -> bool | Refusal:
    """Whether `by` is the first of two persons to say this of records that hang together. Refuses
    with HELD_TWO_PERSONS when that person has said it already."""
    at_stake_fen = sum(abs(waiting.delta_fen) for waiting in ending)
    if at_stake_fen <= _terms_of(ending[0].since_s).two_persons_above_fen:
        return False
    said, person, fen = life_table.newest_proposal(cursor, ending[0].record_id)
    if said != PROPOSALS[event] or fen != agreed_fen:
        return True
    if is_same_person(person, by):
        return Refusal("HELD_TWO_PERSONS", ending[0].record_id, {"person": by})
    return False


def void_overdue(
    cursor: Cursor, now_s: int, rules: Rulebook, key: HubKeys, window_id: str = ""
) -> Mapping[str, bytes]:
    """The same within the caller's transaction; told in `window_id`, else in the window of now."""
    held = life_table.held_records(cursor)
    over = {waiting.trip_id for waiting in held if now_s >= _ends_s(waiting)}
    by_sender: dict[str, list[Waiting]] = {}
    for waiting in held:
        if waiting.trip_id in over:
            by_sender.setdefault(waiting.sender, []).append(waiting)
    twins_over: dict[str, list[Twin]] = {}
    for twin in twin_table.held_twins(cursor):
        if now_s >= _terms_of(twin.since_s).ends_s(twin.since_s):
            twins_over.setdefault(twin.sender, []).append(twin)
    if not by_sender and not twins_over:
        return {}
    stamped_s, current = window_now(cursor, now_s, rules)
    answers = {}
    why, event = "its days are over", RecordEvent.DEADLINE
    for sender in sorted(by_sender.keys() | twins_over.keys()):
        ended = by_sender.get(sender, [])
        verdicts = _void(cursor, ended, event, stamped_s, BY_ITSELF, why, rules)
        waited = twins_over.get(sender, [])
        verdicts += twins.end(cursor, waited, event, stamped_s, (BY_ITSELF, why), rules)
        told_in = window_id or current
        due = key.due(cursor, told_in)
        answers[sender] = answer_late(cursor, sender, told_in, stamped_s, verdicts, due)
    return answers


def _void(
    cursor: Cursor,
    ended: Sequence[Waiting],
    event: RecordEvent,
    at_s: int,
    by: str,
    reason: str,
    rules: Rulebook,
) -> list[Verdict]:
    verdicts = []
    for waiting in ended:
        verdicts.append(life_table.void_held(cursor, waiting))
        life_table.write_event(cursor, waiting.record_id, event, at_s, by, reason, rules.version)
    return verdicts


def let_in(
    cursor: Cursor,
    record_id: str,
    at_s: int,
    window_id: str,
    said: tuple[str, str],
    rules: Rulebook,
    keys: HubKeys,
) -> Verdict:
    """Accept a held record that is proven (`said`: by whom, and why) in a window, or carry it."""
    proven = life_table.accept_held(cursor, record_id, window_id, at_s)
    event = RecordEvent.CARRY if proven.is_carried else RecordEvent.PROOF
    life_table.write_event(cursor, record_id, event, at_s, *said, rules.version)
    freeze(cursor, proven.forks, at_s, window_id, rules, keys)
    return proven.verdict


def window_now(cursor: Cursor, now_s: int, rules: Rulebook) -> tuple[int, str]:
    """As the hub stamps files: never before a cut-off that it has closed."""
    stamped_s = max(now_s, window_table.last_closed_cutoff(cursor))
    window_id = window_of(stamped_s, rules)
    window_table.open_window(cursor, window_id, window_times(window_id, rules).cutoff_s)
    return stamped_s, window_id


def answer_late(
    cursor: Cursor,
    sender: str,
    window_id: str,
    at_s: int,
    verdicts: list[Verdict],
    key: SigningKey,
    about: str = "",
) -> bytes:
    """The sealed `VerdictFile` about records that were decided after their file, kept with the
    papers of a window; named after the first, if not `about` another. Each says which row of its
    name it means."""
    file_id = f"held-{about or verdicts[0].record_id}-{at_s}"
    told = life_table.named(cursor, verdicts)
    answer = seal(
        VerdictFile(file_id=file_id, window_id=window_id, file_code="OK", verdicts=told), key
    )
    window_table.write_documents(
        cursor, window_id, {(CARRIED_VERDICTS, f"{sender}/{file_id}"): answer}
    )
    return answer


def _ends_s(waiting: Waiting) -> int:
    return _terms_of(waiting.since_s).ends_s(waiting.since_s)


def _terms_of(since_s: int) -> HeldTerms:
    return terms_on(calendar_date(since_s)).held
