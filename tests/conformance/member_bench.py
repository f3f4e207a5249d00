"""Our own city behind the test port of members, whole or broken, and a run of the kit."""

import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import psycopg
from handled import handled
from msgspec.structs import replace

sys.path.insert(0, str(Path(__file__).parents[1] / "city"))

from street import CARD, CHONGQING, DAY, SITE_KEY, Taps, moment, sealed
from tongxing.checkpoint import Succession, Verifier
from tongxing.city import City, MediumOpening, RiderOpening
from tongxing.city.hub_line import (
    HttpLine,
    HubAddress,
    HubDealings,
    HubTrust,
    RegisterBook,
    RegisterDealings,
)
from tongxing.city.hub_line.store import LetterBook
from tongxing.conformance.member.cases import member_case_book
from tongxing.conformance.member.playing import PROCEDURES
from tongxing.conformance.member.port import MemberPort
from tongxing.conformance.member.world import opened_member_world
from tongxing.conformance.running import CaseResult, run_cases
from tongxing.fares import load_city_fares
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing, SigningKey, TapRef
from tongxing.messages.taps import TapKind
from tongxing.signed_http import HttpKey
from tongxing.storage import Database

RIDE: tuple[tuple[str, TapKind, str], ...] = (
    ("08:00", "entry", "chaotianmen"),
    ("08:40", "exit", "shapingba"),
)
SCHEMA = f"city_{CHONGQING}"
_EMPTIED = """
DO $$
DECLARE found record;
BEGIN
    FOR found IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'city_500000' AND tablename <> 'migration' LOOP
        EXECUTE format('DELETE FROM city_500000.%I', found.tablename);
    END LOOP;
END $$
"""


