"""Record files: manifest, then data whole or in pieces; booked when the last byte is here. Case
files: one message, answered at once."""

import re
from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest

from tongxing.hub_api.bodies import parts_of, whole_body
from tongxing.hub_api.desks import HubDesks
from tongxing.hub_api.door import Asked
from tongxing.kernel.ids import is_file_name, sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages.letters import FileProgress
from tongxing.signed_http import sha256_of_digest

CASE_FILE_BYTES_MAX = 1 << 20
_RANGE = re.compile(r"bytes ([0-9]{1,12})-([0-9]{1,12})/([0-9]{1,12})", re.ASCII)
_FOR_NOW = ("HUB_BUSY",)
"""Refusals of the hub after which the same data may be tried again."""

Told = tuple[FileProgress, int] | Refusal
"""How far a file has come, with the status of the answer; or why not."""

Work = Callable[[HttpRequest, str, str, bytes], Awaitable[Told]]


class FileRoutes:
    """What members do with files. One request at a time works on a file."""

    def __init__(self, desks: HubDesks) -> None:
        self._desks = desks
        self._at_work: set[tuple[str, str]] = set()

    async def progress(self, http: HttpRequest, asked: Asked) -> Told:
        """How far a file has come."""
        file_id = http.path_params["file_id"]
        if not is_file_name(file_id):
            return Refusal("FILE_NAME")
        return await self._told(asked.member, file_id, 200)

    async def manifest(self, http: HttpRequest, asked: Asked) -> Told:
        """A sealed manifest comes; the same one again changes nothing."""
        return await self._alone(http, asked, self._manifest)

    async def data(self, http: HttpRequest, asked: Asked) -> Told:
        """Data comes, all of it or a piece."""
        return await self._alone(http, asked, self._data)

    async def case_file(self, http: HttpRequest, asked: Asked) -> bytes | Refusal:
        """A sealed case file comes; the sealed answers."""
        file_id = http.path_params["file_id"]
        if not is_file_name(file_id):
            return Refusal("FILE_NAME")
        desks = self._desks
        sha256 = sha256_of_digest(http.headers.get("content-digest", ""))
        content = await whole_body(http, CASE_FILE_BYTES_MAX, sha256, desks.limits.rest_s)
        if isinstance(content, Refusal):
            return content
        take = desks.desk.take_case_file
        return await run_in_threadpool(take, asked.member, file_id, content, desks.clock())

    async def _alone(self, http: HttpRequest, asked: Asked, work: Work) -> Told:
        file_id = http.path_params["file_id"]
        if not is_file_name(file_id):
            return Refusal("FILE_NAME")
        sha256 = sha256_of_digest(http.headers.get("content-digest", ""))
        if sha256 is None:
            return Refusal("HTTP_DIGEST")
        here = (asked.member, file_id)
        if here in self._at_work:
            return Refusal("UPLOAD_BUSY", file_id, {"file_id": file_id})
        self._at_work.add(here)
        try:
            return await work(http, asked.member, file_id, sha256)
        finally:
            self._at_work.discard(here)

    async def _manifest(self, http: HttpRequest, member: str, file_id: str, sha256: bytes) -> Told:
        desks = self._desks
        most = desks.desk.rules.file.manifest_bytes_max
        content = await whole_body(http, most, sha256, desks.limits.rest_s)
        if isinstance(content, Refusal):
            return content
        refusal = await run_in_threadpool(desks.desk.check_manifest, member, file_id, content)
        if refusal is not None:
            return refusal
        if await run_in_threadpool(desks.desk.booked, member, file_id) is None:
            refusal = await run_in_threadpool(
                desks.spool.put_manifest, member, file_id, content, desks.clock()
            )
        return refusal or await self._told(member, file_id, 200)

    async def _data(self, http: HttpRequest, member: str, file_id: str, sha256: bytes) -> Told:
        desks, spool = self._desks, self._desks.spool
        booked = await run_in_threadpool(desks.desk.booked, member, file_id)
        span = _span(http.headers.get("content-range"))
        if isinstance(span, Refusal):
            return span
        if booked is not None:
            if span is None and booked.data_sha256 != sha256.hex():
                return Refusal("FILE_ID_CONFLICT", file_id, {"file_id": file_id})
            return await self._told(member, file_id, 200)
        manifest = spool.manifest(member, file_id)
        if manifest is None:
            return Refusal("UPLOAD_NO_MANIFEST", file_id, {"file_id": file_id})
        most = desks.desk.rules.file.data_bytes_max
        start, end, total = span or (0, most, 0)
        if total > most:
            return Refusal("FILE_TOO_LARGE", file_id, {"found": total, "limit": most})
        have, last = spool.ends(member, file_id)
        if start not in (0, last, have):
            return Refusal("UPLOAD_RANGE", file_id, {"have": have})
        if start == 0:
            spool.drop_data(member, file_id)
        parts = parts_of(http, end - start, desks.limits.rest_s)
        size = None if span is None else end - start
        got = await spool.put_piece(member, file_id, start, size, sha256, parts)
        if isinstance(got, Refusal):
            return got
        if span is not None and got < total:
            return await self._told(member, file_id, 202)
        return await self._book(member, file_id, manifest)

    async def _book(self, member: str, file_id: str, manifest: bytes) -> Told:
        desks, spool = self._desks, self._desks.spool
        data = await run_in_threadpool(spool.data, member, file_id)
        taken = await run_in_threadpool(desks.desk.take_file, manifest, data, desks.clock())
        if isinstance(taken, Refusal) and taken.code in _FOR_NOW:
            return taken
        await run_in_threadpool(spool.forget, member, file_id)
        if isinstance(taken, Refusal):
            return taken
        return await self._told(member, file_id, 200)

    async def _told(self, member: str, file_id: str, status: int) -> Told:
        return await run_in_threadpool(self._progress, member, file_id), status

    def _progress(self, member: str, file_id: str) -> FileProgress:
        booked = self._desks.desk.booked(member, file_id)
        if booked is not None:
            return FileProgress(
                file_id=file_id,
                state="booked",
                manifest_sha256=booked.manifest_sha256,
                letter=booked.letter,
            )
        manifest = self._desks.spool.manifest(member, file_id)
        if manifest is None:
            return FileProgress(file_id=file_id, state="nothing")
        have = self._desks.spool.have(member, file_id)
        return FileProgress(
            file_id=file_id,
            state="data" if have else "manifest",
            have_bytes=have,
            manifest_sha256=sha256_hex(manifest),
        )


def _span(text: str | None) -> tuple[int, int, int] | Refusal | None:
    """First byte, the one after the last, and the size of the whole; None for all of it at once.
    Refuses API_QUERY."""
    if text is None:
        return None
    found = _RANGE.fullmatch(text)
    if found is not None:
        first, last, total = (int(part) for part in found.groups())
        if first <= last < total:
            return first, last + 1, total
    return Refusal("API_QUERY", values={"name": "Content-Range"})
