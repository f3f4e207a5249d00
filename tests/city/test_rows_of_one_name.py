"""What the hub says of two rows under one name is booked for the one that is ours."""

from test_hub_dealings import (
    ACQUIRER,
    ISSUER,
    NOON,
    all_proofs_hold,
    books,
    city,
    held,
    presented,
)

from street import HUB_KEY
from tongxing.city import City
from tongxing.messages import Share, Verdict, VerdictFile, content_of, seal
from tongxing.storage import Database

assert city, "the fixture is that of all dealings with the hub"


def test_what_is_said_of_another_row_of_that_name_is_not_booked(
    city: City, database: Database
) -> None:
    """The hub held two rows under one name of ours, and tells which of them each verdict means."""
    manifest, records = presented(city)
    assert city.apply_verdicts(held(manifest, records), NOON) is None
    name, shares = records[0].record_id, [Share("OP-CQ-RAIL", 450)]
    other = Verdict(record_id=name, status="rejected", code="1020", bearer="case", content="0" * 32)
    own = Verdict(
        record_id=name, status="accepted", code="1012", shares=shares,
        content=content_of(records[0]),
    )  # fmt: skip
    for file, told, due in (("held-1", [other], 0), ("held-2", [other, own], 450)):
        later = VerdictFile(file_id=file, window_id="W20260320", file_code="OK", verdicts=told)
        assert city.apply_verdicts(seal(later, HUB_KEY), NOON) is None
        assert books(database, ACQUIRER, "due_hub:W20260320") == due
    assert books(database, ISSUER, "liab_mismatch") == books(database, ISSUER, "in_transit") == 0
    all_proofs_hold(database)
