"""Portraits and renderers that several tests of the room share."""

from __future__ import annotations

import numpy as np
import pytest

from gioconda.portrait import Portrait, View
from gioconda.render import MeshRenderer


@pytest.fixture(scope="session")
def astronaut_portrait(astronaut: np.ndarray) -> Portrait:
    return Portrait.open(astronaut, cache=False)


@pytest.fixture(scope="session")
def astronaut_at_512(astronaut_portrait: Portrait) -> View:
    return astronaut_portrait.view(512)


@pytest.fixture(scope="session")
def astronaut_renderer(astronaut_at_512: View) -> MeshRenderer:
    return MeshRenderer(astronaut_at_512)
