"""`tongxing media show`: what the issuer's books say of a card, and what comes next."""

import click
from msgspec.structs import asdict

from tongxing.city import MediumSeen
from tongxing.cli.arguments import moment
from tongxing.cli.cities import city_name
from tongxing.cli.common import Words, emit_json, granted, print_table, settings
from tongxing.cli.shell import command as make_command
from tongxing.cli.trips.desks import desks
from tongxing.kernel.clock import stamp
from tongxing.kernel.ids import masked
from tongxing.kernel.money import yuan
from tongxing.kernel.reasons import Refusal, reason
from tongxing.network.registry import load_registry

WORDS = Words("media")


@make_command()
@click.argument("medium", metavar="NUMBER")
@click.option("--city", "city", metavar="CITY")
@click.option("--now", "now", metavar="TIME")
def command(medium: str, city: str | None, now: str | None) -> None:
    now_s = moment(now, "--now")
    found: MediumSeen | Refusal = Refusal("MEDIUM_UNKNOWN", medium)
    issuer = ""
    with desks(city) as known:
        for desk in known:
            found, issuer = desk.medium(medium, now_s), desk.code
            if isinstance(found, MediumSeen):
                break
    seen = granted(found)
    if settings().json:
        emit_json({"city": issuer, "medium": _as_json(seen)})
        return
    print_table(
        WORDS("show.title", number=masked(seen.medium_no)),
        [WORDS("column.what"), WORDS("column.value")],
        [[WORDS(f"row.{key}"), value] for key, value in _rows(seen, issuer)],
    )


def _as_json(seen: MediumSeen) -> dict[str, object]:
    """All of it, with no full number."""
    found = {name: getattr(seen, name) for name in MediumSeen.__slots__}
    return {
        **found,
        "medium_no": masked(seen.medium_no),
        "replaced_by": masked(seen.replaced_by) if seen.replaced_by else "",
        "replaces": [masked(number) for number in seen.replaces],
        "legacy": None if seen.legacy is None else asdict(seen.legacy),
    }


def _rows(seen: MediumSeen, issuer: str) -> list[tuple[str, str]]:
    language = settings().language
    scheme = load_registry().schemes.get(seen.scheme)
    rows = [
        ("issuer", city_name(issuer)),
        ("scheme", seen.scheme if scheme is None else scheme.title(language)),
        ("rider", WORDS(f"rider.{seen.rider_kind}")),
        ("trust", WORDS(f"trust.{seen.trust}")),
        ("state", reason(seen.denied).text(language, {}) if seen.denied else WORDS("state.good")),
        ("balance", yuan(seen.balance_fen)),
        ("trips", WORDS("show.trips", own=seen.trips, before=seen.trips_before)),
    ]
    if seen.last_trip_s is not None:
        rows.append(("last_trip", stamp(seen.last_trip_s)))
    if seen.legacy is not None:
        until = seen.legacy.accepted_until
        caps = {
            "balance": yuan(seen.legacy.balance_max_fen),
            "charge": yuan(seen.legacy.charge_max_fen),
        }
        rows.append(("until", WORDS("show.no_end") if until is None else until.isoformat()))
        rows.append(("caps", WORDS("show.caps", **caps)))
    if seen.borne_fen:
        rows.append(("borne", yuan(seen.borne_fen)))
    if seen.replaced_by:
        rows.append(("replaced_by", masked(seen.replaced_by)))
    if seen.replaces:
        rows.append(("replaces", ", ".join(masked(number) for number in seen.replaces)))
    if seen.ready_s is not None:
        ready = {"waiting": yuan(seen.waiting_fen), "ready": stamp(seen.ready_s)}
        rows.append(("waiting", WORDS("show.waiting", **ready)))
    if seen.pending:
        rows.append(("pending", seen.pending))
    rows.append(("next", WORDS(f"next.{seen.next_step}")))
    return rows
