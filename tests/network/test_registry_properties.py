"""Properties that hold for every question, sensible or not."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from tongxing.kernel.reasons import all_reasons
from tongxing.network import ACCEPTED, load_registry
from tongxing.network.schemes import MODES

REGISTRY = load_registry()
SCHEMES = [*REGISTRY.schemes, "", "octopus"]
CODES = [*list(REGISTRY.places)[::37], "999999", "330283", "", "500110-wansheng"]
DAYS = st.dates(date(2005, 1, 1), date(2035, 12, 31))
ANY = st.text(max_size=12)

questions = st.tuples(
    st.one_of(st.sampled_from(SCHEMES), ANY),
    st.one_of(st.sampled_from(CODES), ANY),
    st.one_of(st.sampled_from(CODES), ANY),
    st.one_of(st.sampled_from(MODES), ANY),
    DAYS,
    ANY,
    st.lists(st.sampled_from(SCHEMES), max_size=2).map(tuple),
)


@given(questions)
def test_acceptance_never_raises_and_always_has_words(question):
    answer = REGISTRY.acceptance(*question)
    assert answer.accepted == (answer.reason == ACCEPTED)
    assert answer.accepted or answer.reason in all_reasons()
    for language in ("zh", "en"):
        words = REGISTRY.explain(answer, language)
        assert words
        refusal = answer.refusal()
        if refusal:
            assert refusal.message(language) in words


@given(questions)
def test_the_same_question_has_the_same_answer_from_another_registry(question):
    fresh = type(REGISTRY)(REGISTRY._book)
    assert fresh.acceptance(*question) == REGISTRY.acceptance(*question)


@given(st.sampled_from(CODES), st.sampled_from(CODES), st.sampled_from(MODES), DAYS)
def test_a_local_scheme_never_leaves_its_province(issuer, place, mode, on):
    for name, scheme in REGISTRY.schemes.items():
        if scheme.city and REGISTRY.acceptance(name, issuer, place, mode, on).accepted:
            assert place[:2] == scheme.city[:2]


@given(st.sampled_from(CODES), st.sampled_from(MODES), DAYS)
def test_a_mark_on_the_line_only_ever_helps(place, mode, on):
    plain = REGISTRY.acceptance("t_union", "110000", place, mode, on)
    marked = REGISTRY.acceptance("t_union", "110000", place, mode, on, "", ("t_union",))
    assert marked.accepted or not plain.accepted
    if marked.accepted and not plain.accepted:
        assert plain.reason == "LINE_NOT_CONVERTED"


@given(st.sampled_from(CODES), st.sampled_from(MODES), DAYS)
def test_who_is_at_home_is_never_given_a_visitors_share(place, mode, on):
    for scheme in ("t_union", "city_union"):
        answer = REGISTRY.acceptance(scheme, place, place, mode, on)
        if answer.accepted and answer.evidence.listed == place:
            assert not answer.evidence.visitor
            assert answer.evidence.rate_per_mille is None
