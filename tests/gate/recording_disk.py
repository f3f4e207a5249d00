"""A disk that remembers: every write, cut, sync and delete that SQLite asks of the file system.

It is a storage layer of SQLite's own kind (a VFS) in front of the real one, reached through ctypes
in the very library that Python's `sqlite3` uses. It changes nothing on the way, unless it has a
`quota_bytes`: then writes that would grow the files beyond it fail as on a full disk.

For a child process: once installed it stands before all databases of the process.
"""

import ctypes
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OK, ERROR, FULL = 0, 1, 13
_MAIN, _JOURNAL, _SUPER, _WAL = 0x100, 0x800, 0x4000, 0x80000
_SYNCS_ITS_NAME = _JOURNAL | _SUPER | _WAL
_WRITE, _TRUNCATE, _SYNC = 3, 4, 5
_METHODS = 19

_Pointer = ctypes.c_void_p
_OnOpen = ctypes.CFUNCTYPE(
    ctypes.c_int, _Pointer, _Pointer, _Pointer, ctypes.c_int, ctypes.POINTER(ctypes.c_int)
)
_OnDelete = ctypes.CFUNCTYPE(ctypes.c_int, _Pointer, ctypes.c_char_p, ctypes.c_int)
_OnWrite = ctypes.CFUNCTYPE(ctypes.c_int, _Pointer, _Pointer, ctypes.c_int, ctypes.c_int64)
_OnTruncate = ctypes.CFUNCTYPE(ctypes.c_int, _Pointer, ctypes.c_int64)
_OnSync = ctypes.CFUNCTYPE(ctypes.c_int, _Pointer, ctypes.c_int)


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("version", ctypes.c_int),
        ("file_bytes", ctypes.c_int),
        ("path_max", ctypes.c_int),
        ("next", _Pointer),
        ("name", ctypes.c_char_p),
        ("data", _Pointer),
        ("open", _Pointer),
        ("delete", _Pointer),
        ("others", _Pointer * 13),
    ]


@dataclass(frozen=True, slots=True)
class Op:
    """One thing asked of the disk, or `answer`: what the program had said by then, in `data`.

    `file` is the file as it was created (a name deleted and made again is another file).
    """

    kind: str
    file: int = 0
    name: str = ""
    at: int = 0
    data: Any = b""


