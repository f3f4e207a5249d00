"""What is open to whom from when: dated data of two sources that contradict each other."""

from datetime import date

import pytest
from upgrade_world import BEIJING, code_of, may, ok

from tongxing.city.upgrading import Programme, programme_at
from tongxing.city.upgrading.data_forms import kinds, programme_file, read_programmes, trial_file
from tongxing.city.upgrading.guide import guide, words
from tongxing.kernel.texts import LANGUAGES

LATER = may(33)
SEVEN = {"yitongxing", "beijing_bus", "yikatong", "alipay", "unionpay", "cmb", "rail_96123"}
FOUR = {"yitongxing", "alipay", "unionpay", "cmb"}
AWAY = {"tianjin_metro", "guangzhou_metro", "hohhot_metro"}


def on(time_s: int) -> Programme:
    return ok(programme_at(BEIJING, time_s))


@pytest.mark.req("R-163", "R-143", "R-120")
def test_the_two_lists_of_apps_stand_each_with_its_source() -> None:
    lists = {row.source: set(row.apps) for row in programme_file().popup}
    assert lists["report_2022_05_30"] == SEVEN | AWAY
    assert lists["report_2022_05_18"] == FOUR | AWAY | {"shanghai_metro"}
    assert set(on(LATER).popup_apps()) == SEVEN | AWAY | {"shanghai_metro"}
    assert {one.app for one in on(LATER).differing()} == (SEVEN - FOUR) | {"shanghai_metro"}


@pytest.mark.req("R-163")
def test_a_city_may_read_that_all_sources_must_agree() -> None:
    import msgspec

    found = on(LATER)
    strict = Programme(BEIJING, LATER, msgspec.structs.replace(found.rules, differing="all"))
    assert set(strict.popup_apps()) == FOUR | AWAY
    assert strict.opened_s("mini_metro") == may(19, 0)
    assert found.opened_s("mini_metro") == may(18, 0)


@pytest.mark.req("R-119", "R-123", "R-145", "R-147", "R-140")
def test_each_channel_opens_at_its_instant() -> None:
    assert {one.name for one in on(may(18, 0)).channels()} >= {"card_app", "mini_card"}
    assert code_of(on(may(19, 0) - 1).open_channel("bus_site", "sms", "ride_code")) == (
        "UPGRADE_CHANNEL_NOT_YET"
    )
    assert ok(on(may(19, 0)).open_channel("bus_site", "sms", "ride_code")).apps == ("beijing_bus",)
    assert code_of(programme_at(BEIJING, may(18, 0) - 1)) == "UPGRADE_NO_PROGRAMME"
    assert code_of(programme_at("500000", LATER)) == "UPGRADE_NO_PROGRAMME"


@pytest.mark.req("R-146", "R-148", "R-138", "R-124", "R-125", "R-126", "R-131")
@pytest.mark.parametrize(
    ("channel", "kind", "steps"),
    [
        ("card_app", "card", "confirm_number fill_data tick submit done"),
        (
            "mini_metro",
            "commemorative_ticket",
            "register_means choose_ticket fill_data enter_ticket_number tick submit done",
        ),
        (
            "mini_metro",
            "card",
            "register_means choose_card fill_data enter_card_number tick submit done",
        ),
        ("bus_site", "ride_code", "banner name_and_phone get_code next read_notice agree done"),
        ("app_popup", "ride_code", "open_app read_notice agree_one_tap done"),
        ("station_desk", "wristband", "go_to_desk show_document staff_read_number agree done"),
    ],
)
def test_the_steps_of_a_channel_stand_in_order(channel: str, kind: str, steps: str) -> None:
    ways = {(way.channel, way.kind): way.steps for way in guide(on(may(25))).ways}
    assert [step.removeprefix("step.") for step in ways[channel, kind]] == steps.split()


@pytest.mark.req("R-141", "R-151", "R-152", "R-153", "R-161", "R-104", "R-136")
def test_help_and_hot_lines_are_there_in_both_languages() -> None:
    found = guide(on(LATER))
    for language in LANGUAGES:
        for key in (*found.help, *(step for way in found.ways for step in way.steps)):
            assert words(key, language)
        for one in found.numbers:
            assert words(one.printed, language) and all(words(k, language) for k in one.lookup)
        for way in found.ways:
            assert words(f"channel.{way.channel}", language) and words(f"kind.{way.kind}", language)
            assert all(words(f"app.{app}", language) for app in way.apps)
    assert "检查网络" in words("help.no_sms", "zh")
    lines = {line.about: line.numbers for line in found.hotlines}
    assert lines == {"bus": ("010-96166",), "rail": ("010-96123", "010-96165")}
    assert [(desk.station, desk.gate) for desk in found.service_desks] == [("建国门", "B")]


@pytest.mark.req("R-163", "R-118")
def test_places_that_no_source_names_stay_unknown() -> None:
    stations, trial, test = trial_file().places
    assert (stations.count, stations.named, stations.unknown) == (64, ("建国门",), 63)
    assert (trial.named, trial.unknown) == (("14", "63", "84", "86", "345慢车"), 0)
    assert len(test.named) == 10 and set(test.named) & set(trial.named) == {"14"}
    assert [place.state for place in on(may(23, 0)).places()] == ["test"]
    assert len(on(may(28, 0)).places()) == 3


@pytest.mark.req("R-102", "R-159", "R-155", "R-157")
def test_the_rules_of_june_have_their_days() -> None:
    assert on(LATER).first_top_up_from("physical") == date(2022, 6, 1)
    assert on(LATER).first_top_up_from("code") is None
    assert (on(may(32, 0) - 1).registers(), on(may(32, 0)).registers()) == (False, True)
    assert on(may(28, 0) - 1).single_tickets() is None
    rule = on(may(28, 0)).single_tickets()
    assert rule is not None and rule.e_tickets_suspended and not rule.certain


@pytest.mark.parametrize(
    "spoilt",
    [
        ('way = "popup"', 'way = "pigeon"'),
        ('"ride_code"', '"necklace"'),
        ("others_max = 5", 'others_max = "five"'),
        ("others_max = 5", "other_max = 5"),
        ('channels = ["bus_site"]', 'channels = ["bus_sight"]'),
        ("from = 2022-05-19T00:00:00+08:00", "from = 2022-05-19T00:00:00"),
        ('source = "report_2022_05_18"', ""),
        ('name = "mini_card"', 'name = "mini_metro"'),
    ],
)
def test_a_slip_in_the_data_is_an_error(spoilt: tuple[str, str]) -> None:
    from importlib.resources import files

    text = files("tongxing.city.upgrading").joinpath("data/programmes.toml").read_text("utf-8")
    assert spoilt[0] in text
    with pytest.raises(ValueError):
        read_programmes(text.replace(*spoilt).encode(), kinds())
