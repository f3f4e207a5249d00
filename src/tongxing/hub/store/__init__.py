"""The hub's tables in PostgreSQL: where the hub writes, and reads what it decides by.

A file or a closing is one transaction, whole or not at all, and one at a time: the hub takes a lock
before it looks at anything it is about to change. The number of statements does not grow with the
number of records.
"""

from tongxing.hub.store.connection import Cursor, HubStore

__all__ = ["Cursor", "HubStore"]
