"""Batches on a cluster, and lists of jobs: ``animate --cluster`` and ``animate --jobs``."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gioconda.cli.consent_options import Stating
from gioconda.cli.hearing import check_voices, opened_voices
from gioconda.cli.making import (
    Look,
    check_look,
    check_not_input,
    is_folder,
    made_folder,
    tell,
    usual_suffix,
)
from gioconda.cli.voice import Voice, tell_people
from gioconda.cli.words import NO_WORDS, Words, check_words
from gioconda.errors import ConsentError, GiocondaError, OptionError, OutputError, TrustError
from gioconda.plain_text import plain
from gioconda.targets import named_after

if TYPE_CHECKING:
    from gioconda.cluster.connection import Cluster
    from gioconda.cluster.job_list import Job
    from gioconda.cluster.tasks import Heard, Outcome, RenderTask
    from gioconda.control_track import Direction
    from gioconda.trust.provenance import Grant
    from gioconda.trust.watermark.marks import Marks
    from gioconda.video.target import Target

_FEATURE: Final = "making videos on a cluster"


@dataclass(frozen=True)
class _Row:
    """A video to be made, as the command's user names it; ``error`` says why it cannot be."""

    portrait: str
    output: Path
    controls: Direction | None
    sound: str | None
    partner: str | None = None
    line: int | None = None
    error: str = ""
    basis: str | None = None

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.portrait if self.line is None else f"line {self.line}, {self.portrait}"


def animate(
    portraits: list[str],
    sound: str | None,
    output: str | None,
    controls: Direction,
    look: Look,
    voice: Voice,
    words: Words,
    address: str,
    *,
    partner: str | None,
    consent: Stating,
    force: bool,
) -> int:
    """Animate portraits with one sound on a cluster; return the exit code."""
    check_voices(sound, partner, words)
    check_look(look, controls)
    check_words(words)
    if not is_folder(output, len(portraits) > 1):
        raise OptionError("a batch on a cluster needs a folder as the output, as in -o videos/")
    folder = Path(output or "")
    with ExitStack() as stack:
        own = stack.enter_context(_regular(sound))
        other = stack.enter_context(_regular(partner))
        heard = _sounds(own, other, words, voice, controls)
        stack.enter_context(made_folder(folder))
        targets = named_after(portraits, folder, usual_suffix(look))
        rows = [
            _Row(portrait, target, controls, own, other)
            for portrait, target in zip(portraits, targets, strict=True)
        ]
        inputs = [sound or "", partner or "", words.text or ""]
        return _Batch(rows, look, voice, inputs, consent, force).run(heard, address, folder)


def refuse_beside_jobs(given: dict[str, bool]) -> None:
    """Refuse what the list of jobs says itself.

    Raises:
        OptionError: one of the options is given.
    """
    for name, is_given in given.items():
        if is_given:
            raise OptionError(f"--jobs names everything in its list; leave out {name}")


def animate_list(
    jobs_file: str,
    output: str | None,
    directed: Callable[[str | None], Direction],
    look: Look,
    voice: Voice,
    address: str | None,
    *,
    consent: Stating,
    force: bool,
) -> int:
    """Make the videos of a list, on a cluster or here; return the exit code.

    Args:
        jobs_file: the list.
        output: folder that the list's outputs are relative to.
        directed: gives the controls, those of a file included.
        look: of all videos.
        voice: of the command.
        address: of the cluster; None to make them in this process.
        consent: on what basis the portraits are animated of which the list names none.
        force: whether files may be replaced.
    """
    from gioconda.cluster.job_list import read_jobs

    check_look(look, directed(None))
    if output is not None and not is_folder(output, several=True):
        raise OptionError("a list of jobs needs a folder as the output, as in -o videos/")
    jobs = read_jobs(jobs_file, output)
    folder = Path(output) if output is not None else Path(jobs_file).parent
    with made_folder(folder):
        heard: dict[str, Heard] = {}
        bad: dict[str, str] = {}
        rows = [_checked(job, directed, look, voice, heard, bad) for job in jobs]
        return _Batch(rows, look, voice, [jobs_file], consent, force).run(heard, address, folder)


