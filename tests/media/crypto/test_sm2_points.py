"""OpenSSL's arithmetic on points gives the verdicts of every other computer, at every edge.

The cases are those of the other computers, walked once more with this one in their place.
"""

import threading

import pytest
from crypto_world import NATIONAL, b32, computers, key_of
from test_sm2_agreement import (
    test_a_key_of_one_provider_serves_every_other,
    test_many_tabled_keys_do_not_make_a_check_wrong,
)
from test_sm2_edges import (
    test_a_digest_of_any_size_is_taken_modulo_n,
    test_a_sum_that_vanishes_is_refused_whatever_is_signed,
    test_an_x_above_n_counts_modulo_n,
    test_an_x_just_below_p_minus_n_is_not_taken_for_its_twin,
    test_every_pair_of_edge_scalars_is_added_rightly,
    test_keys_and_nonces_at_the_edges_are_accepted,
)
from test_sm2_keys import (
    test_a_key_with_another_mark_or_length_is_refused,
    test_a_number_that_is_not_reduced_is_refused,
    test_points_off_the_curve_are_refused,
)
from test_sm2_published import (
    test_a_digest_of_another_length_is_refused,
    test_a_key_is_read_in_three_forms_and_written_in_one,
    test_a_signature_of_another_length_is_refused,
    test_a_signature_of_the_list_is_accepted_and_for_another_message_not,
    test_every_wrong_case_of_the_list_is_refused,
    test_no_signature_with_a_flipped_bit_is_accepted,
)
from test_sm2_threads import (
    MEMORY,
    churn,
    eager_switching,
    pages,
    test_threads_that_share_a_key_all_get_the_right_answer,
)

from tongxing.media.crypto import sm2_points
from tongxing.media.crypto.libcrypto import LibcryptoUnfit
from tongxing.media.crypto.sm2 import Sm2
from tongxing.media.crypto.sm2_libcrypto import LibcryptoSm2
from tongxing.media.crypto.sm2_plain import PlainSm2
from tongxing.media.crypto.sm2_points import PointsSm2, quickest

__all__ = [
    "eager_switching",
    "test_a_digest_of_another_length_is_refused",
    "test_a_digest_of_any_size_is_taken_modulo_n",
    "test_a_key_is_read_in_three_forms_and_written_in_one",
    "test_a_key_of_one_provider_serves_every_other",
    "test_a_key_with_another_mark_or_length_is_refused",
    "test_a_number_that_is_not_reduced_is_refused",
    "test_a_signature_of_another_length_is_refused",
    "test_a_signature_of_the_list_is_accepted_and_for_another_message_not",
    "test_a_sum_that_vanishes_is_refused_whatever_is_signed",
    "test_an_x_above_n_counts_modulo_n",
    "test_an_x_just_below_p_minus_n_is_not_taken_for_its_twin",
    "test_every_pair_of_edge_scalars_is_added_rightly",
    "test_every_wrong_case_of_the_list_is_refused",
    "test_keys_and_nonces_at_the_edges_are_accepted",
    "test_many_tabled_keys_do_not_make_a_check_wrong",
    "test_no_signature_with_a_flipped_bit_is_accepted",
    "test_points_off_the_curve_are_refused",
    "test_threads_that_share_a_key_all_get_the_right_answer",
]
"""What pytest finds here of the other files: run with the `computer` of this one."""

told_by_proc = pytest.mark.skipif(
    not MEMORY.exists(), reason="memory is told by /proc on Linux only"
)


@pytest.fixture(scope="module")
def openssl() -> LibcryptoSm2:
    found = computers().get("libcrypto")
    if not isinstance(found, LibcryptoSm2):
        pytest.skip("there is no OpenSSL with SM2 on this machine")
    return found


@pytest.fixture(scope="module")
def computer(openssl: LibcryptoSm2) -> Sm2:
    return PointsSm2(openssl)


def test_openssl_gets_the_quicker_way_once_and_others_stay(openssl: LibcryptoSm2) -> None:
    found = quickest(openssl)
    assert isinstance(found, PointsSm2)
    assert quickest(openssl) is found
    assert quickest(found) is found
    plain = PlainSm2()
    assert quickest(plain) is plain


def test_where_openssl_lacks_a_function_its_own_check_stays(
    openssl: LibcryptoSm2, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unfit() -> None:
        raise LibcryptoUnfit

    monkeypatch.setattr(sm2_points, "Points", unfit)
    another = LibcryptoSm2()
    assert quickest(another) is another


def test_where_it_would_be_wrong_openssls_own_check_stays(
    openssl: LibcryptoSm2, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PointsSm2, "verify_digest", lambda *_anything: True)
    another = LibcryptoSm2()
    assert quickest(another) is another


def test_signing_is_left_to_the_computer_below(computer: Sm2, openssl: LibcryptoSm2) -> None:
    private = b32(12345)
    public = computer.public_of(private)
    assert public == openssl.public_of(private)
    signature = computer.sign(private, b"message")
    assert isinstance(public, bytes) and isinstance(signature, bytes)
    assert computer.verify(key_of(computer, public), b"message", signature)


@told_by_proc
def test_a_thread_that_ends_gives_back_what_it_computed_in(computer: Sm2) -> None:
    def work() -> None:
        for _ in range(40):
            thread = threading.Thread(target=churn_little, args=(computer,))
            thread.start()
            thread.join()

    work()
    before = pages()
    for _ in range(10):
        work()
    assert pages() - before < 250


def churn_little(computer: Sm2) -> None:
    public = NATIONAL.generator
    key = key_of(computer, b32(public[0]) + b32(public[1]))
    assert not computer.verify_digest(key, bytes(32), b32(1) + b32(1))


@told_by_proc
def test_checks_and_refused_keys_leave_nothing_behind(computer: Sm2) -> None:
    churn(computer)
    before = pages()
    for _ in range(2):
        churn(computer)
    assert pages() - before < 250


@told_by_proc
def test_known_keys_that_lost_their_place_are_given_back(openssl: LibcryptoSm2) -> None:
    computer = PointsSm2(openssl)

    def crowd(start: int) -> None:
        for scalar in range(start, start + 120):
            point = NATIONAL.g(scalar)
            key_of(computer, b32(point[0]) + b32(point[1]), tabled=True)

    crowd(2)
    before = pages()
    crowd(200)
    assert pages() - before < 400
