"""The local log: what was sealed here, so that its owner can know it again and prove its making.

One SQLite file in the private folder, for several processes at once. It never leaves the machine
by itself. Of each output it keeps the SHA-256 of its files, hashes of some frames, and what its
credentials refer to: the ingredients' digests with their salts, and the record of consent. No
picture, sound, text or file name is in it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import numpy as np

from gioconda.errors import TrustError
from gioconda.trust.credentials.manifest import Salted
from gioconda.trust.frame_hashes import distances
from gioconda.trust.home import made_home, trust_home
from gioconda.trust.provenance import Ingredient, Provenance

_NAME: Final = "log.sqlite3"
_VERSION: Final = 1
#: Outputs that are kept; the oldest go first. A full log is some hundred megabytes at most.
MOST_OUTPUTS: Final = 100_000
#: Seconds that a process waits for others.
_PATIENCE_S: Final = 30.0
#: Frames nearer than this are taken for the same picture: unrelated ones are so near once in
#: 10 million (binomial, 63 bits).
NEAR_BITS: Final = 10
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS outputs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    manifest TEXT NOT NULL,
    driver TEXT NOT NULL,
    identifier TEXT,
    basis TEXT,
    consent TEXT,
    live INTEGER NOT NULL,
    partial INTEGER NOT NULL,
    times BLOB NOT NULL,
    hashes BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS files (
    sha256 BLOB NOT NULL,
    output INTEGER NOT NULL REFERENCES outputs(id) ON DELETE CASCADE,
    number INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS files_by_sha256 ON files (sha256);
CREATE INDEX IF NOT EXISTS files_by_output ON files (output);
CREATE TABLE IF NOT EXISTS ingredients (
    output INTEGER NOT NULL REFERENCES outputs(id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    media_type TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    salt BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS ingredients_by_output ON ingredients (output);
"""
_COLUMNS: Final = (
    "id, at, media_type, size, manifest, driver, identifier, basis, consent, live, partial"
)


@dataclass(frozen=True)
class Sealed:
    """What is entered of an output.

    Attributes:
        media_type: of the file, or of each of its pictures.
        size: in bytes, all files together.
        manifest: label of its manifest, of its first picture's if there are many.
        sha256: of the sealed file, or of each sealed picture in order.
        ingredients: what it was made from, as its credentials name it.
        frames: instants in seconds, and hashes of
            :func:`gioconda.trust.frame_hashes.picture_hash`.
    """

    media_type: str
    size: int
    manifest: str
    sha256: tuple[bytes, ...] = field(repr=False)
    ingredients: tuple[Salted, ...] = ()
    frames: tuple[tuple[float, int], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Entry:
    """An output of this installation.

    Attributes:
        id: its number in the log.
        at: when it was sealed; aware, UTC.
        media_type: of the file, or of each picture.
        size: in bytes.
        manifest: label of its manifest.
        driver: see :class:`gioconda.trust.provenance.Provenance`.
        identifier: in its watermark; None without one.
        basis: on which the portrait was animated; None without a portrait.
        consent: reference of the record of consent; None without one.
        live, partial: see :class:`gioconda.trust.provenance.Provenance`.
        files: how many files it has; more than one of numbered pictures.
        ingredients: what it was made from.
    """

    id: int
    at: datetime
    media_type: str
    size: int
    manifest: str
    driver: str
    identifier: int | None
    basis: str | None
    consent: str | None
    live: bool
    partial: bool
    files: int = 1
    ingredients: tuple[Salted, ...] = ()


@dataclass(frozen=True)
class FrameMatch:
    """An output with a picture like one that was looked for.

    Attributes:
        entry: the output.
        query: which of the hashes that were given was nearest.
        time_s: where in the output.
        distance: in how many bits of 64 they differ.
        matched: how many of the given hashes have a near one in this output.
    """

    entry: Entry
    query: int
    time_s: float
    distance: int
    matched: int


def record(sealed: Sealed, provenance: Provenance, now: datetime | None = None) -> int:
    """Enter an output; returns its number.

    Raises:
        TrustError: the log cannot be written.
    """
    grant = provenance.grant
    identifier = provenance.identifier
    times = np.array([time for time, _ in sealed.frames], "<f4").tobytes()
    hashes = np.array([value for _, value in sealed.frames], "<u8").tobytes()
    with _open() as log, log:
        cursor = log.execute(
            "INSERT INTO outputs (at, media_type, size, manifest, driver, identifier, basis,"
            " consent, live, partial, times, hashes) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds"),
                sealed.media_type, sealed.size, sealed.manifest, provenance.driver,
                None if identifier is None else f"{identifier:016x}",
                None if grant is None else grant.basis,
                None if grant is None else grant.reference,
                provenance.live, provenance.partial, times, hashes,
            ),
        )  # fmt: skip
        number = int(cursor.lastrowid or 0)
        log.executemany(
            "INSERT INTO files (sha256, output, number) VALUES (?,?,?)",
            [(digest, number, i) for i, digest in enumerate(sealed.sha256)],
        )
        log.executemany(
            "INSERT INTO ingredients (output, role, media_type, sha256, salt) VALUES (?,?,?,?,?)",
            [
                (number, s.ingredient.role, s.ingredient.media_type, s.ingredient.sha256, s.salt)
                for s in sealed.ingredients
            ],
        )
        log.execute("DELETE FROM outputs WHERE id <= ?", (number - MOST_OUTPUTS,))
    return number