@dataclass
class Recorder:
    """What has been asked so far; `quota_bytes` bounds all files together, None is no bound."""

    ops: list[Op] = field(default_factory=list)
    quota_bytes: int | None = None
    _names: dict[str, int] = field(default_factory=dict)
    _sizes: dict[int, int] = field(default_factory=dict)
    _open: dict[int, tuple[int, bool]] = field(default_factory=dict)
    _kept_alive: list[object] = field(default_factory=list)

    def answered(self, state: object) -> None:
        """The program has answered its caller: from now on this state is promised."""
        self.ops.append(Op("answer", data=state))

    def folder_synced(self) -> None:
        """The names in the folder are on the disk."""
        self.ops.append(Op("sync_names"))

    def spare_file(self, size: int) -> None:
        """Somebody else's file takes this many bytes of the quota (0: it is gone)."""
        self._sizes[-1] = size

    def fill_up(self) -> None:
        """Somebody else takes all the room that is left."""
        self.quota_bytes = sum(self._sizes.values())

    def has_space(self, more: int) -> bool:
        """Whether the files may grow by this many bytes."""
        if self.quota_bytes is None or more == 0:
            return True
        return sum(self._sizes.values()) + more <= self.quota_bytes

    def install(self) -> str:
        """Stand before every database of this process; "" or why that cannot be done."""
        library = _library()
        if library is None:
            return "SQLite cannot be reached in this Python"
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        real = library.sqlite3_vfs_find(None)
        vfs = _Vfs.from_buffer_copy(real.contents)
        vfs.name, vfs.next = b"recording", None
        callbacks = self._callbacks(real)
        for name, callback in callbacks.items():
            setattr(vfs, name, ctypes.cast(callback, _Pointer))
        self._kept_alive += [vfs, real, callbacks]
        if library.sqlite3_vfs_register(ctypes.byref(vfs), 1) != OK:
            return "SQLite takes no storage layer"
        return "" if self._is_heard() else "Python's sqlite3 is another copy of SQLite"

    def _is_heard(self) -> bool:
        try:
            sqlite3.connect("file::memory:?vfs=recording", uri=True).close()
        except sqlite3.OperationalError:
            return False
        return True

    def _callbacks(self, real: Any) -> dict[str, Any]:
        open_really = _OnOpen(real.contents.open)
        delete_really = _OnDelete(real.contents.delete)

        def on_open(_vfs: int, name: int, file: int, flags: int, out: Any) -> int:
            path = "" if name is None else os.fsdecode(ctypes.string_at(name))
            is_new = bool(path) and not os.path.exists(path)
            code = open_really(ctypes.cast(real, _Pointer), name, file, flags, out)
            if code == OK and path:
                self._opened(Path(path).name, file, is_new, flags)
            return code

        def on_delete(_vfs: int, name: bytes, sync: int) -> int:
            code = delete_really(ctypes.cast(real, _Pointer), name, sync)
            if code == OK:
                gone = self._names.pop(Path(os.fsdecode(name)).name, None)
                self._sizes.pop(gone or 0, None)
                self.ops.append(Op("delete", name=Path(os.fsdecode(name)).name))
                if sync:
                    self.folder_synced()
            return code

        return {"open": _OnOpen(on_open), "delete": _OnDelete(on_delete)}

    def _opened(self, name: str, file: int, is_new: bool, flags: int) -> None:
        number = self._names.get(name)
        if number is None:
            number = self._names[name] = len(self.ops) + 1
            self.ops.append(Op("create", number, name))
        self._open[file] = number, is_new and bool(flags & _SYNCS_ITS_NAME)
        pointer = ctypes.cast(file, ctypes.POINTER(ctypes.POINTER(_Pointer * _METHODS)))
        table = (_Pointer * _METHODS).from_buffer_copy(pointer.contents.contents)
        callbacks = self._file_callbacks(table)
        for index, callback in callbacks.items():
            table[index] = ctypes.cast(callback, _Pointer)
        self._kept_alive += [table, callbacks]
        pointer[0] = ctypes.pointer(table)

    def _file_callbacks(self, table: Any) -> dict[int, Any]:
        write_really = _OnWrite(table[_WRITE])
        truncate_really = _OnTruncate(table[_TRUNCATE])
        sync_really = _OnSync(table[_SYNC])

        def on_write(file: int, data: int, size: int, at: int) -> int:
            number, _ = self._open[file]
            if not self.has_space(max(at + size - self._sizes.get(number, 0), 0)):
                return FULL
            code = write_really(file, data, size, at)
            self._sizes[number] = max(self._sizes.get(number, 0), at + size)
            self.ops.append(Op("write", number, at=at, data=ctypes.string_at(data, size)))
            return code

        def on_truncate(file: int, size: int) -> int:
            number, _ = self._open[file]
            code = truncate_really(file, size)
            self._sizes[number] = size
            self.ops.append(Op("truncate", number, at=size))
            return code

        def on_sync(file: int, flags: int) -> int:
            number, syncs_its_name = self._open[file]
            code = sync_really(file, flags)
            self.ops.append(Op("sync", number))
            if syncs_its_name:
                self._open[file] = number, False
                self.folder_synced()
            return code

        return {
            _WRITE: _OnWrite(on_write),
            _TRUNCATE: _OnTruncate(on_truncate),
            _SYNC: _OnSync(on_sync),
        }


def _library() -> Any:
    """The SQLite that Python's module is linked with."""
    import _sqlite3

    candidates: list[Callable[[], str | None]] = [
        lambda: getattr(_sqlite3, "__file__", None),
        lambda: None,
    ]
    for candidate in candidates:
        try:
            library = ctypes.CDLL(candidate())
        except (OSError, TypeError):
            continue
        if hasattr(library, "sqlite3_vfs_find"):
            return library
    return None
