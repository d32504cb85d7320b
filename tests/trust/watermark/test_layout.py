"""Which chip says what: nothing twice, the same in every version, and secret under a key."""

from __future__ import annotations

import hashlib

import numpy as np

from gioconda.trust.watermark.keys import OperatorKey
from gioconda.trust.watermark.layout import (
    CHIPS,
    PUBLIC_CHIPS,
    SECRET_PILOTS,
    pilot_grid,
    public_pilots,
    secret_layout,
)
from gioconda.trust.watermark.marks import PUBLIC_GROUP, SECRET_GROUP, marks_of

KEY, OTHER = OperatorKey(1, b"s" * 32), OperatorKey(2, b"t" * 32)


def test_every_chip_has_one_meaning() -> None:
    layout = secret_layout(KEY.secret)
    places = np.concatenate([public_pilots().places, layout.pilots.places, layout.places.ravel()])

    assert sorted(places) == list(range(CHIPS))
    assert len(public_pilots().places) == PUBLIC_CHIPS
    assert len(layout.pilots.places) == SECRET_PILOTS


def test_the_public_chips_never_change() -> None:
    # What was marked by one version is read by all later ones.
    pattern = pilot_grid(public_pilots()).astype(np.int8).tobytes()

    assert hashlib.sha256(pattern).hexdigest() == (
        "6a2bf0fc8cd521aa60fa4effa7133e0a63d1f6c16a7e9534ac873a55c6e5375b"
    )


def test_a_secret_layout_never_changes() -> None:
    pattern = marks_of(1, KEY).chips.tobytes() + marks_of(1, KEY).groups.tobytes()

    assert hashlib.sha256(pattern).hexdigest() == (
        "da287871ce9c9ae6828d7bd0987e24473cac720666f4b6769799bb740f871da2"
    )


def test_two_keys_share_no_more_than_chance() -> None:
    secret = marks_of(1, KEY).groups != PUBLIC_GROUP
    ours, theirs = marks_of(1, KEY), marks_of(1, OTHER)

    alike = np.mean(ours.chips[secret] == theirs.chips[secret])
    assert 0.47 < alike < 0.53
    assert np.array_equal(ours.chips[~secret], theirs.chips[~secret])


def test_identifiers_differ_in_the_coded_bits_alone() -> None:
    one, two = marks_of(1, KEY), marks_of(2, KEY)
    differs = one.chips != two.chips

    assert np.array_equal(one.groups, two.groups)
    assert differs.any()
    assert not differs[one.groups >= PUBLIC_GROUP].any()
    assert set(np.unique(one.groups)) == set(range(SECRET_GROUP + 1))
