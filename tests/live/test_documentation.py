"""What docs/live.md shows works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from gioconda import examples

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "live.md").read_text(encoding="utf-8")


def test_the_python_example_runs(tmp_path: Path) -> None:
    shutil.copy(examples.portrait_path(), tmp_path / "portrait.jpg")
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "(512, 512, 3)" in done.stdout


def test_every_option_of_serve_is_described() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "gioconda", "serve", "--help"], capture_output=True, text=True,
        timeout=60, env={"COLUMNS": "200", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    options = set(re.findall(r"--[a-z][a-z-]+", shown.stdout)) - {"--help"}
    told = set(re.findall(r"--[a-z][a-z-]+", PAGE)) | {"--cluster-port"}
    assert options, shown.stderr
    assert options <= told


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", PAGE):
        assert (DOCS / target).exists(), target
