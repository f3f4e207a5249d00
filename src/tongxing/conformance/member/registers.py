"""The registers of the kit's hub: those that the member hands in, those that it publishes."""

import re
from dataclasses import dataclass, field

import msgspec

from tongxing.conformance.member.looking import Looking
from tongxing.conformance.member.saying import Act, Made, error, in_part
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.messages import KeyRing
from tongxing.messages.envelope import believe, read_body
from tongxing.messages.register_pages import KeptRegister, RegisterPage
from tongxing.signed_http import Request

FOR_ALL = ("CityRegister", "NumberRegister", "CardRegister", "LossRegister", "DataList")
_LIST = re.compile(r"/v1/members/([^/]+)/registers", re.ASCII)
_ONE = re.compile(r"/v1/members/([^/]+)/registers/([0-9]+)", re.ASCII)
_PUT = re.compile(r"/v1/members/([^/]+)/registers/([A-Za-z]+)/([0-9]+)", re.ASCII)


class _Versioned(msgspec.Struct):
    version: int
    published_s: int
    losses: list[object] | None = None


_BODIES = msgspec.json.Decoder(_Versioned)


@dataclass
class RegisterShelf:
    """All that there are, in the order in which they came. `names` are the member's own: acquirer,
    issuer and city."""

    looking: Looking
    names: tuple[str, str, str]
    kept: list[tuple[KeptRegister, bytes]] = field(default_factory=list)

    def act(self, method: str, path: str) -> tuple[str, Act] | None:
        """What a request is for, and what is done with it; None when it is for no register."""
        kinds: tuple[tuple[str, re.Pattern[str], str, Act], ...] = (
            ("PUT", _PUT, "register", self._taken),
            ("GET", _LIST, "registers", self._listed),
            ("GET", _ONE, "register_content", self._one),
        )
        for wanted, pattern, kind, act in kinds:
            if method == wanted and pattern.fullmatch(path):
                return kind, act
        return None

    def publish(self, kind: str, owner: str, version: int, content: bytes) -> None:
        """Let a version of somebody's register be there."""
        number = len(self.kept) + 1
        sha256 = sha256_hex(content)
        register = KeptRegister(number, kind, owner, version, 0, len(content), sha256)
        self.kept.append((register, content))

    def newest(self, kind: str, owner: str) -> tuple[int, int]:
        """The newest version of a register and how many losses it holds; 0 and -1 for none."""
        found = [pair for pair in self.kept if (pair[0].kind, pair[0].owner) == (kind, owner)]
        if not found:
            return 0, -1
        believed = believe(found[-1][1], (kind,), self._ring())
        assert not isinstance(believed, Refusal), believed
        body = read_body(believed.body, _BODIES)
        losses = None if isinstance(body, Refusal) else body.losses
        return found[-1][0].version, len(losses or [])

    def _ring(self) -> KeyRing:
        return KeyRing(dict.fromkeys(self.names, self.looking.public.public_bytes_raw()))

    def _taken(self, request: Request, path: str, body: bytes) -> Made:
        match = _PUT.fullmatch(path)
        assert match is not None
        owner, kind, version = match[1], match[2], int(match[3])
        believed = believe(body, (kind,), self._ring())
        if isinstance(believed, Refusal):
            self.looking.blame("register", f"{kind}: {believed.message('en')}")
            return 422, [], error("MESSAGE_MALFORMED")
        told = read_body(believed.body, _BODIES)
        if isinstance(told, Refusal) or (believed.sender, told.version) != (owner, version):
            self.looking.blame("register", f"{believed.sender} {kind}", f"{owner} {kind} {version}")
            return 422, [], error("REGISTER_VERSION")
        own = [one for one in self.kept if (one[0].kind, one[0].owner) == (kind, owner)]
        same = [one for one in own if one[0].version == version]
        if same and same[0][1] != body:
            self.looking.blame("register_changed", f"{kind} {version}")
            return 409, [], error("REGISTER_CHANGED", {"kind": kind, "found": version})
        if own and not same and version < own[-1][0].version:
            self.looking.blame("register_rollback", version, f"> {own[-1][0].version}")
            return 409, [], error("REGISTER_ROLLBACK", {"kind": kind, "found": version,
                                                        "current": own[-1][0].version})  # fmt: skip
        if not same:
            self.publish(kind, owner, version, body)
            same = [self.kept[-1]]
        return 200, [], msgspec.json.encode(same[0][0])

    def _listed(self, request: Request, path: str, body: bytes) -> Made:
        match = _LIST.fullmatch(path)
        text = request.url.partition("?after=")[2] or "0"
        if match is None or match[1] not in self.names or not text.isdigit():
            self.looking.blame("address", request.url)
            return 400, [], error("API_QUERY")
        newest = {(one.kind, one.owner): one for one, _ in self.kept}
        seen = [one for one in newest.values() if self._is_for(match[1], one)]
        page = RegisterPage(
            member=match[1],
            last=max((one.number for one in seen), default=0),
            registers=sorted(
                (one for one in seen if one.number > int(text)), key=lambda one: one.number
            ),
        )
        return 200, [], msgspec.json.encode(page)

    def _one(self, request: Request, path: str, body: bytes) -> Made:
        match = _ONE.fullmatch(path)
        assert match is not None
        found = [pair for pair in self.kept if pair[0].number == int(match[2])]
        if not found or not self._is_for(match[1], found[0][0]):
            self.looking.blame("believed", f"register {match[2]}")
            return 404, [], error("REGISTER_UNKNOWN")
        return in_part(request, found[0][1])

    def _is_for(self, member: str, register: KeptRegister) -> bool:
        return register.kind in FOR_ALL or register.owner == member
