"""Lines are as wide as they may be, whatever letters they have."""

from __future__ import annotations

import pytest
from tests.trust.verify.test_report import finding

from gioconda.trust.verify.report_picture import _VALUE_AT_IN, _written
from gioconda.trust.verify.text_fitting import fitted, width_in

URL = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


@pytest.mark.parametrize("words", ["W" * 300, "i" * 300, "some words " * 40, URL * 3, "a"])
def test_lines_fit_and_lose_nothing(words: str) -> None:
    lines = fitted(words, 3.0, 9)
    assert all(width_in(line, 9) <= 3.0 for line in lines)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")


def test_an_address_is_broken_at_its_slashes() -> None:
    assert fitted(URL, 4.0, 8.5) == [
        "http://cv.iptc.org/newscodes/digitalsourcetype/", "compositeWithTrainedAlgorithmicMedia",
    ]  # fmt: skip


def test_what_is_left_out_is_told_of() -> None:
    lines = fitted("word " * 200, 3.0, 9, most=2)
    assert len(lines) == 2
    assert lines[-1].endswith("[…]")
    assert width_in(lines[-1], 9) <= 3.0
    assert fitted("", 3.0, 9) == [""]


@pytest.mark.parametrize("name", ["AISystemVersionUsed", "W" * 40, "AI prompt writer's whole name"])
def test_names_of_a_report_do_not_run_into_values(name: str) -> None:
    sheet = _written(finding(text=name))
    left = min(x for x, _, _, _ in sheet.items)
    for x, _, words, style in sheet.items:
        name_of_fact = style["fontsize"] == 8.5 and style["color"] == "#6b5a46"
        if x == left and name_of_fact and len(words) < 60:  # the foot goes across
            assert width_in(words, 8.5) < _VALUE_AT_IN
