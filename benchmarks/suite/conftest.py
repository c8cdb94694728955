"""What a kept figure remembers of the machine and the commit: no names, no paths."""

from __future__ import annotations

from typing import Any

MACHINE = ("system", "machine", "processor", "python_implementation", "python_version")
CPU = ("brand_raw", "arch", "count")
COMMIT = ("id", "time", "dirty")
STATS = ("min", "max", "mean", "stddev", "median", "iqr", "rounds", "iterations", "ops", "outliers")


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Keep what times depend on."""
    cpu = {key: machine_info.get("cpu", {}).get(key) for key in CPU}
    kept = {key: machine_info.get(key) for key in MACHINE}
    machine_info.clear()
    machine_info.update(kept, cpu=cpu)


def pytest_benchmark_update_commit_info(commit_info: dict[str, Any]) -> None:
    """Keep which commit was timed."""
    kept = {key: commit_info.get(key) for key in COMMIT}
    commit_info.clear()
    commit_info.update(kept)


def pytest_benchmark_update_json(output_json: dict[str, Any]) -> None:
    """Keep the statistics that are compared, so that a file is small enough for git."""
    for figure in output_json["benchmarks"]:
        figure["stats"] = {key: figure["stats"][key] for key in STATS}
        for key in ("options", "group", "param", "params"):
            del figure[key]
