"""The ledger's tables in PostgreSQL; each house has them in its own schema."""

from tongxing.ledger.store.books import (
    MIGRATIONS,
    account_balances,
    balance,
    entity_totals,
    orphaned_lines,
    unbalanced_postings,
    write_postings,
)

__all__ = [
    "MIGRATIONS",
    "account_balances",
    "balance",
    "entity_totals",
    "orphaned_lines",
    "unbalanced_postings",
    "write_postings",
]
