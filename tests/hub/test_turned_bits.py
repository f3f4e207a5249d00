"""A record with a turned bit, sealed again by an acquirer that is honest or not: what is taken."""

import msgspec
from hub_world import BY_ID, RULES, PlainGround, encoded
from test_hub_signatures import CARD, DAY, ENTRY, EXIT, ride, witness

from tongxing.hub.admission import judge
from tongxing.hub.checks import Case
from tongxing.hub.rows import read_row
from tongxing.kernel.clock import at


def verdict(line: bytes) -> tuple[str, object]:
    """What becomes of a file of this one line, and its record."""
    row = read_row(1, line, RULES.file.line_bytes_max)
    records = [] if row.record is None else [row.record]
    case = Case(
        sender=BY_ID["ACQ-990100"],
        members=BY_ID,
        suspended=frozenset(),
        rules=RULES,
        ground=PlainGround(),
        received_s=at(DAY, 30),
        known={},
        holders={},
        evidence=witness().evidence(records),
    )
    [judged] = judge([row], case)
    return judged.status, row.record


def test_no_turned_bit_takes_more_money_or_another_cards() -> None:
    """The manifest is made anew, so that no hash refuses it: then the TAC, the tariff and the form
    of the row are what stands between a changed record and money."""
    line = encoded(ride(proofs=[ENTRY, EXIT]))
    assert verdict(line)[0] == "accepted"
    accepted = 0
    for bit in range(8 * len(line)):
        turned = bytearray(line)
        turned[bit // 8] ^= 1 << bit % 8
        status, record = verdict(bytes(turned))
        if status != "accepted":
            continue
        accepted += 1
        found = msgspec.to_builtins(record)
        assert found["medium_no"] == CARD, bit
        assert 0 <= found["delta_fen"] == found["charge_fen"] <= 450, bit
        proofs = found["proofs"]
        assert [proof["tac"] for proof in proofs] == [
            proof["tac"] for proof in msgspec.to_builtins([ENTRY, EXIT])
        ], bit
        assert sum(proof["amount_fen"] for proof in proofs) == 450, bit
    assert accepted < len(line) * 8 // 3