def _checked(
    job: Job,
    directed: Callable[[str | None], Direction],
    look: Look,
    voice: Voice,
    heard: dict[str, Heard],
    bad: dict[str, str],
) -> _Row:
    """Return the row of a job; its sound is opened unless another row has it, too."""
    sound, controls, error = str(job.sound), None, ""
    try:
        controls = directed(None if job.controls is None else str(job.controls))
        check_look(look, controls)
    except GiocondaError as e:
        error = str(e)
    if controls is not None and sound not in heard and sound not in bad:
        try:
            heard.update(_sounds(sound, None, NO_WORDS, voice, controls))
        except GiocondaError as e:
            bad[sound] = str(e)
    return _Row(
        str(job.portrait), job.output, controls, sound, line=job.line,
        error=error or bad.get(sound, ""), basis=job.basis,
    )  # fmt: skip


class _Batch:
    """Rows on their way: those refused at once, and what became of the others."""

    def __init__(
        self, rows: list[_Row], look: Look, voice: Voice, inputs: list[str], consent: Stating,
        force: bool,
    ) -> None:  # fmt: skip
        self._rows = rows
        self._look, self._voice, self._inputs, self._force = look, voice, inputs, force
        self._consent = consent
        self._grants: dict[int, Grant] = {}
        self._targets: dict[int, Target] = {}
        self._failed: list[tuple[_Row, str]] = []
        self._of_all = len(voice.notes)
        self._far = False

    @cached_property
    def _marks(self) -> Marks:
        """What the watermark of all videos says."""
        from gioconda.trust.watermark.marks import own_marks

        return own_marks()

    def run(self, heard: dict[str, Heard], address: str | None, folder: Path) -> int:
        """Make all; tell what was made and, in the end, what was not. Return the exit code."""
        voice = self._voice
        total = len(self._rows)
        self._check_targets()
        self._ask()
        self._far = address is not None
        made = 0
        later: list[tuple[str, Outcome]] = []
        if self._targets:
            from gioconda.cluster.batch import render_here, render_on

            with _perhaps_connected(address) as cluster, voice.bar(folder.name, "videos") as bar:
                if cluster is not None and bar is None:
                    voice.say(_size(len(self._targets), cluster))
                outcomes = (
                    render_here(self._tasks(), heard)
                    if cluster is None
                    else render_on(cluster, self._tasks(), heard)
                )
                for count, outcome in enumerate(outcomes, 1):
                    final = self._saved(outcome)
                    made += final is not None
                    if bar is not None:
                        bar(count, len(self._targets))
                    if final is not None and bar is not None:
                        later.append(
                            (final, replace(outcome, video=None))
                        )  # the bar's terminal is not written to
                    elif final is not None:
                        voice.say(f"{count}/{len(self._targets)} {final}")
                        self._tell(final, outcome)
        for final, outcome in later:
            self._tell(final, outcome)
        for row, error in self._failed:
            tell_people(f"gioconda: {plain(row.label)}: {error}")
            if voice.as_json:
                made_not = {"portrait": row.portrait, "output": str(row.output), "error": error}
                voice.result("", made_not)
        voice.say(f"{made} of {total} made in {folder}")
        return 0 if made == total else 1

    def _check_targets(self) -> None:
        from gioconda.video import check_target

        for number, row in enumerate(self._rows):
            try:
                if row.error:
                    raise GiocondaError(row.error)
                target = check_target(
                    row.output, self._force, alpha=self._look.background.transparent
                )
                if target.is_pictures:
                    raise OutputError("a batch makes no PNG sequences; name a video")
                check_not_input(
                    target.occupied(),
                    [row.portrait, row.sound or "", *self._inputs, self._look.background.source],
                )
                self._targets[number] = target
            except GiocondaError as e:
                self._failed.append((row, str(e)))

    def _ask(self) -> None:
        """Ask on what basis each portrait is animated, before anything is made."""
        from gioconda.cli.consenting import granted_of

        rows = [(number, self._rows[number]) for number in self._targets]
        for basis in dict.fromkeys(row.basis for _, row in rows):
            same = [(number, row) for number, row in rows if row.basis == basis]
            given = self._consent if basis is None else replace(self._consent, basis=basis)
            found = granted_of((row.portrait for _, row in same), given, self._voice)
            for number, row in same:
                grant = found[row.portrait]
                if isinstance(grant, GiocondaError):
                    del self._targets[number]
                    self._failed.append((row, str(grant)))
                else:
                    self._grants[number] = grant

    def _tasks(self) -> Iterator[RenderTask]:
        """Yield what is to be made; portraits are read as they are needed.

        Consent is asked for again: a row may wait for long, and workers elsewhere have no ledger.
        """
        from gioconda.cluster.tasks import FileBytes, RenderTask
        from gioconda.trust.consent.requirement import carried, check
        from gioconda.trust.label import label_language

        look, marks = self._look, self._marks
        for number in list(self._targets):
            row = self._rows[number]
            assert row.controls is not None
            try:
                grant = self._grants[number]
                check(grant)
                portrait = FileBytes.read(_picture(row.portrait))
                sent = carried(grant) if self._far else grant
            except GiocondaError as e:
                self._failed.append((row, str(e)))
                continue
            yield RenderTask(
                number, portrait, row.sound, row.partner, row.controls,
                self._targets[number].suffix, look.fps, look.size, look.framing, look.face,
                look.background, sent, marks, label_language(look.label),
            )  # fmt: skip

    def _saved(self, outcome: Outcome) -> str | None:
        """Write and sign a video, whole or not at all; return its name, or note why not.

        What is signed of consent and identifier is what was sent out, whatever a worker says of
        it; where consent was taken back meanwhile, nothing is.
        """
        from gioconda.targets import write_error
        from gioconda.trust.seal import seal
        from gioconda.video.target import discard

        row, target = self._rows[outcome.number], self._targets[outcome.number]
        error = outcome.error
        if outcome.video is not None and outcome.made_from is not None:
            made_from = replace(
                outcome.made_from, grant=self._grants[outcome.number],
                identifier=self._marks.identifier, live=False,
            )  # fmt: skip
            try:
                stage = target.stage()
                try:
                    stage.write_bytes(outcome.video)
                    seal(stage, target.suffix, made_from)
                    return str(target.commit(stage))
                except OSError as e:
                    raise write_error(target.name, e) from e
                finally:
                    discard(stage)
            except (ConsentError, OutputError, TrustError) as e:
                error = str(e)
        self._failed.append((row, error))
        return None

    def _tell(self, final: str, outcome: Outcome) -> None:
        from gioconda.saving import signed_by

        assert outcome.report is not None
        del self._voice.notes[self._of_all :]
        for note in outcome.notes:
            self._voice.note(note)
        tell(replace(outcome.report, path=final, credentials=signed_by()), self._voice)


