from __future__ import annotations

import subprocess
import sys

import gioconda


def test_every_public_name_can_be_imported() -> None:
    for name in gioconda.__all__:
        assert getattr(gioconda, name) is not None
    assert set(gioconda._HOMES) <= set(gioconda.__all__)


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = (
        "import sys, gioconda, gioconda.cli.app;"
        "print([m for m in ('mediapipe','scipy','numba','torch','onnxruntime','av','cv2','numpy')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
