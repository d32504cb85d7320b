"""Targets are judged before anything is opened, and their secrets stay out of messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from gioconda.errors import OptionError, OutputError
from gioconda.live.outputs import check_output

KEY = "s3cret-stream-key"


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (f"rtmp://user:{KEY}@live.example/app/{KEY}", "rtmp://live.example"),
        (f"RTMPS://live.example:4443/app/{KEY}", "rtmps://live.example:4443"),
        (f"srt://[::1]:9000?streamid={KEY}&passphrase={KEY}", "srt://[::1]:9000"),
        ("udp://127.0.0.1:5000", "udp://127.0.0.1:5000"),
        ("rtsp://127.0.0.1/live", "rtsp://127.0.0.1"),
    ],
)
def test_an_address_is_shown_without_its_secrets(target: str, shown: str) -> None:
    address = check_output(target)
    assert address.shown == shown
    assert address.url == target
    assert KEY not in repr(address)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("", "needs an address"),
        (f"http://live.example/{KEY}", "no output to http://"),
        (f"file:///tmp/{KEY}.mp4", "no output to file://"),
        (f"rtmp:///app/{KEY}", "no host"),
        (f"rtmp://live.example:port{KEY}/app", "no host"),
        (f"srt://live.example?streamid={KEY}", "needs a port"),
        (f"rtmp://live.example/app/ {KEY}", "space or a control"),
        (f"rtmp://live.example/app/\n{KEY}", "space or a control"),
        ("talk.avi", "no suffix"),
        ("-", "no suffix"),
    ],
)
def test_what_cannot_be_an_output_is_refused_without_repeating_it(target: str, says: str) -> None:
    with pytest.raises(OptionError, match=says) as caught:
        check_output(target)
    assert KEY not in str(caught.value)


def test_an_existing_file_is_replaced_only_when_that_is_said(tmp_path: Path) -> None:
    target = tmp_path / "talk.mp4"
    target.write_bytes(b"precious")
    with pytest.raises(OutputError, match="exists already"):
        check_output(str(target))
    assert check_output(str(target), overwrite=True).path == target
    with pytest.raises(OutputError, match="does not exist"):
        check_output(str(tmp_path / "nowhere" / "talk.mp4"))


ALLOWED = ("rtmp://live.example/app", "srt://live.example:9000")


@pytest.mark.parametrize(
    "target",
    [
        f"rtmp://live.example/app/{KEY}",
        f"rtmp://live.example:1935/app/{KEY}?token={KEY}",
        f"srt://live.example:9000?streamid={KEY}&latency=200000",
    ],
)
def test_a_stranger_may_name_what_lies_below_an_allowed_address(target: str) -> None:
    assert check_output(target, allowed=ALLOWED).url == target


@pytest.mark.parametrize(
    "target",
    [
        "rtmp://live.example/apple/x",
        "rtmp://live.example/app/../admin/x",
        "rtmp://live.example/app/%2e%2e/admin/x",
        "rtmp://live.example/app/%252e%252e/admin",
        "rtmp://live.example.evil/app/x",
        "rtmp://live.example@evil/app/x",
        "rtmp://live.example:1936/app/x",
        "rtmps://live.example/app/x",
        "srt://live.example:9000?mode=listener",
        "srt://live.example:9001",
        "udp://127.0.0.1:22",
        "camera",
    ],
)
def test_a_stranger_may_name_nothing_else(target: str) -> None:
    with pytest.raises(OptionError, match="not among the outputs that are allowed here"):
        check_output(target, allowed=ALLOWED)
    check_output(target)  # the owner of the machine may


def test_a_stranger_writes_into_allowed_folders_alone(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (inside / "link").symlink_to(outside)
    rule = (str(inside),)
    assert check_output(str(inside / "a.mp4"), allowed=rule).path == inside / "a.mp4"
    for target in (outside / "a.mp4", inside / ".." / "out" / "a.mp4", inside / "link" / "a.mp4"):
        with pytest.raises(OptionError, match="allowed here"):
            check_output(str(target), allowed=rule)
    (inside / "b.mp4").touch()
    with pytest.raises(OutputError) as caught:
        check_output(str(inside / "b.mp4"), allowed=rule)
    assert str(tmp_path) not in str(caught.value)
    with pytest.raises(OptionError):
        check_output(str(inside / "a.mp4"), allowed=())
