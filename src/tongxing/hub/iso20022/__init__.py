"""ISO 20022 messages of the clearing house, built from the published structures.

Out: camt.053 (a member's statement), pacs.009 (a settlement payment), pain.001 (an acquirer pays
an operator). In: pacs.002 and pain.002 (what became of a payment), camt.053 and camt.054 (what
moved on the account), pacs.004 (what comes back). The same values always give the same bytes: no
clock and no random id is used, and amounts come from whole fen.
"""

from tongxing.hub.iso20022.camt053 import account_statement
from tongxing.hub.iso20022.payments import payment_message
from tongxing.hub.iso20022.status import PaymentStatus, read_status, status_report

__all__ = [
    "PaymentStatus",
    "account_statement",
    "payment_message",
    "read_status",
    "status_report",
]
