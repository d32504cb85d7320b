"""Whether a portrait may be animated: stated, kept, revoked, expired, carried elsewhere."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from gioconda import examples
from gioconda.errors import ConsentError
from gioconda.portrait import Portrait
from gioconda.portrait.portrait import pixels_sha256
from gioconda.trust.consent import requirement
from gioconda.trust.consent.ledger import NAME, Ledger
from gioconda.trust.consent.requirement import (
    Watch,
    accept_carried,
    carried,
    check,
    granted,
    require,
    stated,
)
from gioconda.trust.consent.statement import Statement
from gioconda.trust.provenance import Grant

PERMISSION = Statement("permission", "Ann Example", until=date(2026, 6, 30), minor=False)


def refusal(code: str):
    return pytest.raises(ConsentError, check=lambda e: e.code == code)


def test_nothing_stated_is_refused_and_nothing_is_written(home, person):
    with refusal("not_stated"):
        require(person)
    assert not home.exists()


def test_a_statement_is_asked_for_once(home, person):
    first = require(person, "artwork")
    assert first.basis == "artwork"
    assert require(person) == first == require(person, "artwork")
    assert len(Ledger().records()) == 1


def test_a_script_states_for_every_portrait_but_never_over_the_ledger(home, person, monkeypatch):
    monkeypatch.setenv("GIOCONDA_BASIS", "synthetic")
    assert require(person).basis == "synthetic"
    assert Ledger().records()[0].via == "environment"
    Ledger().revoke(person.pixels_sha256)
    with refusal("revoked"):
        require(person)


def test_the_same_picture_is_one_portrait_however_it_comes(home, mirrored, tmp_path):
    from PIL import Image

    path = tmp_path / "somebody.png"
    Image.fromarray(mirrored).save(path)
    transparent = io.BytesIO()
    Image.fromarray(mirrored).convert("RGBA").save(transparent, format="PNG")
    grants = {
        require(Portrait.open(source), "artwork")
        for source in (path, str(path), path.read_bytes(), mirrored, transparent.getvalue())
    }
    assert len(grants) == 1
    assert Portrait.open(path).pixels_sha256 == pixels_sha256(mirrored)


def test_a_jpeg_is_one_portrait_as_a_file_and_as_an_upload(mirrored):
    from PIL import Image

    from gioconda.sandbox import Decoder

    buffer = io.BytesIO()
    Image.fromarray(mirrored).save(buffer, format="JPEG", quality=88)
    decoder = Decoder()
    decoder.start()
    try:
        uploaded = decoder.decode_image(buffer.getvalue())
    finally:
        decoder.close()
    assert pixels_sha256(uploaded) == Portrait.open(buffer.getvalue()).pixels_sha256


def test_another_pixel_is_another_portrait(mirrored):
    changed = mirrored.copy()
    changed[0, 0, 0] ^= 1
    assert pixels_sha256(changed) != pixels_sha256(mirrored)
    # The same bytes in another shape are another picture.
    assert pixels_sha256(np.zeros((4, 8, 3), np.uint8)) != pixels_sha256(
        np.zeros((8, 4, 3), np.uint8)
    )


def test_a_basis_that_needs_more_is_refused_alone_but_stands_once_it_is_whole(home, person):
    for name in ("self", "permission"):
        with refusal("not_stated"):
            require(person, name)
    grant = require(person, Statement("self", minor=False))
    assert require(person, "self") == grant


def test_revoked_is_refused_under_every_basis_and_at_once(home, person):
    grant = require(person, Statement("self", minor=False))
    check(grant)
    Ledger().revoke(person.pixels_sha256)
    for ask in (
        lambda: require(person),
        lambda: require(person, "self"),
        lambda: require(person, "artwork"),
        lambda: require(person, Statement("permission", "Ann", minor=False)),
        lambda: granted(person, grant),
        lambda: check(grant),
        lambda: carried(grant),
    ):
        with refusal("revoked"):
            ask()


def test_what_another_process_revokes_is_seen_by_this_one(home, person):
    grant = require(person, "artwork")
    now = [0.0]
    watch = Watch(grant, clock=lambda: now[0])
    code = (
        "from gioconda.trust.consent.ledger import Ledger;"
        f"Ledger().revoke(bytes.fromhex('{person.pixels_sha256.hex()}'))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    now[0] = 1.0
    with refusal("revoked"):
        watch.check()


def test_the_ledger_is_not_read_again_while_it_has_not_changed(home, person, monkeypatch):
    grant = require(person, "artwork")
    check(grant)
    monkeypatch.setattr(
        "gioconda.trust.consent.ledger.read_private", lambda _: pytest.fail("it was read")
    )
    for _ in range(100):
        check(grant)


def test_it_expires_by_the_clock(home, person, clock):
    ledger = Ledger(clock)
    grant = require(person, PERMISSION, ledger=ledger)
    assert grant.expires == PERMISSION.expires
    clock.pass_days(28)
    check(grant, ledger=ledger)
    clock.pass_days(3)
    for ask in (
        lambda: check(grant, ledger=ledger),
        lambda: require(person, ledger=ledger),
        lambda: require(person, "permission", ledger=ledger),
        lambda: require(person, PERMISSION, ledger=ledger),
    ):
        with pytest.raises(ConsentError):
            ask()
    with refusal("expired"):
        require(person, ledger=ledger)
    renewed = Statement("permission", "Ann Example", until=date(2026, 12, 31), minor=False)
    assert require(person, renewed, ledger=ledger).reference != grant.reference


def test_a_grant_is_for_its_own_portrait(home, person, astronaut):
    grant = require(person, "artwork")
    other = Portrait.open(astronaut[:, ::-1][:-8])
    with pytest.raises(ConsentError, match="another portrait"):
        granted(other, grant)
    example = Portrait.open(astronaut)
    with pytest.raises(ConsentError, match="another portrait"):
        granted(person, require(example))


def test_a_grant_that_the_ledger_does_not_know_is_refused(home, person):
    grant = require(person, "artwork")
    os.unlink(home / NAME)
    with refusal("not_stated"):
        check(grant)


@pytest.fixture
def worker():
    """This process works for another machine."""
    accept_carried()
    yield
    requirement._WORKER.clear()


def test_a_grant_counts_as_its_record_says_and_not_as_it_says_itself(
    home, person, astronaut, clock, monkeypatch
):
    other = Portrait.open(astronaut[:, ::-1][:-8])
    mine, theirs = require(person, PERMISSION, ledger=Ledger(clock)), require(other, "artwork")
    monkeypatch.setattr(Ledger, "now", property(lambda self: clock()))
    # The one's reference under the other's key, and a permission without its end.
    with pytest.raises(ConsentError, match="another portrait"):
        granted(person, replace(mine, reference=theirs.reference))
    with pytest.raises(ConsentError, match="another portrait"):
        check(replace(mine, reference=theirs.reference))
    endless = replace(mine, expires=None, basis="artwork")
    assert granted(person, endless) == mine
    clock.pass_days(40)
    for ask in (lambda: check(endless), lambda: granted(person, endless)):
        with refusal("expired"):
            ask()


def test_a_carried_grant_counts_in_workers_alone(home, person):
    import gioconda

    made_up = Grant("artwork", "ab" * 32, "", carried=True)
    for ask in (
        lambda: check(made_up),
        lambda: granted(person, made_up),
        lambda: gioconda.Session(person, basis=made_up),
        lambda: granted(person, carried(require(person, "artwork"))),
    ):
        with pytest.raises(ConsentError, match="counts only in the workers"):
            ask()


def test_a_worker_refuses_what_was_revoked_on_its_own_machine(home, person, worker):
    sent = Grant("artwork", "ab" * 32, "", carried=True)
    assert granted(person, sent) == sent
    grant = require(person, "artwork")
    Ledger().revoke(person.pixels_sha256)
    with refusal("revoked"):
        granted(person, sent)
    # Also while it runs, where both share a ledger.
    with refusal("revoked"):
        check(replace(grant, carried=True, portrait=""))


def test_what_a_later_statement_says_of_the_example_ends_with_it(home, clock, monkeypatch):
    monkeypatch.setattr(Ledger, "now", property(lambda self: clock()))
    example = Portrait.open(examples.portrait_path())
    grant = require(example)
    require(example, PERMISSION)
    check(grant)
    clock.pass_days(40)
    for ask in (lambda: require(example), lambda: check(grant), lambda: granted(example, grant)):
        with refusal("expired"):
            ask()


def test_a_carried_grant_needs_no_ledger_and_still_ends(
    home, person, clock, monkeypatch, tmp_path, worker
):
    ledger = Ledger(clock)
    grant = require(person, PERMISSION, ledger=ledger)
    far = pickle.loads(pickle.dumps(carried(grant, ledger=ledger)))
    assert far.portrait == ""
    assert far.reference == grant.reference
    monkeypatch.setenv("GIOCONDA_HOME", str(tmp_path / "elsewhere"))
    check(far, ledger=ledger)
    clock.pass_days(40)
    with refusal("expired"):
        check(far, ledger=ledger)


def test_the_example_needs_no_statement_and_can_be_revoked(home):
    example = Portrait.open(examples.portrait_path())
    grant = require(example)
    assert grant.basis == "artwork"
    assert not home.exists()
    assert granted(example, grant) == grant
    Ledger().revoke(example.pixels_sha256, "no")
    for ask in (lambda: require(example), lambda: check(grant), lambda: require(example, "self")):
        with refusal("revoked"):
            ask()


def test_what_the_example_says_of_itself_is_honest():
    from gioconda.trust.consent.shipped import shipped_of

    record = shipped_of(Portrait.open(examples.portrait_path()).pixels_sha256)
    assert record is not None
    assert record.reference == record.hashed()
    assert "real person" in record.text
    assert "not asked" in record.text


def test_the_reference_reveals_nothing(home, person, tmp_path, monkeypatch):
    statement = Statement("permission", "Ann Example", minor=False)
    grant = require(person, statement)
    (record,) = Ledger().records()
    assert len(bytes.fromhex(grant.reference)) == 32
    # Without the salt, which stays here, it is the hash of nothing that could be guessed.
    assert record.salt not in grant.reference
    assert grant.reference != record.portrait
    # The same statement elsewhere gives another.
    monkeypatch.setenv("GIOCONDA_HOME", str(tmp_path / "elsewhere"))
    assert require(person, statement).reference != grant.reference


@pytest.mark.parametrize("entry", ["animate", "render_motion", "Session", "live", "FrameMaker"])
def test_every_entry_of_the_library_asks(home, person, entry, tmp_path):
    import gioconda
    from gioconda.frame_maker import FrameMaker
    from gioconda.live import Session as LiveSession
    from gioconda.motion import Motion, neutral

    still = Motion(np.stack([neutral(), neutral()]), 50.0)
    ask = {
        "animate": lambda basis: gioconda.animate(person, examples.speech_path(), basis=basis),
        "render_motion": lambda basis: gioconda.render_motion(person, still, basis=basis),
        "Session": lambda basis: gioconda.Session(person, basis=basis),
        "live": lambda basis: LiveSession(person, basis=basis),
        "FrameMaker": lambda basis: FrameMaker(person, basis=basis),
    }[entry]
    with refusal("not_stated"):
        ask(None)
    ask("artwork")
    ask(None)
    Ledger().revoke(person.pixels_sha256)
    for basis in (None, "artwork", Statement("self", minor=False)):
        with refusal("revoked"):
            ask(basis)
    assert not list(Path(tmp_path).glob("*.mp4"))


def test_frames_end_with_a_revocation(home, person, monkeypatch):
    import gioconda
    from gioconda.motion import neutral

    monkeypatch.setattr("gioconda.trust.consent.requirement.CHECKED_S", 0.0)
    maker = gioconda.frame_maker.FrameMaker(person, size=256, basis="artwork")
    maker.frame(neutral())
    Ledger().revoke(person.pixels_sha256)
    with refusal("revoked"):
        maker.frame(neutral())


def test_an_upload_is_stated_by_its_pixels_alone(home, mirrored, person):
    grant = stated(pixels_sha256(mirrored), "artwork", "server", by="a client of the server")
    assert require(person) == grant
    assert Ledger().records()[0].by == "a client of the server"


def test_a_video_that_is_being_made_is_not_kept(home, person, tmp_path, monkeypatch):
    import gioconda

    monkeypatch.setattr("gioconda.trust.consent.requirement.CHECKED_S", 0.0)
    animation = gioconda.animate(person, examples.speech_path(), size=256, fps=24, basis="artwork")
    made: list[float] = []

    def progress(done: float, _: float | None) -> None:
        made.append(done)
        if done == 5:
            Ledger().revoke(person.pixels_sha256)

    with refusal("revoked"):
        animation.save(tmp_path / "talk.mp4", progress=progress)
    assert made == [1, 2, 3, 4, 5]
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == []
