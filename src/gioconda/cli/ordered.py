"""A command whose options are steps, taken in the order in which they are given."""

from __future__ import annotations

from typing import Any

import typer.core


class Ordered(typer.core.TyperCommand):
    """A command that remembers the order in which its options were given.

    ``ctx.meta["gioconda.order"]`` holds the parameters' names, one for each time they came.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as usual, and note the order."""
        given = list(args)
        left = super().parse_args(ctx, args)
        _, _, order = self.make_parser(ctx).parse_args(args=given)
        ctx.meta["gioconda.order"] = [str(p.name) for p in order]
        return left
