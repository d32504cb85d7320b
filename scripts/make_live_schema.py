"""Write docs/live.asyncapi.json and the tables of docs/live-messages.md from the models."""

import json
from pathlib import Path

from gioconda.live.asyncapi import document, tables

DOCS = Path(__file__).resolve().parents[1] / "docs"
MARK = "<!-- From here on made by scripts/make_live_schema.py. -->\n"


def main() -> None:
    """Replace what follows the mark, and the whole JSON file."""
    text = json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
    (DOCS / "live.asyncapi.json").write_text(text, encoding="utf-8")
    page = DOCS / "live-messages.md"
    head = page.read_text(encoding="utf-8").partition(MARK)[0]
    page.write_text(f"{head}{MARK}\n{tables()}", encoding="utf-8")


if __name__ == "__main__":
    main()