class Bench:
    """The city under test. `line_of` makes its line, `dealings_of` its dealings, `registers_of`
    those with registers: a broken one brings its own."""

    def __init__(
        self,
        database: Database,
        line_of: Callable[..., HttpLine] = HttpLine,
        dealings_of: Callable[..., HubDealings] = HubDealings,
        registers_of: Callable[..., RegisterDealings] = RegisterDealings,
    ) -> None:
        self.database, self.line_of, self.dealings_of = database, line_of, dealings_of
        self.registers_of = registers_of
        self.told: dict[str, Any] = {}
        self.rides_made = 0
        self.city: City | None = None
        self.lines: list[HttpLine] = []
        self.looking: Any = None

    def about(self, _: Any) -> dict[str, Any]:
        can = ["acquirer", "issuer", "power", "registers"]
        return {"name": "our city", "software": "tongxing", "can": can}

    def setup(self, told: dict[str, Any]) -> dict[str, Any]:
        self.told = told
        self.close()
        with psycopg.connect(self.database.dsn, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(_EMPTIED.encode())
        self.start()
        card = MediumOpening(CARD, "card", "local:500000", "ordinary")
        rider = RiderOpening("a1", (card,), balance_fen=100_000_00, limit_fen=2_000)
        assert self.city is not None
        self.city.open_riders([rider], moment("03:00"))
        return {"ok": True}

    def start(self) -> None:
        told, hub = self.told, self.told["hub"]
        secret = bytes.fromhex(told["secret"])
        public = bytes.fromhex(hub["public_key"])
        ring = KeyRing({hub["sender"]: public, SITE_KEY.sender: SITE_KEY.public_bytes()})
        key = SigningKey.from_secret(told["acquirer"], secret)
        fares = load_city_fares(CHONGQING)
        self.city = City(CHONGQING, self.database, key, ring, fares)
        self.letters = LetterBook(self.database, CHONGQING)
        self.register_book = RegisterBook(self.database, CHONGQING)
        address = HubAddress(hub["address"], HubTrust(Succession(Verifier(hub["key_id"], public))))
        lines = {
            name: self.line_of(
                address, name, HttpKey(told["key_id"], key.private), lambda: int(time.time()),
                secrets.token_bytes, lambda s: time.sleep(s if s >= 1 else 0), 2,
            )
            for name in (told["acquirer"], told["issuer"], told["city"])
        }  # fmt: skip
        self.lines = list(lines.values())
        own = SigningKey(told["city"], key.private)
        registers = self.registers_of(self.register_book, own, lines, told["issuer"], ring)
        del lines[told["city"]]
        self.dealings = self.dealings_of(self.city, self.letters, lines, registers)

    def rides(self, told: dict[str, Any]) -> dict[str, Any]:
        taps = []
        for _ in range(told["count"]):
            self.rides_made += 1
            day = DAY + timedelta(days=self.rides_made)
            for text, kind, station in RIDE:
                tap = Taps()(moment(text, day), CARD, kind, station)
                ref = TapRef(tap.ref.terminal_id, tap.ref.epoch, self.rides_made)
                taps.append(replace(tap, ref=ref))
        assert self.city is not None
        last_s = moment("23:00", DAY + timedelta(days=self.rides_made))
        assert not isinstance(self.city.intake([sealed(taps)], last_s)[0], Refusal)
        return {"count": told["count"], "sum_fen": self.last_sum(told["count"])}

    def losses(self, told: dict[str, Any]) -> dict[str, Any]:
        with psycopg.connect(self.database.dsn, autocommit=True) as connection:
            connection.execute(f"SET search_path TO {SCHEMA}".encode())
            connection.execute("SET session_replication_role = replica")
            for _ in range(told["count"]):
                connection.execute(
                    "INSERT INTO loss_report SELECT 'r' || n, 'a1', n::text, '', 1, 1, 1"
                    " FROM (SELECT count(*) + 1 AS n FROM loss_report) AS known"
                )
        return {"ok": True}

    def last_sum(self, count: int) -> int:
        found = self.ask(
            f"SELECT sum(delta_fen)::bigint FROM (SELECT delta_fen FROM trip_revision"
            f" ORDER BY occurred_s DESC LIMIT {count}) AS newest"
        )
        return int(found[0][0])

    def round(self, _: Any) -> dict[str, Any]:
        now_s = int(time.time())
        found = [*self.dealings.send(now_s).troubles(), *self.dealings.fetch(now_s).troubles()]
        return {"trouble": [f"{one.code} {one.where}" for one in found]}

    def power(self, _: Any) -> dict[str, Any]:
        """All that was in memory is gone; what was committed is there."""
        self.close()
        self.start()
        return {"ok": True}

    def books(self, _: Any) -> dict[str, Any]:
        files = self.ask("SELECT file_id, file_code IS NOT NULL FROM record_file ORDER BY number")
        due = self.ask(
            "SELECT split_part(account, ':', 2), entity, sum(amount_fen)::bigint FROM posting_line"
            " WHERE account LIKE 'due_hub:%' GROUP BY 1, 2 ORDER BY 1, 2"
        )
        statements = self.ask("SELECT window_id, member, net_fen FROM statement ORDER BY 1, 2")
        registers = [one[:3] for one in self.register_book.fetched()]
        return {
            "registers": [
                dict(zip(("kind", "owner", "version"), row, strict=True)) for row in registers
            ],
            "files": [{"file_id": name, "booked": booked} for name, booked in files],
            "due": [dict(zip(("window_id", "member", "due_fen"), row, strict=True)) for row in due],
            "statements": [
                dict(zip(("window_id", "member", "net_fen"), row, strict=True))
                for row in statements
            ],
        }

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        if self.looking is None:
            self.looking = self.database.connect(SCHEMA)
            self.looking.autocommit = True
        return self.looking.execute(query.encode()).fetchall()

    def close(self) -> None:
        if self.city is not None:
            self.city.close()
            self.letters.close()
            self.register_book.close()
            self.city = None
        if self.looking is not None:
            self.looking.close()
            self.looking = None
        for line in self.lines:
            line.close()


@contextmanager
def port_of(bench: Any) -> Iterator[str]:
    """The test port of a member, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16

        def do_GET(self) -> None:
            self.tell(None)

        def do_POST(self) -> None:
            self.tell(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def tell(self, given: Any) -> None:
            body = json.dumps(getattr(bench, self.path[1:])(given)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with handled(Handler) as address:
        yield address


def tried(address: str, only: Sequence[str] = ()) -> list[CaseResult]:
    """What the kit finds, of the cases whose names are given or of all."""
    book, port = member_case_book(), MemberPort(address, 60)
    cases = [case for case in book.case if not only or case.name in only]
    about = port.about()
    try:
        with opened_member_world(
            port, book, about.can, "127.0.0.1", lambda: int(time.time()), secrets.token_bytes
        ) as world:
            return list(run_cases(world, about.can, cases, PROCEDURES))
    finally:
        port.close()
