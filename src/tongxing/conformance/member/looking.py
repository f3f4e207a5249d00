"""Looks at what a member sends: signature, nonce, digest, manifest, chain, data, the same bytes.

Whatever is not as docs/exchange-api.md says is put down as a `Fault`; the case that is being played
fails with it.
"""

import gzip
import zlib
from dataclasses import dataclass, field

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tongxing.conformance.books import Fault
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, Manifest, Record, unseal
from tongxing.signed_http import Request, Signed, check_request, sha256_of_digest

TOLERANCE_S = 300
_UNREADABLE = (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError)
_RECORD = msgspec.json.Decoder(Record)


@dataclass
class KnownFile:
    """A file as it is coming in: its manifest, the data so far, its records once it is booked."""

    manifest: Manifest
    sealed: bytes
    data: bytes = b""
    records: tuple[Record, ...] = ()
    letter: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether the data is that of the manifest."""
        return sha256_hex(self.data) == self.manifest.data_sha256


@dataclass
class Looking:
    """What was seen of one member. `public` is its key."""

    key_id: str
    public: Ed25519PublicKey
    acquirer: str
    faults: list[Fault] = field(default_factory=list)
    files: dict[str, KnownFile] = field(default_factory=dict)
    last_manifest: str = ""
    requests: int = 0
    _nonces: set[str] = field(default_factory=set)

    def blame(self, what: str, found: object = "", expected: object = "") -> None:
        """Put a fault down."""
        self.faults.append(Fault(what, str(found), str(expected)))

    def signed(self, request: Request, body: bytes, now_s: int) -> Signed | Refusal:
        """Who signed a request; why, and a fault, when it cannot be believed."""
        self.requests += 1
        found = check_request(request, self._public, now_s, TOLERANCE_S)
        if isinstance(found, Refusal):
            self.blame("signature", f"{found.code}: {found.message('en')} {found.where}".strip())
            return found
        if found.nonce in self._nonces:
            self.blame("nonce", found.nonce)
        self._nonces.add(found.nonce)
        given = sha256_of_digest(request.headers.get("content-digest"))
        if request.method == "PUT" and (given is None or given.hex() != sha256_hex(body)):
            self.blame("digest", request.headers.get("content-digest"), sha256_hex(body))
            return Refusal("HTTP_DIGEST")
        return found

    def manifest(self, file_id: str, sealed: bytes) -> KnownFile | None:
        """A manifest that comes; None, and a fault, when it is none for this file."""
        known = self.files.get(file_id)
        if known is not None:
            if known.sealed != sealed:
                self.blame("other_bytes", file_id)
                return None
            return known
        opened = unseal(sealed, Manifest, KeyRing({self.acquirer: self.public.public_bytes_raw()}))
        if isinstance(opened, Refusal):
            self.blame("manifest", f"{opened.code}: {opened.message('en')}")
            return None
        manifest = opened[1]
        if (opened[0], manifest.sender, manifest.file_id) != (
            self.acquirer,
            self.acquirer,
            file_id,
        ):
            self.blame("manifest", manifest.file_id, file_id)
            return None
        if manifest.previous_manifest_sha256 != self.last_manifest:
            self.blame("chain", manifest.previous_manifest_sha256, self.last_manifest)
            return None
        self.files[file_id] = known = KnownFile(manifest, sealed)
        return known

    def whole(self, known: KnownFile) -> bool:
        """Whether a file whose last byte came is what its manifest says; its records are kept."""
        manifest = known.manifest
        if not known.is_whole:
            self.blame("data_sha256", sha256_hex(known.data), manifest.data_sha256)
            return False
        try:
            lines = gzip.decompress(known.data).split(b"\n")
            records = tuple(_RECORD.decode(line) for line in lines[:-1])
        except (*_UNREADABLE, OSError, EOFError, zlib.error) as error:
            self.blame("data", error)
            return False
        found = (len(records), sum(record.delta_fen for record in records))
        if lines[-1] or found != (manifest.rows, manifest.delta_sum_fen):
            self.blame("sums", found, (manifest.rows, manifest.delta_sum_fen))
            return False
        known.records = records
        return True

    def _public(self, key_id: str) -> Ed25519PublicKey | None:
        return self.public if key_id == self.key_id else None
