"""A code shown on a phone is read back from pixels by a real decoder, byte for byte."""

import io
import re
import zlib
from collections.abc import Callable

import numpy as np
import pytest
import segno
from code_world import MADE_S, STRANGER, TRUST, made, name_of
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from tongxing.kernel.reasons import Refusal
from tongxing.media.code import scanning
from tongxing.media.code.layout import RideCode
from tongxing.media.code.picture import Level, png, svg, terminal
from tongxing.media.code.scanning import PIXELS_MAX, is_picture, ride_code_in, scan, scan_file
from tongxing.media.code.verify import verify

CODE = made()
LONG = made(custom=bytes(range(255, 223, -1)))
Change = Callable[[Image.Image], Image.Image]


def drawn(raw: bytes = CODE, pixels: int = 420) -> Image.Image:
    return Image.open(io.BytesIO(png(raw, pixels))).convert("L")


def saved(picture: Image.Image, kind: str = "PNG", **how: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **how)
    return out.getvalue()


@pytest.mark.parametrize("raw", [CODE, LONG], ids=["332 bytes", "364 bytes"])
@pytest.mark.parametrize("pixels", [162, 320, 360, 420, 1080])
def test_a_picture_gives_the_same_bytes_back(raw: bytes, pixels: int) -> None:
    content = png(raw, pixels)
    assert is_picture(content)
    assert scan_file(content) == [raw]
    width, height = Image.open(io.BytesIO(content)).size
    assert pixels / 2 <= width == height <= pixels


def test_a_code_that_has_every_byte_is_read_back() -> None:
    every = bytes(range(256)) * 2
    assert scan_file(png(every)) == [every]


@pytest.mark.parametrize(("level", "version"), [("L", 12), ("M", 14), ("Q", 17), ("H", 19)])
def test_the_size_of_the_symbol_is_the_one_of_bytes(level: Level, version: int) -> None:
    width = Image.open(io.BytesIO(png(CODE, 1, level))).width
    assert width == 4 * version + 17 + 8


@pytest.mark.parametrize(("count", "version"), [(362, 14), (363, 15)])
def test_no_word_about_an_alphabet_goes_before_the_bytes(count: int, version: int) -> None:
    """Version 14 holds 362 bytes at level M; an ECI header would leave room for fewer."""
    assert Image.open(io.BytesIO(png(b"\x81" * count, 1))).width == 4 * version + 17 + 8


