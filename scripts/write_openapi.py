"""Write docs/openapi.json from the server's routes."""

from __future__ import annotations

import json
from pathlib import Path

from gioconda.live.server.app import create_app

TARGET = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"


def main() -> None:
    """Write the file."""
    app = create_app()
    TARGET.write_text(json.dumps(app.openapi(), indent=1, ensure_ascii=False) + "\n")
    app.state.server.store.close()


if __name__ == "__main__":
    main()
