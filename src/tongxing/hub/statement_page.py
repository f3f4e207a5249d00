"""A statement as a page that people open, read on a phone, or print: one file and nothing else."""

from html import escape

from tongxing.hub.note_words import Section, Table
from tongxing.hub.statements import Told

_STYLE = """
body { font: 16px/1.5 system-ui, "Noto Sans CJK SC", sans-serif; color: #16202b; background: #fff;
  margin: 0 auto; padding: 24px 16px; max-width: 760px; }
h1 { font-size: 1.4rem; margin: 0 0 8px; }
h2 { font-size: 1.1rem; margin: 32px 0 0; }
p { margin: 4px 0; }
.sums { margin: 16px 0; font-weight: 600; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 16px 0; }
th, td { padding: 6px 8px; text-align: left; border-bottom: 1px solid #c9d1d9; }
th { border-bottom: 2px solid #16202b; }
th { vertical-align: bottom; }
.figure { text-align: right; font-variant-numeric: tabular-nums; }
td.figure { white-space: nowrap; }
.part td:first-child { overflow-wrap: anywhere; }
.after { color: #57606a; }
@media (max-width: 480px) { table { font-size: 14px; } th, td { padding: 6px 4px; } }
@media print { body { max-width: none; padding: 0; font-size: 12px; } }
"""


def as_html(words: Told, language: str) -> str:
    """The page of a statement's words in zh or en: the same bytes for the same statement."""
    tables = [_table(one) if one is not None else "" for one in (words.lines, words.operators)]
    facts = "".join(f"<p>{escape(fact)}</p>\n" for fact in words.facts)
    parts = "".join(_section(section) for section in words.sections)
    sums = "".join(f"<p>{escape(sentence)}</p>\n" for sentence in words.sums)
    return (
        f'<!doctype html>\n<html lang="{"zh-CN" if language == "zh" else language}">\n<head>\n'
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(words.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(words.title)}</h1>\n{facts}{tables[0]}"
        f'<div class="sums">\n{sums}</div>\n{tables[1]}{parts}</main>\n</body>\n</html>\n'
    )


def _section(section: Section) -> str:
    after = "".join(f'<p class="after">{escape(sentence)}</p>\n' for sentence in section.after)
    return (
        f'<section class="part">\n<h2>{escape(section.title)}</h2>\n{_table(section.table)}{after}'
        "</section>\n"
    )


def _table(table: Table) -> str:
    head = "".join(_cell("th", cell, table, at) for at, cell in enumerate(table.head))
    rows = "".join(
        "<tr>" + "".join(_cell("td", cell, table, at) for at, cell in enumerate(row)) + "</tr>\n"
        for row in table.rows
    )
    return (
        f'<div class="table"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n'
        "</table></div>\n"
    )


def _cell(tag: str, text: str, table: Table, column: int) -> str:
    scope = ' scope="col"' if tag == "th" else ""
    figure = "" if column < table.text_columns else ' class="figure"'
    return f"<{tag}{scope}{figure}>{escape(text)}</{tag}>"
