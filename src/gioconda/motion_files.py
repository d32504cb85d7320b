"""Motion in files, as :meth:`Motion.load` and :meth:`Motion.save` use them.

:data:`FORMATS` lists the formats; a file's name chooses one. Those for other tools live in
:mod:`gioconda.interchange`. An ``.npz`` file holds the arrays ``values``, ``channels``,
``rate_hz`` and, if not 0, ``start_s``. A ``.csv`` file is a table in UTF-8 with one header line;
its columns are parted by commas, semicolons or tabs and its numbers have decimal points. One
column is the time in seconds; every other column is a channel.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from gioconda.errors import MotionError
from gioconda.motion import BLENDSHAPES, CHANNELS, INDEX, MOTION_RATE_HZ, FloatArray, Motion
from gioconda.targets import check_file_target, replacing

#: The formats by name, and how their files' names end.
FORMATS: Final = {
    "npz": ".npz", "csv": ".csv", "livelink": ".livelink.csv", "bvh": ".bvh", "glb": ".glb",
    "gltf": ".gltf",
}  # fmt: skip
_SUFFIXES: Final = (
    ".npz or .csv file, or for other tools into .livelink.csv (as Live Link Face writes it), "
    ".bvh, .glb or .gltf"
)
_TIME_NAMES: Final = ("time_s", "time", "Time", "timestamp")
#: Apple's own spelling in capture files: EyeBlinkLeft for eyeBlinkLeft. Head and eye angles
#: are left out on purpose: under their capitalised names they are in radians.
_CAPTURE_NAMES: Final = {name[0].upper() + name[1:]: name for name in BLENDSHAPES}
_DEGREES_HINT: Final = "; head angles are headYaw, headPitch and headRoll, in degrees"
#: Weights may overshoot 0 to 1, as editors' curves do; what lies further out is a mistake
#: (percent, milliseconds in the wrong column).
_WEIGHT_RANGE: Final = (-1.0, 2.0)
_ANGLE_RANGE: Final = (-180.0, 180.0)
_SHIFT_RANGE: Final = (-100.0, 100.0)
_RANGES: Final = {
    name: _ANGLE_RANGE if name in ("headYaw", "headPitch", "headRoll")
    else _SHIFT_RANGE if name in ("headX", "headY", "headZ")
    else _WEIGHT_RANGE
    for name in CHANNELS
}  # fmt: skip
_MIN_RATE_HZ: Final = 1.0
_MAX_RATE_HZ: Final = 1000.0
#: How far, in steps, rows may lie beside the regular grid and still be taken as they are.
_GRID_TOLERANCE: Final = 0.01
#: Times beyond a day are of another clock than the sound's (such as seconds since 1970).
_LATEST_S: Final = 86_400.0
#: A bound on what filling a gap may take: eleven hours at 50 Hz, 0.5 GB.
_MAX_GRID_ROWS: Final = 2_000_000


def read(path: Path) -> Motion:
    """Read a motion file; see :meth:`Motion.load`.

    Raises:
        MotionError: the file is missing, cannot be read, is damaged or is not a motion file.
    """
    try:
        if path.is_dir():
            raise MotionError(f"{str(path)!r} is a folder, not a motion file")
        data = path.read_bytes()
        return _from_bytes(data, path)
    except MotionError:
        raise
    except FileNotFoundError:
        raise MotionError(f"there is no motion file {str(path)!r}") from None
    # A damaged archive fails in many ways (BadZipFile, zlib.error, struct.error, ...), which
    # the readers underneath do not list.
    except Exception as e:
        if isinstance(e, OSError) and e.strerror:
            raise MotionError(f"{str(path)!r} cannot be read: {e.strerror}") from e
        raise MotionError(
            f"{path.name!r} is damaged, or not a motion file (.npz, or .csv in UTF-8)"
        ) from e


def format_of(name: str, wanted: str | None = None) -> str:
    """Return the format that a file's name asks for, a key of :data:`FORMATS`.

    Args:
        name: of the file.
        wanted: a format that was asked for by name; the suffix must suit it.

    Raises:
        MotionError: the suffix is of no format, or of another than the one asked for.
    """
    lower = name.lower()
    fitting = [f for f, suffix in FORMATS.items() if lower.endswith(suffix)]
    if not fitting:
        raise MotionError(f"motion goes into a {_SUFFIXES}, not into {name!r}")
    by_name = max(fitting, key=lambda f: len(FORMATS[f]))
    if wanted is None or wanted == by_name:
        return by_name
    if wanted not in FORMATS:
        raise MotionError(f"there is no motion format {wanted!r}; choose of {', '.join(FORMATS)}")
    if FORMATS[wanted].rpartition(".")[2] != FORMATS[by_name].rpartition(".")[2]:
        raise MotionError(f"{name!r} does not suit the format {wanted}; name it *{FORMATS[wanted]}")
    return wanted


def write(motion: Motion, path: Path, wanted: str | None = None) -> None:
    """Write a motion file, whole or not at all; see :meth:`Motion.save`.

    Raises:
        MotionError: the name ends as no format's does, the motion has no rows, or the format
            cannot hold it.
        OutputError: the file cannot be written there.
    """
    kind = format_of(path.name, wanted)
    if not len(motion):
        raise MotionError("a motion without rows cannot be saved: there is nothing in it")
    check_file_target(path, overwrite=True)
    with replacing(path) as stage:
        _write(motion, stage, kind)


def _write(motion: Motion, path: Path, kind: str) -> None:
    if kind == "npz":
        with path.open("wb") as f:
            np.savez_compressed(
                f, values=motion.values, channels=np.array(CHANNELS),
                rate_hz=motion.rate_hz, start_s=motion.start_s,
            )  # fmt: skip
    elif kind == "csv":
        with path.open("w", newline="", encoding="utf-8") as f:
            writer = csv.writer(f)
            writer.writerow(("time_s", *CHANNELS))
            for i, row in enumerate(motion.values):
                time_s = motion.start_s + i / motion.rate_hz
                writer.writerow((f"{time_s:.6f}", *(f"{v:.5g}" for v in row)))
    else:
        path.write_bytes(_encoded(motion, kind))


def _encoded(motion: Motion, kind: str) -> bytes:
    from gioconda.interchange import bvh, gltf, live_link

    return {
        "livelink": live_link.write, "bvh": bvh.write, "glb": gltf.write_glb,
        "gltf": gltf.write_gltf,
    }[kind](motion)  # fmt: skip


def _from_bytes(data: bytes, path: Path) -> Motion:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _from_csv(data, path.name)
    if suffix == ".bvh":
        from gioconda.interchange import bvh

        return bvh.read(data, path.name)
    if suffix != ".npz" and not data.startswith(b"PK"):
        raise MotionError(f"motion is read from .npz, .csv and .bvh files, not from {path.name!r}")
    return _from_npz(data, path.name)


def _from_npz(data: bytes, file: str) -> Motion:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        missing = [k for k in ("values", "channels", "rate_hz") if k not in arrays]
        if missing:
            raise MotionError(f"{file!r} is not a motion file: it has no array {missing[0]!r}")
        names = _channel_names([str(n) for n in arrays["channels"]], file)
        values = np.asarray(arrays["values"], np.float64)
        rate_hz = float(arrays["rate_hz"])
        start_s = float(arrays["start_s"]) if "start_s" in arrays else 0.0
    if values.ndim != 2 or values.shape[1] != len(names):
        raise MotionError(f"{file!r} has {values.shape} values for {len(names)} channels")
    # An empty motion first: it refuses a wrong rate or start before times are made of them.
    empty = Motion(np.zeros((0, len(CHANNELS)), np.float32), rate_hz, start_s)
    times = empty.start_s + np.arange(len(values)) / empty.rate_hz
    _check_ranges(values, names, times, repr(file))
    return Motion(_arranged(values, names), rate_hz, start_s)


def _from_csv(data: bytes, file: str) -> Motion:
    from gioconda.interchange import live_link

    header, rows, lines = _table(data.decode("utf-8-sig"), file)
    if live_link.is_live_link(header):
        return _from_live_link(header, rows, lines, file)
    _check_widths(header, rows, lines, file)
    time_column = _time_column(header, file)
    names = _channel_names([n for i, n in enumerate(header) if i != time_column], file)
    cells = np.array(
        [_numbers(r, header, f"{file!r} line {n}") for r, n in zip(rows, lines, strict=True)]
    )
    times, values = cells[:, time_column], np.delete(cells, time_column, axis=1)
    _check_times(times, lines, file)
    _check_ranges(values, names, times, repr(file), lines)
    rate_hz, on_grid = _on_grid(times, values, file)
    return Motion(_arranged(on_grid, names), rate_hz, float(times[0]))


def _from_live_link(
    header: list[str], rows: list[list[str]], lines: list[int], file: str
) -> Motion:
    from gioconda.interchange import live_link

    known = {"timecode": "Timecode", "blendshapecount": "BlendShapeCount"}
    header = [known.get(name.lower(), name) for name in header]
    if header.count("Timecode") > 1 or any(name in _TIME_NAMES for name in header):
        raise MotionError(f"{file!r} has two columns of time")
    count = header.index("BlendShapeCount") if "BlendShapeCount" in header else None
    if count is not None:  # where the app saw no face it writes 0 shapes, and maybe no cells
        seen = [len(r) > count and r[count] not in ("0", "0.0") for r in rows]
        rows = [r for r, s in zip(rows, seen, strict=True) if s]
        lines = [n for n, s in zip(lines, seen, strict=True) if s]
        if not rows:
            raise MotionError(f"{file!r} has no row with a face")
    _check_widths(header, rows, lines, file)
    aside = {header.index("Timecode"), count}
    columns = [i for i in range(len(header)) if i not in aside]
    names = [header[i] for i in columns]
    for name in names:
        if names.count(name) > 1:
            raise MotionError(f"{file!r} has the channel {name!r} twice")
    cells = np.array(
        [
            _numbers([r[i] for i in columns], names, f"{file!r} line {n}")
            for r, n in zip(rows, lines, strict=True)
        ]
    )
    angles = np.array([n in (*live_link.HEAD, *live_link.EYES) for n in names], bool)
    for i, k in np.argwhere(angles & ~(np.abs(cells) <= math.pi))[:1]:
        raise MotionError(
            f"{file!r} line {lines[i]} has {cells[i, k]:g} in the column {names[k]!r}; "
            "angles beside time codes are in radians, as Live Link Face writes them"
        )
    times = live_link.seconds([r[header.index("Timecode")] for r in rows], lines, file)
    _check_times(times, lines, file)
    values, names = live_link.motion_values(cells, names)
    names = _channel_names(names, file)
    _check_ranges(values, names, times, repr(file), lines)
    rate_hz, on_grid = _on_grid(times, values, file)
    return Motion(_arranged(on_grid, names), rate_hz, float(times[0]))


def _table(text: str, file: str) -> tuple[list[str], list[list[str]], list[int]]:
    """Return the header, the rows below it and their line numbers, without blank rows."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    # No name of a column has one of these characters in it, so the commonest is the separator.
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    header: list[str] = []
    rows, lines = [], []
    for row in reader:
        cells = [c.strip() for c in row]
        if not any(cells):
            continue
        if not header:
            header = cells
            continue
        rows.append(cells)
        lines.append(reader.line_num)
    if header and not rows:
        raise MotionError(f"{file!r} has no rows of motion")
    return header, rows, lines


