"""docs/media/ride-code.md says what the code does: example, layout, order of questions."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from code_world import ISSUER, Owner, made, read, told
from test_ride_code_verdicts import FAULTS

from tongxing.kernel.clock import CHINA, stamp
from tongxing.kernel.reasons import all_reasons
from tongxing.media.code import caching, layout
from tongxing.media.code.layout import read_certificate
from tongxing.media.code.verify import NUMBERS, Trust, verify

PAGE = (Path(__file__).parents[3] / "docs" / "media" / "ride-code.md").read_text(encoding="utf-8")
ROOT, BANK, PHONE = (Owner(f"tongxing example {name}") for name in ("root", "issuer", "phone"))


def section(number: int) -> str:
    return PAGE.split(f"\n## {number}. ", 1)[1].split("\n## ")[0]


def tables(number: int) -> list[list[list[str]]]:
    """The tables of a section, each as its rows without the head."""
    found = re.findall(r"(?:^\|.*\n)+", section(number), re.MULTILINE)
    return [list(rows(table)) for table in found]


def rows(table: str) -> Iterator[list[str]]:
    for line in table.splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def codes(cell: str) -> list[str]:
    return re.findall(r"`([A-Z_]+)`", cell)


def example() -> bytes:
    (block,) = re.findall(r"^```\n([0-9a-f\n]+)```", section(2), re.MULTILINE)
    return bytes.fromhex(block.replace("\n", ""))


def test_the_example_is_the_code_of_its_keys() -> None:
    raw = made(root=ROOT.sign, issuer=BANK.sign, issuer_key=BANK.public, phone=PHONE.sign,
               user_key=PHONE.public)  # fmt: skip
    assert example() == raw
    assert f"`{ROOT.public.hex()}`" in section(2)


def test_the_fields_of_the_example_are_the_ones_shown() -> None:
    shown = {row[0]: row[1] for row in tables(2)[0]}
    code = read(example())
    certificate = read_certificate(code.certificate)
    month = f"{certificate.expires[:2]}/{certificate.expires[2:]}"
    assert shown == {
        "length": f"{example()[1:3].hex()}, {len(code.raw) - 3} bytes follow",
        "certificate": f"root {certificate.root_index}, issuer {certificate.issuer_id}, "
        f"to the end of {month}, serial {certificate.serial}",
        "payment account": code.payment_account,
        "card account": f"0 and {code.card_number}",
        "issuer, platform, type": f"{ISSUER}, {code.platform_id}, {code.account_type:02x}",
        "limit": f"{code.limit_fen:06x}, {code.limit_fen} fen",
        "authorisation": f"to {code.authorisation_ends_s:08x}, "
        f"{stamp(code.authorisation_ends_s)} in China",
        "validity": f"{code.validity_s:04x}, {code.validity_s} s",
        "made": f"{code.generated_s:08x}, {stamp(code.generated_s)} in China",
    }


@pytest.mark.parametrize(("time", "verdict"), tables(2)[1])
def test_the_example_gets_the_verdicts_shown(time: str, verdict: str) -> None:
    now_s = int(datetime.fromisoformat(time).replace(tzinfo=CHINA).timestamp())
    found = told(verify(example(), Trust(roots={1: ROOT.public}), now_s))
    assert list(found) == (codes(verdict) or ["", "OPEN"])


def test_the_layout_leaves_no_byte_out() -> None:
    for table, length in zip(tables(1), (332, 117), strict=True):
        at = 0
        for place, size, _field in table:
            assert int(place.removesuffix(" + n")) == at
            at += 0 if size == "n" else int(size)
        assert at == length


def test_the_order_is_the_one_in_which_a_gate_asks() -> None:
    asked = [(codes(reason)[0], codes(said)) for _, _, reason, said, _ in tables(3)[0]]
    written = [name for name, _ in asked]
    faults = [fault.reason for fault in FAULTS.values()]
    assert once(written) == once(faults)
    for fault in FAULTS.values():
        assert any(fault.reason == name and fault.code in said for name, said in asked), fault


def once(names: list[str]) -> list[str]:
    """The names without those that say again what the one before them said."""
    return [name for index, name in enumerate(names) if index == 0 or names[index - 1] != name]


def test_the_numbers_and_words_of_the_order_are_the_real_ones() -> None:
    for _, _, reason, said, number in tables(3)[0]:
        (name,) = codes(reason)
        assert number == str(dict[str, int](NUMBERS).get(name, ""))
        assert all(code in all_reasons() for code in codes(said))


def test_everything_that_can_be_told_of_a_code_stands_on_the_page() -> None:
    folder = Path(layout.__file__).parent
    spoken = {
        code
        for source in folder.glob("*.py")
        for code in re.findall(r'"((?:QR|ACCOUNT)_[A-Z_]+)"', source.read_text(encoding="utf-8"))
    }
    assert len(spoken) > 15
    assert spoken <= set(codes(section(3)))


def test_the_rooms_of_memory_are_the_real_ones() -> None:
    names = " ".join(row[0] for row in tables(4)[0])
    for room in (caching.CERTIFICATES_MAX, caching.AUTHORISATIONS_MAX, caching.SEQUENCES_MAX):
        assert f"{room:,}" in names
    assert str(layout.LONGEST_BYTES) in section(7)
    assert str(layout.LONGEST_VALIDITY_S) in section(7)