CHANGES: dict[str, Change] = {
    "turned 3°": lambda picture: picture.rotate(3, expand=True, fillcolor=255),
    "turned 17°": lambda picture: picture.rotate(17, Image.Resampling.BICUBIC, True, fillcolor=255),
    "turned 45°": lambda picture: picture.rotate(45, Image.Resampling.BICUBIC, True, fillcolor=255),
    "turned 90°": lambda picture: picture.rotate(90),
    "upside down": lambda picture: picture.rotate(180),
    "blurred": lambda picture: picture.filter(ImageFilter.GaussianBlur(1.5)),
    "dim": lambda picture: picture.point(lambda value: 20 + value // 5),
    "glaring": lambda picture: picture.point(lambda value: 170 + value // 3),
    "inverted": ImageOps.invert,
    "mirrored": ImageOps.mirror,
    "stretched": lambda picture: picture.resize((440, 400), Image.Resampling.BICUBIC),
    "smaller": lambda picture: picture.resize((301, 301), Image.Resampling.BILINEAR),
    "leaning": lambda picture: picture.transform(
        picture.size, Image.Transform.QUAD, (-25, -10, 15, 440, 440, 425, 430, -20), fillcolor=255
    ),
    "noisy": lambda picture: Image.fromarray(
        np.clip(
            np.asarray(picture, np.int16)
            + np.random.default_rng(1).integers(-50, 50, np.asarray(picture).shape),
            0,
            255,
        ).astype(np.uint8)
    ),
    "with a finger mark": lambda picture: smudged(picture),
}


def smudged(picture: Image.Image) -> Image.Image:
    marked = picture.copy()
    ImageDraw.Draw(marked).ellipse((190, 190, 225, 225), fill=128)
    return marked


def on_a_phone(picture: Image.Image) -> Image.Image:
    """A screenshot: the code on a card, among letters and bars of an app."""
    screen = Image.new("RGB", (1080, 2340), (24, 110, 220))
    draw = ImageDraw.Draw(screen)
    draw.rounded_rectangle((60, 420, 1020, 1660), 40, fill="white")
    for line in range(30):
        draw.text((80, 60 + 11 * line), "08:20  5G  " + "ride code " * line, fill="white")
    screen.paste(picture, ((1080 - picture.width) // 2, 700))
    draw.rectangle((0, 2200, 1080, 2340), fill=(240, 240, 240))
    return screen


@pytest.mark.parametrize("raw", [CODE, LONG], ids=["332 bytes", "364 bytes"])
@pytest.mark.parametrize("name", CHANGES)
def test_what_happens_before_a_scanner_does_not_matter(name: str, raw: bytes) -> None:
    changed = CHANGES[name](drawn(raw, 420))
    assert scan(np.asarray(changed)) == [raw]


@pytest.mark.parametrize("pixels", [320, 420])
@pytest.mark.parametrize("quality", [90, 50, 25])
def test_a_jpeg_of_a_screenshot_is_read(pixels: int, quality: int) -> None:
    content = saved(on_a_phone(drawn(CODE, pixels)), "JPEG", quality=quality)
    assert scan_file(content) == [CODE]


def test_a_dim_turned_and_blurred_screenshot_is_judged() -> None:
    screen = on_a_phone(drawn()).rotate(8, Image.Resampling.BICUBIC, True, fillcolor=(90, 90, 90))
    dim = screen.filter(ImageFilter.GaussianBlur(1)).point(lambda value: 15 + value // 3)
    found = ride_code_in(saved(dim, "JPEG", quality=60))
    assert isinstance(found, RideCode)
    assert name_of(verify(found.raw, TRUST, MADE_S)) == "ACCEPTED"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_read(mode: str) -> None:
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(drawn(), np.uint16) * 257)
    else:
        picture = drawn().convert(mode)
    assert scan_file(saved(picture)) == [CODE]


def test_what_is_transparent_counts_as_paper() -> None:
    picture = Image.new("RGBA", drawn().size, (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), mask=ImageOps.invert(drawn()))
    assert scan_file(saved(picture)) == [CODE]


def side_by_side(*pictures: Image.Image) -> bytes:
    sheet = Image.new("L", (sum(one.width for one in pictures), 420), 255)
    left = 0
    for one in pictures:
        sheet.paste(one, (left, 0))
        left += one.width
    return saved(sheet)


def link() -> Image.Image:
    out = io.BytesIO()
    segno.make_qr("https://example.cn/timetable").save(out, kind="png", scale=5)
    return Image.open(io.BytesIO(out.getvalue())).convert("L")


def test_another_code_beside_it_does_not_matter() -> None:
    for content in (side_by_side(link(), drawn()), side_by_side(drawn(), link(), drawn())):
        found = ride_code_in(content)
        assert isinstance(found, RideCode)
        assert found.raw == CODE


def test_two_ride_codes_are_one_too_many() -> None:
    found = ride_code_in(side_by_side(drawn(), drawn(made(phone=STRANGER.sign))))
    assert found == Refusal("QR_SEVERAL", values={"count": 2})


def test_a_picture_of_another_apps_code_says_whose_it_is() -> None:
    found = ride_code_in(saved(link()))
    assert isinstance(found, Refusal)
    assert (found.code, found.where) == ("QR_NOT_TRANSIT", "web_address")


def bomb(times: int) -> bytes:
    """A picture of few bytes and more pixels than anybody may unpack."""
    content = saved(Image.new("1", (8, int(PIXELS_MAX**0.5) + 1), 1))
    head = content[12:16] + (int(PIXELS_MAX**0.5) * times + 1).to_bytes(4, "big") + content[20:29]
    return content[:12] + head + zlib.crc32(head).to_bytes(4, "big") + content[33:]


@pytest.mark.parametrize(
    "content",
    [b"", b"\x89PNG\r\n\x1a\n", png(CODE)[:200], png(CODE)[:-60], b"\xff\xd8\xff\xe0" + bytes(90),
     saved(Image.new("L", (400, 400), 255)), saved(Image.new("L", (1, 1))), b"GIF89a" + bytes(50),
     bomb(1), bomb(2), bomb(9)],
    ids=["nothing", "head only", "cut early", "cut late", "no jpeg", "blank", "a dot", "other kind",
         "a bomb", "a larger bomb", "the largest bomb"],
)  # fmt: skip
def test_a_picture_without_a_code_is_a_refusal(content: bytes) -> None:
    assert ride_code_in(content) == Refusal("QR_NOT_FOUND")


def test_a_picture_of_too_many_pixels_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "PIXELS_MAX", drawn().width * drawn().height)
    assert scan_file(png(CODE)) == [CODE]
    monkeypatch.setattr(scanning, "PIXELS_MAX", drawn().width * drawn().height - 1)
    assert scan_file(png(CODE)) == Refusal("QR_NOT_FOUND")


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=120),
    st.integers(8, 1_500),
    st.sampled_from([png(CODE), saved(drawn(), "JPEG")]),
)
def test_no_damage_to_a_picture_raises(piece: bytes, place: int, content: bytes) -> None:
    found = ride_code_in(content[:place] + piece + content[place + len(piece) :])
    assert isinstance(found, RideCode | Refusal)
    assert not isinstance(found, RideCode) or found.raw == CODE


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.binary(min_size=1_600, max_size=1_600))
def test_any_pixels_are_scanned(width: int, height: int, values: bytes) -> None:
    grey = np.frombuffer(values, np.uint8)[: width * height].reshape(height, width)
    assert scan(grey) == []


def test_the_picture_of_a_terminal_is_the_same_code() -> None:
    """Two rows of modules in one line of half blocks, as light ink on a dark ground."""
    rows = []
    for line in terminal(CODE).splitlines():
        rows.append([char in "█▀" for char in line])
        rows.append([char in "█▄" for char in line])
    grey = np.repeat(np.repeat(np.array(rows, np.uint8) * 255, 5, 0), 5, 1)
    assert scan(np.pad(grey, 30)) == [CODE]


def test_the_scalable_picture_is_the_same_code() -> None:
    text = svg(CODE)
    size = int(re.findall(r'width="(\d+)"', text)[0])
    grey = np.full((size, size), 255, np.uint8)
    x, y = 0.0, 0.0
    path = re.findall(r'class="qrline"[^>]* d="([^"]+)"', text)[0]
    for step, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?: ?(-?[\d.]+))?", path):
        if step == "h":
            grey[int(y), int(x) : int(x + float(first))] = 0
            x += float(first)
        else:
            x, y = (
                (float(first), float(second))
                if step == "M"
                else (x + float(first), y + float(second))
            )
    assert scan(np.repeat(np.repeat(grey, 5, 0), 5, 1)) == [CODE]