def _check_widths(header: list[str], rows: list[list[str]], lines: list[int], file: str) -> None:
    for cells, line in zip(rows, lines, strict=True):
        if len(cells) < len(header):
            raise MotionError(
                f"{file!r} line {line} ends before the column {header[len(cells)]!r}: "
                f"{len(cells)} cells, {len(header)} columns"
            )
        if len(cells) > len(header):
            raise MotionError(
                f"{file!r} line {line} goes on after the last column {header[-1]!r}: {len(cells)} "
                f"cells, {len(header)} columns (decimals need a point, as in 0.5)"
            )


def _time_column(header: list[str], file: str) -> int:
    found = [i for i, name in enumerate(header) if name in _TIME_NAMES]
    if not found:
        raise MotionError(f"{file!r} has no 'time_s' column with the time in seconds")
    if len(found) > 1:
        raise MotionError(
            f"{file!r} has two columns of time, {header[found[0]]!r} and {header[found[1]]!r}"
        )
    return found[0]


def _channel_names(names: Sequence[str], file: str) -> list[str]:
    """Return the names as CHANNELS spells them.

    Raises:
        MotionError: a name is unknown or comes twice, or there is none.
    """
    known = [_CAPTURE_NAMES.get(name, name) for name in names]
    for i, name in enumerate(known):
        if name not in INDEX:
            hint = _DEGREES_HINT if name in ("HeadYaw", "HeadPitch", "HeadRoll") else ""
            raise MotionError(
                f"{file!r} has a channel named {names[i]!r}, which is not known{hint}"
            )
        if name in known[:i]:
            raise MotionError(f"{file!r} has the channel {name!r} twice")
    if not known:
        raise MotionError(f"{file!r} has no motion channel")
    return known


