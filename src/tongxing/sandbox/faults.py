"""What may go wrong at a partner, as knobs that a test or a demonstration turns.

All are off at the start. They act on the next call or notice; `clear` turns all off again.
"""

from dataclasses import dataclass, fields


@dataclass
class Faults:
    """Knobs. Of calls: `down` answers 503 without acting; `drop_answers` acts on the next so many
    calls and breaks the connection off; `delay_s` waits before answering; `throttled` turns calls
    away; `garbage` answers what is not JSON; `leave_out` drops this field from every answer;
    `wrong_answer_signature` signs answers with a stranger's key; `redirect_to` sends the caller
    elsewhere; `no_money` lets debits without password fail.

    Of notices: `silent` sends none; `repeat` sends each so many times more; `hold` keeps notices
    back until so many are there and sends the last first; `wrong_signature` signs them with a
    stranger's key, `wrong_amount_fen` is added to their amount, `wrong_merchant` stands in them.
    """

    down: bool = False
    drop_answers: int = 0
    delay_s: float = 0.0
    throttled: bool = False
    garbage: bool = False
    leave_out: str = ""
    wrong_answer_signature: bool = False
    redirect_to: str = ""
    no_money: bool = False
    silent: bool = False
    repeat: int = 0
    hold: int = 0
    wrong_signature: bool = False
    wrong_amount_fen: int = 0
    wrong_merchant: str = ""

    def clear(self) -> None:
        """Turn every knob off."""
        fresh = Faults()
        for knob in fields(self):
            setattr(self, knob.name, getattr(fresh, knob.name))
