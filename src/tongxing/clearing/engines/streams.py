"""The columns of a long answer as they lie in DuckDB's memory, without a copy.

DuckDB hands answers over by the Arrow C data interface
(https://arrow.apache.org/docs/format/CDataInterface.html): two structures that are fixed for good,
written down here. Fetching the same columns as numpy arrays takes twice the time.
"""

import ctypes
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

_TYPES = {
    "TINYINT": np.int8, "SMALLINT": np.int16, "INTEGER": np.int32, "BIGINT": np.int64,
    "UTINYINT": np.uint8, "USMALLINT": np.uint16, "UINTEGER": np.uint32,
}  # fmt: skip
_THERE, _VALUES = 0, 1
"""Of a column of numbers the first buffer says which are there, a bit for each; the second has
them."""


class _Array(ctypes.Structure):
    """``ArrowArray``: rows whose columns are its children."""


_Array._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    ("dictionary", ctypes.POINTER(_Array)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))),
    ("private_data", ctypes.c_void_p),
]


class _Stream(ctypes.Structure):
    """``ArrowArrayStream``: one array after the other, until one that is released already."""


_Stream._fields_ = [
    ("get_schema", ctypes.c_void_p),
    (
        "get_next",
        ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Array)),
    ),
    ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(_Stream))),
    ("release", ctypes.c_void_p),
    ("private_data", ctypes.c_void_p),
]

_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype = ctypes.c_void_p
_pointer_of.argtypes = [ctypes.py_object, ctypes.c_char_p]


class Stretch:
    """Some rows of an answer, in columns by name; `empty` has a flag for each row of the columns
    that are empty somewhere, whatever number stands there. The columns are gone with the stretch:
    whoever works with them keeps it."""

    def __init__(self, array: _Array, names: Sequence[str], types: Sequence[Any]) -> None:
        self._array = array
        self.rows = int(array.length)
        self.columns: dict[str, NDArray[Any]] = {
            name: _numbers(array.children[place].contents, kind)
            for place, (name, kind) in enumerate(zip(names, types, strict=True))
        }
        children = (array.children[place].contents for place in range(len(names)))
        self.empty: dict[str, NDArray[np.bool_]] = {
            name: _empty(child)
            for name, child in zip(names, children, strict=True)
            if child.null_count
        }

    def __del__(self) -> None:
        if self._array.release:
            self._array.release(ctypes.byref(self._array))


def stretches(base: duckdb.DuckDBPyConnection, sql: str) -> Iterator[Stretch]:
    """The answer to a question, a stretch after the other, in order if the connection keeps it.

    Every column is of whole numbers: ValueError. Raises duckdb.Error.
    """
    answer = base.sql(sql)
    names, kinds = answer.columns, [str(kind) for kind in answer.types]
    strange = [name for name, kind in zip(names, kinds, strict=True) if kind not in _TYPES]
    if strange:
        raise ValueError(f"no whole numbers: {', '.join(strange)}")
    capsule = answer.__arrow_c_stream__()
    stream = ctypes.cast(_pointer_of(capsule, b"arrow_array_stream"), ctypes.POINTER(_Stream))
    while True:
        array = _Array()
        if stream.contents.get_next(stream, ctypes.byref(array)):
            told = stream.contents.get_last_error(stream) or b""
            raise duckdb.Error(told.decode(errors="replace"))
        if not array.release:
            return
        yield Stretch(array, names, [_TYPES[kind] for kind in kinds])


def batches(found: Iterable[Stretch], rows: int) -> Iterator[list[Stretch]]:
    """Stretches together, as many as have so many rows."""
    batch: list[Stretch] = []
    for stretch in found:
        batch.append(stretch)
        if sum(one.rows for one in batch) >= rows:
            yield batch
            batch = []
    if batch:
        yield batch


def _numbers(column: _Array, kind: Any) -> NDArray[Any]:
    if not column.length:
        return np.empty(0, kind)
    width = np.dtype(kind).itemsize
    start = (column.buffers[_VALUES] or 0) + width * column.offset
    held = (ctypes.c_char * (width * column.length)).from_address(start)
    return np.frombuffer(held, kind)


def _empty(column: _Array) -> NDArray[np.bool_]:
    first, end = column.offset, column.offset + column.length
    if not column.length or not column.buffers[_THERE]:
        return np.zeros(column.length, np.bool_)
    held = (ctypes.c_char * ((end + 7) // 8)).from_address(column.buffers[_THERE])
    bits = np.unpackbits(np.frombuffer(held, np.uint8), count=end, bitorder="little")
    found: NDArray[np.bool_] = bits[first:] == 0
    return found