def _numbers(cells: list[str], header: list[str], where: str) -> list[float]:
    try:
        return [float(c) for c in cells]
    except ValueError:
        pass
    for cell, name in zip(cells, header, strict=True):
        if not cell:
            raise MotionError(f"{where} has an empty cell in the column {name!r}")
        try:
            float(cell)
        except ValueError:
            what = f"{where} has {cell[:40]!r} in the column {name!r}; "
            if cell.replace(",", "", 1).lstrip("+-").isdigit():
                raise MotionError(f"{what}decimals need a point, as in 0.5") from None
            raise MotionError(f"{what}a number is needed") from None
    raise AssertionError("unreachable: a cell that float() refused above is refused again")


def _check_times(times: npt.NDArray[np.float64], lines: list[int], file: str) -> None:
    """Refuse times that do not rise or are not of the sound's clock."""
    for i in np.flatnonzero(~(np.abs(times) <= _LATEST_S))[:1]:
        raise MotionError(
            f"{file!r} line {lines[i]} has the time {times[i]:g} s; "
            "times are counted in seconds from the start of the sound, a day at most"
        )
    for i in np.flatnonzero(np.diff(times) <= 0)[:1]:
        raise MotionError(
            f"{file!r} line {lines[i + 1]} has the time {times[i + 1]:g} s "
            f"after {times[i]:g} s; times must rise from row to row"
        )


