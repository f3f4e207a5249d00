"""The truths, held against the live books: what `tongxing prove` does by itself."""

from tongxing.cli.cities import city_name
from tongxing.cli.common import Words, emit_json, print_table, say, settings
from tongxing.kernel.proofs import Proof, proof_texts
from tongxing.kernel.reasons import Problem
from tongxing.kernel.texts import Catalogue

WORDS = Words("prove")


def prove_truths() -> int:
    """Show every proof; 1 when one does not hold. Raises Problem(NOTHING_TO_PROVE)."""
    from tongxing.cli.books import books_at
    from tongxing.proving import prove_houses

    dsn, home = settings().dsn, settings().home
    if not dsn and not (home / "postgres").exists():
        raise Problem("NOTHING_TO_PROVE", str(home))
    with books_at(dsn, home) as database:
        proofs = prove_houses(database)
    if not proofs:
        raise Problem("NOTHING_TO_PROVE", "TONGXING_DSN" if dsn else str(home))
    if settings().json:
        emit_json(proofs)
    else:
        _print(proofs)
    return 0 if all(proof.holds for proof in proofs) else 1


def _figures(proof: Proof, texts: Catalogue, language: str) -> str:
    return "  ".join(
        f"{texts.text(f'figure.{name}', language)} {value:,}"
        for name, value in proof.figures.items()
    )


def _house(code: str) -> str:
    return city_name(code) if code.isdigit() else WORDS(code)


def _print(proofs: list[Proof]) -> None:
    texts, language = proof_texts(), settings().language
    rows = [
        (
            str(proof.truth),
            _house(proof.house),
            WORDS("holds") if proof.holds else WORDS("broken"),
            texts.text(proof.name, language),
            _figures(proof, texts, language),
        )
        for proof in sorted(proofs, key=lambda found: found.truth)
    ]
    columns = [WORDS(f"column.{key}") for key in ("truth", "house", "result", "what", "figures")]
    print_table(WORDS("title"), columns, rows)
    broken = sum(1 for proof in proofs if not proof.holds)
    say(WORDS("some_broken", broken=broken) if broken else WORDS("all_hold", count=len(proofs)))
