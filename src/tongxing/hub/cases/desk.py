"""The desk for disputes: case files of members, and what a person of the hub decides.

Each call is one transaction of its own. A file is answered act by act, and the same file again gets
the same answer; a refused act changes nothing. The hub's arbiter freezes, lets go on, and rules,
with a name and a reason, above a bound only together with a second person.
"""

from tongxing.hub.cases.ladder import Case, due_s, turn_of
from tongxing.hub.cases.words import act_and_side
from tongxing.hub.cases.working import act_on, open_about
from tongxing.hub.issuer_word import WORDS, Heard, hear
from tongxing.hub.keys import OwnKey, own_keys
from tongxing.hub.rows import is_name
from tongxing.hub.rulebook import Rulebook
from tongxing.hub.store import Cursor, HubStore
from tongxing.hub.store import cases as table
from tongxing.hub.store import members as member_table
from tongxing.hub.store import windows as window_table
from tongxing.hub.terms import terms_of
from tongxing.hub.windows import window_of
from tongxing.kernel.ids import is_file_name, sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import (
    CaseAct,
    CaseActKind,
    CaseAnswer,
    CaseAnswerFile,
    CaseFile,
    KeyRing,
    seal,
    unseal,
)
from tongxing.messages.faults import plain

OK = "OK"
_HUB_ACTS = ("rule", "freeze", "unfreeze")


class CaseDesk:
    """Works the cases over the hub's store; `key` signs the answers, `trusted` holds the keys of
    the members."""

    def __init__(self, store: HubStore, key: OwnKey, trusted: KeyRing, rules: Rulebook) -> None:
        self._store = store
        self._key = own_keys(key)
        self._trusted = trusted
        self._rules = rules

    def receive(self, message: bytes, received_s: int) -> bytes | Refusal:
        """Take a sealed `CaseFile`; the sealed `CaseAnswerFile`. The same file again gets the same
        answer and changes nothing.

        Refuses the whole file, and keeps nothing: a reason of `unseal`, PARTICIPANT_MISMATCH,
        FILE_NAME, FILE_SENDER, FILE_ID_CONFLICT. An act is refused with RECORD_UNKNOWN or a reason
        of `working`.
        """
        opened = unseal(message, CaseFile, self._trusted)
        if isinstance(opened, Refusal):
            return opened
        sender, file = opened
        if sender != file.sender:
            values = {"named": plain(file.sender), "expected": sender}
            return Refusal("PARTICIPANT_MISMATCH", "case file", values)
        if not is_file_name(file.file_id):
            return Refusal("FILE_NAME", "case file")
        with self._store.changing() as cursor:
            if sender not in member_table.load_members(cursor):
                return Refusal("FILE_SENDER", "case file", {"sender": sender})
            known = table.find_case_file(cursor, sender, file.file_id)
            if known is not None:
                if known[0] == sha256_hex(message):
                    return known[1]
                return Refusal("FILE_ID_CONFLICT", values={"file_id": file.file_id})
            at_s = max(received_s, window_table.last_closed_cutoff(cursor))
            answers = [self._answered(cursor, act, sender, at_s) for act in file.acts]
            key = self._key.due(cursor, window_of(at_s, self._rules))
            answer = seal(
                CaseAnswerFile(file_id=file.file_id, received_s=at_s, answers=answers), key
            )
            table.write_case_file(
                cursor, sender, file.file_id, sha256_hex(message), at_s, message, answer
            )
        return answer

    def decide(
        self,
        case_id: str,
        act: CaseActKind,
        by: str,
        reason: str,
        now_s: int,
        *,
        to_issuer_fen: int = 0,
        note: str = "",
    ) -> Case | Refusal:
        """What a person of the hub does about a case: "rule" (so much of the escrow to the issuer,
        the rest to the acquirer), "freeze" or "unfreeze". The case after it.

        Refuses with CASE_STEP for any other act, HUB_PERSON for no name, and as `working.act_on`.
        """
        if act not in _HUB_ACTS:
            nowhere = {"stage_zh": "–", "stage_en": "–"}
            return Refusal("CASE_STEP", case_id, act_and_side(act, "hub") | nowhere)
        if not is_name(by):
            return Refusal("HUB_PERSON", values={"by": by})
        said = CaseAct(
            act_id=by, act=act, case_id=case_id, amount_fen=to_issuer_fen, reason=reason, note=note
        )
        with self._store.changing() as cursor:
            at_s = max(now_s, window_table.last_closed_cutoff(cursor))
            return act_on(cursor, said, "", by, at_s, self._rules)

    def _answered(self, cursor: Cursor, act: CaseAct, member: str, at_s: int) -> CaseAnswer:
        heard = None
        if act.act in WORDS and not act.case_id:
            heard = hear(cursor, act, member, at_s, self._rules, self._key)
        if isinstance(heard, Heard):
            stage, turn, ends_s = heard
            return CaseAnswer(act_id=act.act_id, code=OK, stage=stage, turn=turn, deadline_s=ends_s)
        found: Case | Refusal
        if heard is not None:
            found = heard
        elif act.case_id:
            found = act_on(cursor, act, member, "", at_s, self._rules)
        else:
            found = open_about(cursor, act, member, at_s, self._rules)
        if isinstance(found, Refusal):
            values = {name: str(value) for name, value in found.values.items()}
            return CaseAnswer(
                act_id=act.act_id, code=found.code, values=values, case_id=act.case_id
            )
        terms = terms_of(found.terms).dispute
        turn = turn_of(found, terms)
        return CaseAnswer(
            act_id=act.act_id,
            code=OK,
            case_id=found.case_id,
            stage=found.stage,
            turn=found.member(turn) if turn else "",
            deadline_s=due_s(found, terms) or 0,
        )
