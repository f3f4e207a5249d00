"""A QR code of an address, as a drawing that a page may carry: no style, no script, no link."""

import io

import segno


def qr_svg(text: str) -> str:
    """The drawing of a text, dark on light in every theme, four modules of quiet around it."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out,
        kind="svg",
        xmldecl=False,
        svgns=True,
        omitsize=True,
        border=4,
        dark="#000",
        light="#fff",
        svgclass="qr",
        lineclass=None,
    )
    return out.getvalue().decode("utf-8").strip()
