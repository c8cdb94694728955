"""Clusters that answer, lose their workers, or never answer."""

import os
import socket
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from hermiso.errors import SweepError
from hermiso.store import read
from hermiso.sweep import Tally, clusters, run
from hermiso.sweep.tasks import Done, Task, WorkerLost
from tests.toy_experiments import TOYS, logged

TOY = TOYS["toy"]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


def standing_in(rooms: Iterator[int], lost: tuple[str, ...] = ()) -> clusters.Cluster:
    """A cluster without processes, with as many places as the iterator says at every look."""

    def outcome(task: Task) -> Done:
        if task.key in lost:
            raise type("WorkerCrashedError", (Exception,), {})("it died")
        return Done(task.key, "{}", None, 0.0)

    return clusters.Cluster(
        name="the cluster here",
        submit=lambda task: task,
        ready=lambda handles, _: handles[:1],
        outcome=outcome,
        room=lambda: next(rooms),
        cancel=lambda handle: None,
    )


def test_a_cluster_is_sent_as_many_cells_as_it_has_room_for() -> None:
    taken: list[str] = []

    def tasks() -> Iterator[Task]:
        for n in range(5):
            taken.append(str(n))
            yield Task(str(n), TOY.run, TOY.config)

    found = clusters.computed_by(standing_in(iter([2, 2, 3, 3, 3, 3])), None, tasks())
    assert next(found).key == "0"
    assert taken == ["0", "1"]
    assert {done.key for done in found} == {"1", "2", "3", "4"}
    lost = clusters.computed_by(standing_in(iter([2] * 9), lost=("1",)), None, tasks())
    with pytest.raises(WorkerLost, match="WorkerCrashedError: it died"):
        list(lost)


def test_a_cluster_that_loses_its_workers_is_given_up_and_finished_cells_are_kept(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import LocalCluster

    monkeypatch.setattr(clusters, "WORKERLESS_SECONDS", 0.5)
    monkeypatch.setattr(clusters, "_LOOK_SECONDS", 0.1)
    toy = logged("toy", tmp_path / "log", pause=0.05)
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        dashboard_address=None,
    ) as cluster:
        on = f"dask={cluster.scheduler_address}"

        def watch(tally: Tally) -> None:
            if tally.finished == 2:
                cluster.scale(0)

        says = r"the Dask cluster at .* has had no worker for \d+ s; finished cells are kept"
        with pytest.raises(SweepError, match=says):
            run(toy, None, range(50), store=store, on=on, watch=watch)
    assert 2 <= len(read(store)) < 50


def test_a_ray_address_without_a_cluster_is_named_in_bounded_time(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "START_SECONDS", 0.2)
    hanging = threading.Event()
    ray = SimpleNamespace(is_initialized=lambda: False, init=lambda **_: hanging.wait(60))
    monkeypatch.setitem(sys.modules, "ray", ray)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(SweepError, match=rf"no Ray cluster answers at {at} \(.*: ray start"):
            run(TOY, store=store, on=f"ray={at}")
        silent.listen()
        with pytest.raises(SweepError, match=rf"at {at} let nobody in for 0 s; start one"):
            run(TOY, store=store, on=f"ray={at}")
    hanging.set()


@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")
def test_a_ray_cluster_of_this_machine(store: Path, tmp_path: Path) -> None:
    import ray

    log, grid = tmp_path / "log", {"width": [1, 2], "activation": ["relu", "tanh"]}
    ray.init(num_cpus=2, log_to_driver=False, configure_logging=False)
    try:
        first = run(logged("toy", log), grid, range(2), store=store, on="ray")
        second = run(logged("toy", log), grid, range(3), store=store, on="ray", jobs=2)
        failing = run(logged("fails", log), grid, store=store, on="ray")
        killer = run(logged("killer", log), grid, store=store, on="ray")
    finally:
        ray.shutdown()
    assert first == Tally(total=8, finished=8)
    assert second == Tally(total=12, known=8, finished=4)
    assert (failing.finished, len(failing.failed)) == (2, 2)
    assert (killer.finished, len(killer.failed)) == (2, 2)
    assert str(os.getpid()) not in {line.split()[3] for line in log.read_text().splitlines()}
