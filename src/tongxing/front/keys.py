"""The keys a city's front works with: cards, ride codes, personal data.

They lie in one folder as sealed files, each useless without the passphrase; `making` makes them.
The simulation has keys of its own made-up cities.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tongxing.city.codes import CodeIssuer
from tongxing.city.codes.issuer_file import unseal_issuer
from tongxing.city.people.cells import Cells
from tongxing.city.tap_signatures import SignatureKeys
from tongxing.kernel.reasons import Refusal
from tongxing.media.code.trusting import parse_roots
from tongxing.media.code.verify import Trust
from tongxing.media.crypto.providers import sm2
from tongxing.media.keys import KeyVault
from tongxing.media.keys.vault_file import unseal

FOLDER, PASSPHRASE_FILE = "TONGXING_KEYS", "TONGXING_KEYS_PASSPHRASE_FILE"
VAULT, ISSUER, CELLS = "cards.vault", "codes.issuer", "people.keys"
ROOTS = "roots.json"


@dataclass(frozen=True)
class CityKeys:
    """What signs, proves and seals in one city; `roots` are the public keys under which its ride
    codes stand, by index."""

    vault: KeyVault
    issuer: CodeIssuer
    cells: Cells
    roots: Mapping[int, bytes]

    @property
    def signatures(self) -> SignatureKeys:
        """With what the city checks what its own media signed."""
        trust = Trust(roots=self.roots, issuers=frozenset({self.issuer.fields.issuer_id}))
        return SignatureKeys(self.vault, trust)


def keys_of(city: str, environ: Mapping[str, str]) -> CityKeys | Refusal:
    """The keys of a city in the folder that the environment names: ``<folder>/<city>/``.

    Refuses FRONT_KEYS_MISSING for a variable or file that is not there, and what the files refuse:
    KEYVAULT_PASSPHRASE, KEYVAULT_FILE, CODE_ISSUER_FILE, PEOPLE_KEYS_FILE, CODE_ROOTS.
    """
    folder, secret_file = environ.get(FOLDER, ""), environ.get(PASSPHRASE_FILE, "")
    for name, value in ((FOLDER, folder), (PASSPHRASE_FILE, secret_file)):
        if not value:
            return Refusal("FRONT_KEYS_MISSING", name, {"what": name})
    try:
        passphrase = Path(secret_file).read_text(encoding="utf-8").strip()
        return keys_in(Path(folder) / city, passphrase)
    except OSError as error:
        return Refusal("FRONT_KEYS_MISSING", city, {"what": str(error.filename or "")})


def keys_in(at: Path, passphrase: str) -> CityKeys | Refusal:
    """The keys that lie in one folder. Refuses what the files refuse; raises OSError for one that
    is not there. Without roots the city's ride codes wait to be checked until they are there."""
    vault = unseal((at / VAULT).read_bytes(), passphrase)
    issuer = unseal_issuer((at / ISSUER).read_bytes(), passphrase)
    cells = Cells.from_file(at / CELLS, passphrase)
    at_roots = at / ROOTS
    roots = parse_roots(at_roots.read_bytes(), sm2()) if at_roots.exists() else {}
    for found in (vault, issuer, cells, roots):
        if isinstance(found, Refusal):
            return found
    assert not isinstance(vault, Refusal)
    assert not isinstance(issuer, Refusal)
    assert not isinstance(cells, Refusal)
    assert not isinstance(roots, Refusal)
    return CityKeys(vault, issuer, cells, roots)
