"""Help laid out in the cells of a terminal, where a Chinese character takes two.

A line of Chinese may end after any character, but never inside a word, a name or a number of Latin
letters, and no line begins with a closing mark. Pure layout: the words come from the catalogues.
"""

import re
from collections.abc import Iterable
from unicodedata import east_asian_width

import click

# What stays together: a run that is not Chinese, or one character, each with its marks.
_WIDE = "\u2e80-\uffef"
_PIECE = re.compile(rf"\s+|[“（《「]*(?:[^\s{_WIDE}]+|[^\s“（《「]|.)[，。；：、？！）”》」…]*")
_JOINT = re.compile(rf"(?<=[{_WIDE}])\n(?=[{_WIDE}])")


class HelpPage(click.HelpFormatter):
    """click's help, measured in cells."""

    def write_heading(self, heading: str) -> None:
        """The heading as the catalogue has it, its colon included."""
        self.write(f"{'':>{self.current_indent}}{heading}\n")

    def write_text(self, text: str) -> None:
        """A text of one or more paragraphs, a blank line between them."""
        margin = " " * self.current_indent
        paragraphs = (
            "\n".join(margin + line for line in lines_of(paragraph, self.width - len(margin)))
            for paragraph in text.strip().split("\n\n")
        )
        self.write("\n\n".join(paragraphs) + "\n")

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Names on the left, what they mean on the right; a long name has a line of its own."""
        rows = list(rows)
        margin = " " * self.current_indent
        left = min(max((cells(name) for name, _ in rows), default=0), col_max) + col_spacing
        for name, meaning in rows:
            lines = lines_of(meaning, max(self.width - left - self.current_indent, 10))
            gap = left - cells(name)
            if lines and gap >= col_spacing:
                name = name + " " * gap + lines.pop(0)
            self.write(f"{margin}{name}\n")
            for line in lines:
                self.write(f"{margin}{'':>{left}}{line}\n")


def lines_of(paragraph: str, width: int) -> list[str]:
    """A paragraph in lines of at most `width` cells; what has no place to break may be longer."""
    lines: list[str] = []
    line = ""
    for piece in _PIECE.findall(_JOINT.sub("", paragraph.strip()).replace("\n", " ")):
        if line.strip() and cells(line) + cells(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def cells(text: str) -> int:
    """How many cells of a terminal a text takes (rich knows it too, but is slow to import)."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
