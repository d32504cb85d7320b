"""A batch: tasks in, outcomes in the order in which they are ready, on Ray Data or here."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gioconda.cluster.connection import Cluster, hush
from gioconda.cluster.renderer import RayRenderer, Renderer
from gioconda.cluster.tasks import Heard, Outcome, RenderTask
from gioconda.errors import ClusterError

#: How often a row whose worker was lost is begun again.
RETRIES: Final = 2
#: Rows that are handed to Ray at once have so many bytes, or are a single one.
WAVE_BYTES: Final = 2**30


def render_on(
    cluster: Cluster, tasks: Iterator[RenderTask], sounds: Mapping[str, Heard]
) -> Iterator[Outcome]:
    """Make videos on a cluster, a core for each actor, and yield them as they are ready.

    A row whose worker is lost (killed, or its machine gone) is begun again on another, twice at
    most; then its outcome says so. The others are not touched by it.

    Args:
        cluster: that :func:`gioconda.cluster.connection.connected` gave.
        tasks: read as they are needed, :data:`WAVE_BYTES` at once.
        sounds: that the tasks name, by key.

    Raises:
        ClusterError: the cluster itself was lost.
    """
    import ray
    from ray.exceptions import RayError

    references = {key: ray.put(heard) for key, heard in sounds.items()}
    for wave in _waves(tasks):
        left = {task.number for task in wave}
        try:
            for outcome in _rendered(cluster, wave, references):
                left.discard(outcome.number)
                yield outcome
        except RayError as e:
            raise ClusterError(f"the cluster was lost: {' '.join(str(e).split())}") from e
        for number in sorted(left):
            yield Outcome(
                number,
                error=f"its worker was lost {RETRIES + 1} times: killed, out of memory, or the "
                "machine is gone",
            )


def render_here(tasks: Iterator[RenderTask], sounds: Mapping[str, Heard]) -> Iterator[Outcome]:
    """Make videos in this process, one after the other."""
    renderer = Renderer(sounds.__getitem__)
    for task in tasks:
        yield renderer.render(task)


def _rendered(
    cluster: Cluster, wave: Sequence[RenderTask], sounds: Mapping[str, object]
) -> Iterator[Outcome]:
    import ray.data

    from gioconda import __version__

    hush()
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1  # a row that is lost for good leaves the others alone
    rows = [{"task": pickle.dumps(task)} for task in wave]
    actors = max(min(len(rows), cluster.cores), 1)
    with warnings.catch_warnings():  # the limit of retries has no other way in before 2.64
        warnings.simplefilter("ignore")
        made = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            RayRenderer,
            fn_constructor_args=(sounds, __version__),
            # One row at a time: a second would wait behind the first while others are idle.
            compute=ray.data.ActorPoolStrategy(size=actors, max_tasks_in_flight_per_actor=1),
            num_cpus=1,
            ray_remote_args_fn=_remote_arguments,
        )
    for row in made.iter_rows():
        outcome: Outcome = pickle.loads(row["outcome"])
        yield outcome


def _remote_arguments() -> dict[str, int]:
    return {"max_restarts": -1, "max_task_retries": RETRIES}


def _waves(tasks: Iterator[RenderTask]) -> Iterator[list[RenderTask]]:
    wave: list[RenderTask] = []
    size = 0
    for task in tasks:
        wave.append(task)
        size += len(task.portrait.data)
        if size >= WAVE_BYTES:
            yield wave
            wave, size = [], 0
    if wave:
        yield wave
