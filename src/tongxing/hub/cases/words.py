"""What acts, stages, endings and sides of a case are called, for commands and pages alike."""

from tongxing.hub.words import in_both, texts


def act_name(act: str, language: str) -> str:
    """An act, or silence."""
    return _say("act", act, language)


def act_and_side(act: str, side: str) -> dict[str, str]:
    """An act and whose it is, as the values of a refusal."""
    return in_both("act", f"case.act.{act}") | in_both("side", f"case.side.{side}")


def stage_name(stage: str, ended: bool, language: str) -> str:
    """Where a case stands, or how it ended."""
    return _say("ending" if ended else "stage", stage, language)


def record_state(state: str, language: str) -> str:
    """How a record stands about which no case was opened."""
    return texts().text(f"record.{state}", language)


def silence_name(name: str, language: str) -> str:
    """What silence leads to: an ending, another stage, or that a frozen case goes on."""
    entries = texts().entries
    for group in ("ending", "stage", "silence"):
        if f"case.{group}.{name}" in entries:
            return _say(group, name, language)
    raise KeyError(name)


def side_name(side: str, language: str) -> str:
    """A side of a case, or the hub itself."""
    return _say("side", side, language)


def weight_name(fact: str, language: str) -> str:
    """A fact of a record that counts when a small claim is weighed."""
    return _say("weight", fact, language)


def money_name(kind: str, language: str) -> str:
    """What a move of money is."""
    return _say("money", kind, language)


def account_name(party: str, language: str) -> str:
    """An account of the hub, or the hub itself; any other party as it is."""
    entries = texts().entries
    if party == "hub":
        return _say("side", party, language)
    return _say("account", party, language) if f"case.account.{party}" in entries else party


def _say(group: str, name: str, language: str) -> str:
    return texts().text(f"case.{group}.{name}", language)
