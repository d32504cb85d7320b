"""No place in the sources writes anything of which nobody has said how it is marked."""

from __future__ import annotations

from pathlib import Path

from tests.trust.places import OTHERS, OUTPUTS
from tests.trust.written import places


def test_every_place_that_writes_is_known_and_every_known_one_is_there() -> None:
    found, known = places(), OUTPUTS.keys() | OTHERS.keys()
    assert sorted(found - known) == [], (
        "enter these in tests/trust/places.py, and mark what they write"
    )
    assert sorted(known - found) == [], "these are in tests/trust/places.py and nowhere else"
    assert not OUTPUTS.keys() & OTHERS.keys()


def test_a_new_writer_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "new.py").write_text(
        "import av, cv2, wave\n"
        "class Maker:\n"
        "    def film(self):\n"
        "        av.open('a.mp4', mode='w')\n"
        "        av.open('a.mp4')\n"
        "def still(image, path):\n"
        "    cv2.imwrite('a.png', image)\n"
        "    with path.open('xb') as f, open('b') as g, wave.open('c', 'rb') as h:\n"
        "        pass\n"
        "def live():\n"
        "    return av.CodecContext.create('libx264', 'w'), open_writer('a.mp4')\n"
    )
    assert places(tmp_path) == {
        "new.py:Maker.film open", "new.py:still imwrite", "new.py:still open",
        "new.py:live create", "new.py:live open_writer",
    }  # fmt: skip
