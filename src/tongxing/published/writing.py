"""What a city goes by itself, as contents ready to be published."""

from collections.abc import Sequence

import msgspec

from tongxing.entry.policy import policy_files, read_policy
from tongxing.fares import book_codes
from tongxing.fares.tariff import tariff_file
from tongxing.messages.lists import DataName
from tongxing.network.legacy import legacy_file
from tongxing.network.loading import acceptance_files


def bundled(name: DataName, city: str) -> bytes | None:
    """The content of a list from the project's own data; None where a city has to bring it."""
    if name == "tariff" and city in book_codes():
        return tariff_file(city)
    if name == "entry":
        return entry_content([one for one in policy_files() if read_policy(one).city == city])
    if name == "registry":
        return msgspec.json.encode({"files": acceptance_files()})
    return legacy_file() if name == "legacy" else None


def entry_content(files: Sequence[bytes]) -> bytes:
    """One content of all of a city's policies, each as its file says; none asks nothing anywhere.

    Raises ValueError for a file that is no text.
    """
    texts = [file.decode("utf-8") for file in files]
    return msgspec.json.encode({"policies": texts})
