"""A small attester: it checks who asks, judges results by the policy, and signs what it says.

It speaks the protocol of `docs/entry.md` over real TLS, with a certificate that signs itself.
"""

import datetime
import ipaddress
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from msgspec.structs import replace

from tongxing.entry import Attestation, Policy, Result, holder_of, judged, sign_attestation
from tongxing.entry.question import Question, read_question, sign_answer
from tongxing.kernel.reasons import Refusal

ATTESTER, ASKER = "attester-1", "gates"
ATTESTER_KEY = Ed25519PrivateKey.from_private_bytes(b"\3" * 32)
ASKER_SECRET = b"\4" * 32
ASKER_KEY = Ed25519PrivateKey.from_private_bytes(ASKER_SECRET)
HOLDERS_KEY = b"\5" * 32
STRANGER = Ed25519PrivateKey.from_private_bytes(b"\6" * 32)
_STATUS = {"ENTRY_QUESTION_FORGED": 401, "ENTRY_QUESTION_OTHER": 409}


@dataclass
class Attester:
    """What an authority knows, by holder, and how its server misbehaves."""

    policy: Policy
    clock: Callable[[], int]
    results: dict[str, Result | None] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    connections: int = 0
    address: str = ""
    ca: Path = Path()
    hangs: threading.Event | None = None
    fault: str = ""
    first: bytes = b""

    def links(self, medium_no: str, result: Result | None) -> None:
        """Somebody is linked with a medium, with what is known of them."""
        self.results[holder_of(HOLDERS_KEY, self.policy.city, medium_no)] = result

    def answer(self, raw: bytes) -> tuple[int, bytes]:
        """Status and body for what was posted."""
        if self.hangs is not None:
            self.hangs.wait(20)
        now_s = self.clock()
        asked = read_question(raw, {ASKER: ASKER_KEY.public_key()}, self.policy.city, now_s)
        if isinstance(asked, Refusal):
            self.refused.append(asked.code)
            return _STATUS.get(asked.code, 400), b""
        self.questions.append(asked)
        if self.fault in ("404", "429", "500"):
            return int(self.fault), b"no"
        if self.fault == "garbage":
            return 200, b"<html>502 Bad Gateway</html>"
        if self.fault == "long":
            return 200, bytes(5000)
        said = sign_answer(raw, self._word(asked, now_s), ATTESTER, self._key("answer"))
        self.first = self.first or said
        return 200, self.first if self.fault == "replayed" else said

    def _key(self, what: str) -> Ed25519PrivateKey:
        return STRANGER if self.fault == f"forged {what}" else ATTESTER_KEY

    def _word(self, asked: Question, now_s: int) -> bytes | None:
        if asked.holder not in self.results:
            return None
        told = judged(self.policy, self.results[asked.holder], now_s)
        word = Attestation(asked.city, asked.holder, told.passed, now_s, told.expires_s)
        if self.fault == "other holder":
            word = replace(word, holder="0" * 32)
        if self.fault == "expired":
            word = replace(word, issued_s=now_s - 600, expires_s=now_s)
        return sign_attestation(word, ATTESTER, self._key("attestation"))


@contextmanager
def attesting(policy: Policy, clock: Callable[[], int], folder: Path) -> Iterator[Attester]:
    """An attester on a port of this machine until the block ends."""
    attester = Attester(policy, clock)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            attester.connections += 1
            super().setup()

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            status, body = attester.answer(raw) if self.path == "/entry/1/questions" else (404, b"")
            if attester.fault == "drip":
                for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n" + body:
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.05)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            pass

    certificate, key = _certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        attester.address = f"https://127.0.0.1:{server.server_address[1]}"
        attester.ca = certificate
        try:
            yield attester
        finally:
            if attester.hangs is not None:
                attester.hangs.set()
            server.shutdown()
            thread.join()


def _certificate(folder: Path) -> tuple[Path, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "attester")])
    now = datetime.datetime.now(datetime.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(here, False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "attester.pem", folder / "attester.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private
