"""`tongxing hub cases act`: a member takes the next step of a case."""

from tongxing.cli.hub.cases.acting import act_command

STEPS = (
    "answer",
    "consent",
    "decline",
    "give_evidence",
    "credit_adjust",
    "accept_more",
    "refuse_more",
    "charge_back",
    "accept",
    "represent",
    "drop",
    "arbitrate",
    "withdraw",
)

command = act_command("case", STEPS)
