"""Real cards and codes for simulated passengers: software cards with keys of their own, phones that
sign each display, and the security modules and trust of the gates that read them.

Every key is made from the seed, so that a run gives the same bytes every time; none is a real one
and none may be used outside a simulation. What is put on a card here says the same as the token it
stands for; gates read it from the card's files and from nowhere else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from random import Random
from typing import Any, TypeVar

from tongxing.city.codes import CodeIssuer
from tongxing.city.codes.issuer import signer_for_tests
from tongxing.deciding import MediumToken
from tongxing.gate import Journal, MediaSetup, PlaceCodes
from tongxing.gate.reading.kinds import kind_of
from tongxing.gate.reading.serials import JournalSerials
from tongxing.gate.reading.state import blank_records, fare_state_record
from tongxing.gate.reading.writing import moment
from tongxing.kernel.clock import at
from tongxing.kernel.ids import sha256_hex
from tongxing.kernel.reasons import Refusal
from tongxing.media.card.applications import CITY_UNION_AID, T_UNION_AID
from tongxing.media.card.chip import CardProfile, MemoryStore, SoftwareCard, personalise
from tongxing.media.card.chip.profile import CardKeyUse
from tongxing.media.card.files import ACCOUNT_MARK
from tongxing.media.card.files.city_union import ACCOUNT_SUB_TYPE
from tongxing.media.card.terminal import (
    Issuer,
    IssuerHost,
    IssuerList,
    SoftwareSam,
    load,
    make_issuers,
)
from tongxing.media.card.terminal.reading import city_factor, read_city_ids, read_ids, select
from tongxing.media.code.issue import (
    Authorisation,
    Signer,
    authorise,
    make_certificate,
    refresh,
)
from tongxing.media.code.verify import Trust
from tongxing.media.crypto.providers import private_key, simulated_signer
from tongxing.media.keys.software import SoftwareVault
from tongxing.media.keys.vault import KEY_USES, MasterName
from tongxing.messages.taps import account_token
from tongxing.network.regions import region_code_of
from tongxing.network.transport import CityNetwork
from tongxing.simulation.scenario import Scenario
from tongxing.simulation.seeds import secret, stream

Result = TypeVar("Result")

DES, VERSION, KEY_INDEX = 0, 1, 1
_STARTS, _EXPIRES = date(2020, 1, 1), date(2099, 12, 31)
_CODE_ACCOUNT = len(account_token(""))
_ROOT = 1
_BP = 10_000


@dataclass(slots=True)
class PlasticCard:
    """A card in a wallet."""

    chip: SoftwareCard
    aid: bytes

    @property
    def balance_fen(self) -> int:
        """What is on it now."""
        return self.chip.image.purses[0]

    def enter_field(self) -> SoftwareCard:
        """Hold it to a reader: it starts anew."""
        self.chip.reset()
        return self.chip


@dataclass(slots=True)
class Phone:
    """A phone that shows ride codes: what its issuer has granted, and its own private key."""

    authorisation: bytes
    private: bytes

    def show(self, now_s: int) -> bytes:
        """The display that the phone makes at this moment."""
        return _whole(refresh(self.authorisation, self._sign, now_s))

    def _sign(self, message: bytes) -> bytes:
        return simulated_signer().sign(self.private, message)


RealMedium = PlasticCard | Phone


class RunMedia:
    """The makers and keys of one run."""

    def __init__(self, seed: int, scenario: Scenario) -> None:
        self._seed = seed
        self._scenario = scenario
        self._host = IssuerHost(self.vault)
        self._certificates: dict[str, bytes] = {}

    @property
    def code_life_s(self) -> int:
        """How long one display of a code is good, real or not."""
        return self._scenario.real_media.code_validity_s

    def is_real(self, passenger_id: str, share_bp: int) -> bool:
        """Whether this passenger is of the share (basis points) that carries real media."""
        drawn = int.from_bytes(secret(self._seed, "real-media", passenger_id)[:4], "big")
        return drawn % _BP < share_bp

    @cached_property
    def vault(self) -> SoftwareVault:
        """The master keys of every issuer of the run."""
        return SoftwareVault(self.masters)

    @property
    def masters(self) -> dict[MasterName, bytes]:
        """The master keys themselves: test keys, which a gate to try gets as a vault file."""
        return {
            MasterName(use, DES, VERSION): secret(self._seed, "master", use)[:16]
            for use in KEY_USES
        }

    @cached_property
    def trust(self) -> Trust:
        """Whom gates believe when they read a code."""
        root = simulated_signer().public_of(self._private("root"))
        return Trust(roots={_ROOT: root}, issuers=frozenset(self.code_issuers))

    @cached_property
    def code_issuers(self) -> Mapping[str, tuple[str, str]]:
        """Scheme and division of each issuer of codes, by the 8 digits of its id."""
        return {
            issuer_id(city)[:4].hex(): (f"local:{city}", city) for city in self._scenario.members
        }

    @cached_property
    def card_issuers(self) -> IssuerList:
        """The white list of T-Union: each issuer with the beginnings of its card numbers."""
        return make_issuers(
            1,
            (
                Issuer(issuer_id(code)[:4], (found.number_prefixes["t_union"][:6],))
                for code, found in self._scenario.issuing.items()
                if "t_union" in found.number_prefixes
            ),
        )

    def setup(self, network: CityNetwork, places: PlaceCodes, journal: Journal) -> MediaSetup:
        """How a site of a city reads media."""
        city = network.code

        def module_of(terminal_id: str) -> SoftwareSam:
            number = terminal_number(_region(city), terminal_id)
            return SoftwareSam(number, self.vault, JournalSerials(journal, terminal_id))

        return MediaSetup(
            sam_of=module_of,
            trust=self.trust,
            region=_region(city),
            institution=bytes.fromhex(f"1101{_region(city)}FFFFFFFF"),
            places=places,
            issuers=self.code_issuers,
            home=self._home(city),
            card_issuers=self.card_issuers,
        )

    def of(self, token: MediumToken, opened_s: int) -> RealMedium:
        """The card or the phone that this token stands for."""
        return self.card(token, opened_s) if token.medium_kind == "card" else self.phone(token)

    def card(self, token: MediumToken, opened_s: int, **changes: Any) -> PlasticCard:
        """The card that says what this token says; `changes` are fields of its profile."""
        image = personalise(replace(self.profile(token, opened_s), **changes))
        random = stream(self._seed, "chip", token.medium_no)
        chip = SoftwareCard(MemoryStore(image), _bytes_of(random))
        return PlasticCard(chip, T_UNION_AID if token.scheme == "t_union" else CITY_UNION_AID)

    def profile(self, token: MediumToken, opened_s: int) -> CardProfile:
        """What its issuer puts on the card of a token."""
        t_union = token.scheme == "t_union"
        on_account = token.funding == "account"
        factors = _factors(token, t_union)
        keys: dict[tuple[CardKeyUse, int], bytes] = {
            (use, KEY_INDEX): _whole(self.vault.card_key(use, DES, VERSION, factors))
            for use in KEY_USES
        }
        return CardProfile(
            number=token.medium_no,
            issuer_id=issuer_id(token.issuer),
            keys=keys,
            starts=_STARTS,
            expires=_EXPIRES,
            scheme="t_union" if t_union else "city_union",
            city=_region(token.issuer) if t_union else token.medium_no[:4],
            province=_region(token.issuer),
            kind=kind_of(token.issuer, "card", token.product),
            fci_data=ACCOUNT_MARK if on_account else bytes(2),
            sub_type=ACCOUNT_SUB_TYPE if on_account else 0,
            balance_fen=token.balance_fen,
            security_code=b"" if t_union else bytes(9),
            locals=_records(token, opened_s),
        )

    def phone(self, token: MediumToken) -> Phone:
        """The phone that shows this account's code."""
        account = token.medium_no[_CODE_ACCOUNT:]
        private = self._private("phone", account)
        terms = self._scenario.real_media
        granted = Authorisation(
            payment_account=account,
            card_account="0000" + account,
            platform_id=_platform(token.issuer),
            user_key=simulated_signer().public_of(private),
            ends_s=at(_EXPIRES),
            account_type=kind_of(token.issuer, "code", token.product),
            limit_fen=terms.code_limit_fen,
            validity_s=self.code_life_s,
        )
        issuer = self.signer_of("issuer", token.issuer)
        return Phone(_whole(authorise(issuer, self._certificate(token.issuer), granted)), private)

    def code_issuer(self, city: str) -> CodeIssuer:
        """Who signs ride codes for the people of a city's pages: the run's own issuer."""
        signs = signer_for_tests(self._private("issuer", city))
        return CodeIssuer(signs, self._certificate(city), _platform(city), is_test=True)

    def top_up(self, card: PlasticCard, amount_fen: int, order: str, now_s: int) -> None:
        """Load a card at a machine of its issuer. Raises ValueError when card or issuer refuse."""
        chip = card.enter_field()
        _whole(select(chip, card.aid))
        read = read_ids if card.aid == T_UNION_AID else read_city_ids
        ids = _whole(read(chip))
        machine = terminal_number("0000", "top-up")
        _whole(load(chip, self._host, amount_fen, machine, moment(now_s), order=order, ids=ids))

    def _home(self, city: str) -> frozenset[bytes]:
        """How cards of the city's own issuer begin: as T-Union names it, and as City Union does."""
        prefixes = self._scenario.issuing[city].number_prefixes
        named = [prefixes[scheme] for scheme in ("local", "city_union") if scheme in prefixes]
        factors = [city_factor(bytes.fromhex(code[:4]))[:4] for code in named]
        return frozenset({issuer_id(city)[:4], *factors})

    def _certificate(self, city: str) -> bytes:
        found = self._certificates.get(city)
        if found is None:
            made = make_certificate(
                self.signer_of("root"),
                issuer_id=issuer_id(city)[:4].hex(),
                public_key=simulated_signer().public_of(self._private("issuer", city)),
                expires=_EXPIRES,
                serial=_region(city).zfill(6),
                root_index=_ROOT,
            )
            found = self._certificates[city] = _whole(made)
        return found

    def _private(self, *whose: str) -> bytes:
        return private_key(_bytes_of(stream(self._seed, "sm2", *whose)))

    def signer_of(self, *whose: str) -> Signer:
        """Signs for the root or for the issuer of a city."""
        private = self._private(*whose)
        return lambda message: simulated_signer().sign(private, message)


