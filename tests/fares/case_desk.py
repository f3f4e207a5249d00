"""Cases written down for `tongxing fares check`, and the check itself."""

import json
from pathlib import Path

from tongxing.cli import run

HERE = Path(__file__).parent
COMMUTE = {"mode": "rail", "t": "2026-03-10T09:10", "t_out": "2026-03-10T09:45", "base": 500}


def case(city: str, events: list[dict], expect: object, **more: object) -> dict:
    return {"id": "T-1", "city": city, "events": events, "expect": expect, **more}


def check(tmp_path, capsys, found: list[dict], *options: str) -> tuple[int, str]:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"cases": found}, ensure_ascii=False), encoding="utf-8")
    code = run(["fares", "check", str(path), "--lang", "en", *options])
    return code, capsys.readouterr().out
