"""Text of strangers, as terminals, reports and answers may see it.

What files, their names and other programs say may hold escape sequences, which rewrite what a
terminal shows, and marks of direction, which turn it about (Unicode Technical Report 36, 2.5).
"""

from __future__ import annotations

from typing import Final

#: Stands for what is not printable.
REPLACED: Final = "\N{REPLACEMENT CHARACTER}"


def plain(text: str, *, instead: str = REPLACED) -> str:
    """Return a text in one line that is printable: no control, format or surrogate characters.

    Args:
        text: of a stranger.
        instead: what each other character becomes.
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else instead for c in text)


def plain_lines(text: str) -> str:
    """Return the same, but with the breaks of its lines, and its tabs."""
    return "\n".join("\t".join(map(plain, line.split("\t"))) for line in text.split("\n"))


def plain_value(value: object, most: int) -> str:
    """Return a value that should be a text as one of so many characters; empty for anything else.

    What is not printable, such as the breaks of lines, becomes spaces.
    """
    return plain(value[:most], instead=" ").strip() if isinstance(value, str) else ""
