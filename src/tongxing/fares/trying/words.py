"""What a finding says to people, in Chinese and English: who, what they do, why it is cheaper."""

from collections import Counter
from functools import cache

from tongxing.fares.trying.search import Deed, Finding
from tongxing.fares.trying.sequences import Step, medium_kind
from tongxing.fares.trying.world import World
from tongxing.kernel.clock import stamp
from tongxing.kernel.money import yuan
from tongxing.kernel.texts import Catalogue, load_catalogue

_CLOCK = slice(11, 16)


@cache
def trying_texts() -> Catalogue:
    """The texts of this room."""
    return load_catalogue("tongxing.fares.trying")


def who(finding: Finding, language: str, world: World) -> str:
    """The passenger and the period: ``commuter, a month, Aotizhongxin – Jiangbeicheng``."""
    first = finding.plan.trips[0].course
    texts = trying_texts()
    return texts.text(
        "who",
        language,
        pattern=texts.text(f"pattern.{finding.plan.pattern}", language),
        period=texts.text(f"period.{finding.plan.period}", language),
        product=finding.plan.product,
        origin=place_name(first.origin, language, world),
        destination=place_name(first.destination, language, world),
    )


def what(finding: Finding, language: str, world: World) -> str:
    """What the passenger must do, deed by deed."""
    told = [_deed(finding, deed, language, world) for deed in finding.deeds]
    return trying_texts().text("what.join", language).join(told)


def place_name(stop: str, language: str, world: World) -> str:
    """A station's name; a stop of a drawn network keeps its own id."""
    known = world.network.stations.get(stop)
    if known is None:
        return stop
    return known.name_zh if language == "zh" else known.name_en


def mode_name(mode: str, language: str) -> str:
    """What people call a mode; its own id where the catalogue has no word for it."""
    catalogue = load_catalogue("tongxing.fares")
    key = f"mode.{mode}"
    return catalogue.text(key, language) if key in catalogue.entries else mode


def _deed(finding: Finding, deed: Deed, language: str, world: World) -> str:
    steps = [step for step in finding.exploit_steps if _is_part(finding, step, deed)]
    example = steps[0]
    if deed == "split":
        on_rail = example.ride.mode == "rail"
        return trying_texts().text(
            "deed.split" if on_rail else "deed.changed",
            language,
            count=len({step.serves for step in steps}),
            station=place_name(_most_common_cut(finding, steps), language, world),
        )
    charges = [
        quote.charge_fen
        for step, quote in zip(finding.exploit_steps, finding.exploit, strict=True)
        if step in steps
    ]
    key = f"omitted_{example.ride.missing}" if deed == "omitted" else deed
    return trying_texts().text(
        f"deed.{key}",
        language,
        count=len(steps),
        origin=place_name(example.start, language, world),
        destination=place_name(example.end, language, world),
        clock=stamp(example.leaves_s)[_CLOCK],
        amount=yuan(sum(charges)),
    )


def _is_part(finding: Finding, step: Step, deed: Deed) -> bool:
    """Whether a step is where a deed shows."""
    parts = Counter(one.serves for one in finding.exploit_steps)
    if deed == "added":
        return step.serves < 0
    planned = finding.honest_steps[max(step.serves, 0)]
    if deed in ("second_medium", "other_kind"):
        same_kind = medium_kind(step.medium) == medium_kind(planned.medium)
        return step.medium != planned.medium and same_kind == (deed == "second_medium")
    if step.serves < 0:
        return False
    if deed == "split":
        return parts[step.serves] > 1
    if deed == "omitted":
        return bool(step.ride.missing)
    if parts[step.serves] > 1:
        return step.start == planned.start and step.leaves_s != planned.leaves_s
    return step.ride != planned.ride


def _most_common_cut(finding: Finding, steps: list[Step]) -> str:
    ends = {number: trip.course.destination for number, trip in enumerate(finding.plan.trips)}
    cuts = Counter(step.end for step in steps if step.end != ends[step.serves])
    return cuts.most_common(1)[0][0] if cuts else steps[0].end
