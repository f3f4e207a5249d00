"""`tongxing hub cases open`: a member opens a case about a record, or says its word on one."""

from tongxing.cli.hub.cases.acting import act_command

OPENINGS = (
    "query",
    "ask_evidence",
    "credit_adjust",
    "present_more",
    "charge_back",
    "claim_small",
    "object",
    "confirm",
    "recover",
)

command = act_command("record", OPENINGS)