def _check_ranges(
    values: npt.NDArray[np.float64],
    names: list[str],
    times: npt.NDArray[np.float64],
    file: str,
    lines: list[int] | None = None,
) -> None:
    """Refuse the first value, by time, that is outside its channel's range or not finite."""
    low, high = np.array([_RANGES[n] for n in names]).T
    for i, column in np.argwhere(~((values >= low) & (values <= high)))[:1]:
        where = f"{file} line {lines[i]}" if lines else file
        raise MotionError(
            f"{where}: channel {names[column]!r} is {values[i, column]:g} "
            f"at {times[i]:g} s; it must lie between {low[column]:g} and {high[column]:g}"
        )


def _on_grid(
    times: npt.NDArray[np.float64], values: npt.NDArray[np.float64], file: str
) -> tuple[float, npt.NDArray[np.float64]]:
    """Return the rate and the values at ``times[0] + i / rate``, linear between the rows.

    Rows that lie on a regular grid already, within 1 % of a step, are returned as they are.
    """
    if len(times) == 1:
        return MOTION_RATE_HZ, values
    since = times - times[0]
    step_s = float(np.median(np.diff(times)))
    nominal = min(max(round(1.0 / step_s, 3), _MIN_RATE_HZ), _MAX_RATE_HZ)
    # The least-squares line is the truer rate where every time is rounded, or jitters a little.
    index = np.arange(len(times), dtype=np.float64)
    fitted = float(index @ index / (index @ since))
    for rate_hz in (nominal, fitted):
        beside = np.abs(since * rate_hz - index).max()
        if _MIN_RATE_HZ <= rate_hz <= _MAX_RATE_HZ and beside <= _GRID_TOLERANCE:
            return rate_hz, values
    rows = math.ceil(float(since[-1]) * nominal - _GRID_TOLERANCE) + 1
    if rows > _MAX_GRID_ROWS:
        raise MotionError(
            f"{file!r} has gaps: from {times[0]:g} to {times[-1]:g} s it would take "
            f"{rows} rows at {nominal:g} Hz; {_MAX_GRID_ROWS} are read at most"
        )
    grid = np.arange(rows) / nominal
    return nominal, np.stack([np.interp(grid, since, column) for column in values.T], axis=1)


def _arranged(values: npt.NDArray[np.float64], names: list[str]) -> FloatArray:
    """Put named columns into the order of CHANNELS; articulation is 1, breath 0, if not given."""
    out = np.zeros((len(values), len(CHANNELS)), np.float32)
    out[:, INDEX["articulation"]] = 1.0
    out[:, [INDEX[n] for n in names]] = values
    return out
