"""What makes the pages an app on a phone: the manifest, in the reader's language."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from tongxing.rider import web
from tongxing.rider.web import FACE
from tongxing.web.language import TAGS, language_of

ICON_SIZES = (192, 512)

router = APIRouter()


@router.get("/manifest.webmanifest")
def manifest(request: Request) -> Response:
    """Name, first page, icons and shortcuts."""
    words = web.words_of(request)
    icons = [
        {"src": FACE.asset(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png",
         "purpose": purpose}
        for size in ICON_SIZES
        for purpose in ("any", "maskable")
    ]  # fmt: skip
    shortcuts = [
        {"name": words.text(key), "url": web.ROOT + path}
        for key, path in (("topup.title", "/money/top-up"), ("trips.title", "/trips"),
                          ("loss.title", "/loss"))
    ]  # fmt: skip
    told = {
        "id": f"{web.ROOT}/",
        "name": words.text("site.name"),
        "short_name": words.text("site.short"),
        "description": words.text("site.sentence"),
        "lang": TAGS[language_of(request)],
        "start_url": f"{web.ROOT}/",
        "scope": f"{web.ROOT}/",
        "display": "standalone",
        "background_color": "#f4f4f0",
        "theme_color": "#0b5d57",
        "icons": icons,
        "shortcuts": shortcuts,
    }
    return JSONResponse(told, media_type="application/manifest+json")
