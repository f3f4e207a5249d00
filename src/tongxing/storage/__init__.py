"""PostgreSQL for the houses that keep books: the embedded server, connections, migrations.

No SQL of any house stands here; each brings its own migrations and its own schema.
"""

from tongxing.storage.database import Database, open_database
from tongxing.storage.migrations import is_behind, migrate

__all__ = ["Database", "is_behind", "migrate", "open_database"]