def issuer_id(city: str) -> bytes:
    """How cards and codes name the card company of a city (8 bytes)."""
    return bytes.fromhex(f"0101{_region(city)}FFFFFFFF")


def terminal_number(region: str, terminal_id: str) -> bytes:
    """The 6-byte number of a terminal's security module: its region, then eight digits."""
    drawn = int(sha256_hex(terminal_id.encode())[:12], 16)
    return bytes.fromhex(f"{region}{drawn % 10**8:08d}")


def _platform(city: str) -> str:
    return f"5001{_region(city)}"


def _region(city: str) -> str:
    found = region_code_of(city)
    if found is None:
        raise ValueError(f"no region code for {city}")
    return found


def _factors(token: MediumToken, t_union: bool) -> tuple[bytes, bytes]:
    if t_union:
        return issuer_id(token.issuer), bytes.fromhex(token.medium_no[-16:])
    number = bytes.fromhex(token.medium_no)
    return city_factor(number[:2]), number


def _records(token: MediumToken, opened_s: int) -> tuple[bytes, ...]:
    """Our own records on a new card, with the counters that the token brings."""
    records = {record[1]: record for record in blank_records()}
    for city, state in token.fare_states.items():
        record = fare_state_record((), city, state, opened_s)
        if record is None:
            raise ValueError("the counters of a new card fit its record")
        records[record[1]] = record
    return tuple(records.values())


def _bytes_of(source: Random) -> Callable[[int], bytes]:
    return source.randbytes


def _whole(answer: Result | Refusal) -> Result:
    """What must work in a simulation. Raises ValueError with the reason when it does not."""
    if isinstance(answer, Refusal):
        raise ValueError(f"{answer.code} {answer.where}")
    return answer
