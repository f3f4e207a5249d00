"""The cursor type of the city's store, named once."""

from typing import Any

import psycopg

Cursor = psycopg.Cursor[tuple[Any, ...]]