def _sounds(
    own: str | None, other: str | None, words: Words, voice: Voice, controls: Direction
) -> dict[str, Heard]:
    """Check the sounds, align the words, and return what travels of them, by path."""
    from gioconda.cluster.tasks import FileBytes, Heard

    heard: dict[str, Heard] = {}
    with opened_voices(own, other, words, voice, controls) as sounds:
        for path, sound in zip((own, other), sounds, strict=True):
            if path is not None and sound is not None:
                heard[path] = Heard(FileBytes.read(Path(path)), sound.phones)
    return heard


def _picture(name: str) -> Path:
    """Return the path of a picture that can be read, or refuse it as a portrait is refused."""
    path = Path(name)
    if not (path.is_file() and os.access(path, os.R_OK)):
        from gioconda.portrait.decode import decode

        decode(name)  # says why
    return path


@contextmanager
def _regular(source: str | None) -> Iterator[str | None]:
    """Give a file that can be read twice: standard input and pipes are copied into one."""
    if source is None or (source != "-" and not Path(source).is_fifo()):
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="gioconda-sound-") as folder:
        copy = Path(folder) / ("standard input" if source == "-" else Path(source).name)
        with ExitStack() as stack, copy.open("wb") as f:
            pipe = sys.stdin.buffer if source == "-" else stack.enter_context(open(source, "rb"))
            shutil.copyfileobj(pipe, f, 1 << 20)
        yield str(copy)


def _perhaps_connected(address: str | None) -> AbstractContextManager[Cluster | None]:
    if address is None:
        return nullcontext(None)
    from gioconda.cluster.connection import connected

    return connected(address, _FEATURE)


def _size(videos: int, cluster: Cluster) -> str:
    cores = "1 core" if cluster.cores == 1 else f"{cluster.cores} cores"
    machines = "1 machine" if cluster.machines == 1 else f"{cluster.machines} machines"
    return f"{videos} videos on {cores} of {machines}"
