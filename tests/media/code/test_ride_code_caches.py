"""What a gate remembers of good signatures never outlives what it was told to trust."""

from datetime import date

import pytest
from code_world import BANK, DAY_S, ISSUER, MADE_S, ROOT, STRANGER, TRUST, made, name_of
from msgspec.structs import replace

from tongxing.kernel.clock import at
from tongxing.media.code.caching import CodeCaches, Lru
from tongxing.media.code.verify import Trust, verify
from tongxing.media.crypto.sm2 import PublicKey
from tongxing.media.crypto.sm2_plain import PlainSm2


class Counting(PlainSm2):
    """Counts the signatures that are really computed, and the keys that get a table."""

    def __init__(self) -> None:
        super().__init__()
        self.computed = 0
        self.tabled: list[bytes] = []

    def key(self, public: bytes, *, tabled: bool = False) -> PublicKey | None:
        if tabled:
            self.tabled.append(public)
        return super().key(public, tabled=tabled)

    def verify(self, key: PublicKey, message: bytes, signature: bytes) -> bool:
        self.computed += 1
        return super().verify(key, message, signature)


def test_the_second_display_needs_one_signature_another_phone_two() -> None:
    caches, sm2 = CodeCaches(), Counting()
    counts = []
    for raw in (made(), made(made_s=MADE_S + 1), made(limit_fen=1_000)):
        before = sm2.computed
        assert name_of(verify(raw, TRUST, MADE_S, caches=caches, sm2=sm2)) == "ACCEPTED"
        counts.append(sm2.computed - before)
    assert counts == [3, 1, 2]
    assert sm2.tabled == [ROOT.public, BANK.public]


def warmed() -> CodeCaches:
    caches = CodeCaches()
    assert name_of(verify(made(), TRUST, MADE_S, caches=caches)) == "ACCEPTED"
    return caches


def test_a_certificate_revoked_later_is_refused_though_known() -> None:
    revoked = replace(TRUST, revoked=frozenset({(ISSUER, "000001")}))
    assert name_of(verify(made(), revoked, MADE_S, caches=warmed())) == "CERT_INVALID"


def test_an_issuer_taken_off_the_list_is_refused_though_known() -> None:
    fewer = replace(TRUST, issuers=frozenset({"00000000"}))
    assert name_of(verify(made(), fewer, MADE_S, caches=warmed())) == "ISSUER_UNKNOWN"


def test_a_known_certificate_still_ends_with_its_month() -> None:
    caches = CodeCaches()
    raw = made(expires=date(2026, 1, 1))
    assert name_of(verify(raw, TRUST, MADE_S, caches=caches)) == "ACCEPTED"
    after_s = at(date(2026, 2, 1))
    assert name_of(verify(raw, TRUST, after_s, caches=caches)) == "CERT_EXPIRED"


def test_a_known_authorisation_still_ends() -> None:
    verdict = verify(made(), TRUST, MADE_S + 7 * DAY_S, caches=warmed())
    assert name_of(verdict) == "AUTH_EXPIRED"


def test_a_root_that_was_replaced_or_withdrawn_takes_its_certificates_along() -> None:
    caches = warmed()
    replaced = Trust(roots={1: STRANGER.public})
    assert name_of(verify(made(), replaced, MADE_S, caches=caches)) == "CERT_INVALID"
    assert name_of(verify(made(), Trust(roots={}), MADE_S, caches=caches)) == "CA_UNKNOWN"
    assert name_of(verify(made(), TRUST, MADE_S, caches=caches)) == "ACCEPTED"


def test_a_known_authorisation_under_another_signature_is_checked_anew() -> None:
    forged = made(issuer=STRANGER.sign)
    assert name_of(verify(forged, TRUST, MADE_S, caches=warmed())) == "AUTH_SIGN"


def test_bad_signatures_are_not_remembered_so_nobody_can_crowd_the_good_ones_out() -> None:
    caches = warmed()
    for number in range(5):
        verify(made(limit_fen=number, issuer=STRANGER.sign), TRUST, MADE_S, caches=caches)
        verify(made(serial=f"00001{number}", root=STRANGER.sign), TRUST, MADE_S, caches=caches)
    assert (len(caches.issuers), len(caches.users)) == (1, 1)


def test_a_full_cache_forgets_what_was_used_longest_ago() -> None:
    cache: Lru[str, int] = Lru(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert [cache.get(name) for name in "abc"] == [1, None, 3]
    assert len(cache) == 2


@pytest.mark.parametrize("rooms", [(1, 1), (2, 3)])
def test_caches_keep_to_their_room_and_give_the_same_verdicts(rooms: tuple[int, int]) -> None:
    caches = CodeCaches(*rooms)
    codes = [made(limit_fen=limit, serial=f"{limit:06}") for limit in range(4)]
    for raw in codes * 2:
        assert name_of(verify(raw, TRUST, MADE_S, caches=caches)) == "ACCEPTED"
    assert (len(caches.issuers), len(caches.users)) == rooms
