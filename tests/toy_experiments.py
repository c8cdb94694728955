"""Small experiments for sweeps, importable by workers; every run leaves a line in a log."""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal


@dataclass(frozen=True)
class Config:
    """Fields of every kind that a config may have."""

    width: int = 10
    gain: float = 1.0
    activation: str = "relu"
    shapes: tuple[int, ...] = (1, 2)
    kind: Literal["plain", "odd"] = "plain"
    bound: float | None = None
    centred: bool = False
    seed: int = 0
    pause: float = 0.0
    log: str = ""

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"width is {self.width}; it must be at least 1")


@dataclass(frozen=True)
class Experiment:
    name: str
    run: Callable[[Config], Any]
    config: Config = Config()
    quick: Config = Config(width=2)


def note(config: Config) -> None:
    """One line of the log in one write, so that processes do not mix theirs."""
    if config.log:
        with open(config.log, "a", encoding="utf-8") as log:
            log.write(f"{config.width} {config.activation} {config.seed} {os.getpid()}\n")


def table(config: Config) -> Any:
    import pandas

    time.sleep(config.pause)
    note(config)
    value = [config.width * config.gain, config.seed / 3, math.nan, math.inf]
    return pandas.DataFrame({"layer": range(4), "value": value, "name": config.activation})


def raises_for_tanh(config: Config) -> Any:
    if config.activation == "tanh":
        raise RuntimeError(f"no tanh of width {config.width}")
    return table(config)


def returns_no_table(config: Config) -> Any:
    return [config.width]


def kills_its_worker(config: Config) -> Any:
    if config.activation == "tanh":
        os.kill(os.getpid(), signal.SIGKILL)
    return table(config)


def uses_too_much(config: Config) -> Any:
    match config.activation:
        case "sleeps":
            time.sleep(60)
        case "eats":
            bytearray(8 * 10**9)
    return table(config)


TOYS = {
    e.name: e
    for e in (
        Experiment("toy", table),
        Experiment("fails", raises_for_tanh),
        Experiment("listing", returns_no_table),
        Experiment("killer", kills_its_worker),
        Experiment("greedy", uses_too_much),
    )
}


def logged(name: str, path: Any, pause: float = 0.0) -> Experiment:
    """The toy with a log and a pause in its config."""
    toy = TOYS[name]
    return replace(toy, config=replace(toy.config, log=str(path), pause=pause))


if __name__ == "__main__":  # python -m tests.toy_experiments LOG PAUSE sweep arguments
    from hermiso.sweep.command import main

    log, pause, *arguments = sys.argv[1:]
    from tests import toy_experiments as importable  # workers know no __main__

    sys.exit(main(arguments, lambda name: importable.logged(name, log, float(pause))))