def find_file(sha256: bytes) -> Entry | None:
    """Return the output that has a file of this SHA-256 (32 bytes), or None.

    Raises:
        TrustError: the log cannot be read.
    """
    with _reading() as log:
        if log is None:
            return None
        rows = log.execute(
            f"SELECT {_COLUMNS} FROM outputs WHERE id IN"
            " (SELECT output FROM files WHERE sha256 = ?) ORDER BY id DESC LIMIT 1",
            (sha256,),
        ).fetchall()
        return _entry(log, rows[0]) if rows else None


def find_frames(hashes: Sequence[int], near: int = NEAR_BITS, most: int = 10) -> list[FrameMatch]:
    """Return the outputs that have pictures like the given ones, the likest first.

    Two outputs of one portrait are alike; so a match says that a picture is like one of an output,
    not that it was taken from it.

    Args:
        hashes: of :func:`gioconda.trust.frame_hashes.picture_hash`.
        near: how many of the 64 bits may differ.
        most: at most so many outputs.

    Raises:
        TrustError: the log cannot be read.
    """
    found: list[tuple[int, int, int, int, float]] = []
    with _reading() as log:
        if log is None or not hashes:
            return []
        for number, times, data in log.execute("SELECT id, times, hashes FROM outputs"):
            known = np.frombuffer(data, "<u8").astype(np.uint64)
            if not known.size:
                continue
            apart = np.stack([distances(known, value) for value in hashes])
            nearest = apart.min(axis=1)
            matched = int((nearest <= near).sum())
            if matched:
                query = int(nearest.argmin())
                at = float(np.frombuffer(times, "<f4")[apart[query].argmin()])
                found.append((-matched, int(nearest[query]), number, query, at))
        found.sort()
        matches = []
        for matched, distance, number, query, at in found[:most]:
            row = log.execute(f"SELECT {_COLUMNS} FROM outputs WHERE id = ?", (number,)).fetchone()
            if row is not None:
                entry = _entry(log, row)
                matches.append(FrameMatch(entry, query, round(at, 3), distance, -matched))
        return matches


def entries(most: int | None = None) -> list[Entry]:
    """Return what is in the log, newest first.

    Args:
        most: at most so many; all if None.

    Raises:
        TrustError: the log cannot be read.
    """
    with _reading() as log:
        if log is None:
            return []
        rows = log.execute(
            f"SELECT {_COLUMNS} FROM outputs ORDER BY id DESC LIMIT ?",
            (-1 if most is None else most,),
        ).fetchall()
        return [_entry(log, row) for row in rows]


def count() -> int:
    """Return how many outputs are in the log.

    Raises:
        TrustError: the log cannot be read.
    """
    with _reading() as log:
        return 0 if log is None else int(log.execute("SELECT count(*) FROM outputs").fetchone()[0])


def forget(id: int | None = None) -> int:
    """Delete an output from the log, or all; returns how many were deleted.

    Its files keep their credentials; that they were made here can no longer be looked up, nor what
    they were made from.

    Raises:
        TrustError: the log cannot be written.
    """
    with _reading() as log:
        if log is None:
            return 0
        with log:
            if id is None:
                count = log.execute("DELETE FROM outputs").rowcount
            else:
                count = log.execute("DELETE FROM outputs WHERE id = ?", (id,)).rowcount
        log.execute("VACUUM")  # what was deleted is not to be found in the file
        return count


def _entry(log: sqlite3.Connection, row: tuple[object, ...]) -> Entry:
    number = int(str(row[0]))
    (files,) = log.execute("SELECT count(*) FROM files WHERE output = ?", (number,)).fetchone()
    made_from = log.execute(
        "SELECT role, media_type, sha256, salt FROM ingredients WHERE output = ?", (number,)
    ).fetchall()
    return Entry(
        id=number,
        at=datetime.fromisoformat(str(row[1])),
        media_type=str(row[2]),
        size=int(str(row[3])),
        manifest=str(row[4]),
        driver=str(row[5]),
        identifier=None if row[6] is None else int(str(row[6]), 16),
        basis=None if row[7] is None else str(row[7]),
        consent=None if row[8] is None else str(row[8]),
        live=bool(row[9]),
        partial=bool(row[10]),
        files=files,
        ingredients=tuple(
            Salted(Ingredient(role, kind, digest), salt) for role, kind, digest, salt in made_from
        ),
    )


@contextmanager
def _reading() -> Iterator[sqlite3.Connection | None]:
    """Give the log, or None if there is none yet."""
    if not (trust_home() / _NAME).exists():
        yield None
        return
    with _open() as log:
        yield log


@contextmanager
def _open() -> Iterator[sqlite3.Connection]:
    path = made_home() / _NAME
    try:
        # SQLite makes its files as wide open as the umask allows; this one is its owner's alone.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(path, timeout=_PATIENCE_S)) as log:
            log.execute("PRAGMA foreign_keys = ON")
            (version,) = log.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise TrustError(f"{str(path)!r} is of a newer Gioconda; update this one")
            if version < _VERSION:
                log.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {_VERSION};COMMIT;")
            yield log
    except sqlite3.DatabaseError as e:
        raise TrustError(
            f"the log {str(path)!r} cannot be used ({e}); free the disk or make it writable, or, "
            "if it is damaged, move it away: a new one is begun"
        ) from e
    except OSError as e:
        raise TrustError(f"the log {str(path)!r} cannot be used: {e.strerror or e}") from e
