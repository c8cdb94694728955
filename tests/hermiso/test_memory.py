"""Amounts of memory as text, and how much a process may still take."""

import subprocess
import sys

import pytest

from hermiso import memory


@pytest.mark.parametrize(
    ("text", "size"),
    [("500MB", 5e8), ("2GB", 2e9), (" 1.5 GiB ", 1.5 * 2**30), ("3kb", 3e3), ("1TiB", 2**40)],
)
def test_an_amount_is_read(text: str, size: float) -> None:
    assert memory.amount(text) == size


@pytest.mark.parametrize("text", ["", "5", "GB", "-1GB", "1e3GB", "2 GB more", "٣GB", "1" * 99])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no amount of memory"):
        memory.amount(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 kB"), (999, "0.999 kB"), (5.12e9, "5.12 GB"), (2e8, "200 MB"), (3.2e29, "3.2e+17 TB")],
)
def test_an_amount_is_shown(size: float, text: str) -> None:
    assert memory.shown(size) == text


def test_some_memory_is_available() -> None:
    assert memory.available() > 1e6


@pytest.mark.skipif(sys.platform != "linux", reason="no other system tells what a process holds")
@pytest.mark.parametrize("kind", ["AS", "DATA"])
def test_a_limit_of_the_process_counts(kind: str) -> None:
    script = (
        "import resource\nfrom hermiso import memory\n"
        f"resource.setrlimit(resource.RLIMIT_{kind}, (300_000_000,) * 2)\n"
        "print(memory.available())"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    # An interpreter holds a few megabytes of it.
    assert 1e8 < float(run.stdout) < 3e8


def test_a_container_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"max": "1000", "current": "400", "stat": "anon 300\ninactive_file 50\n"}
    monkeypatch.setattr(memory, "_own_group", lambda: "/mine")

    def read(path: memory.Path) -> str:
        if path.parent.as_posix() != "/sys/fs/cgroup/mine":
            raise FileNotFoundError
        return files[path.suffix[1:]]

    monkeypatch.setattr(memory.Path, "read_text", read)
    assert memory._group() == 1000 - 400 + 50
    files["max"] = "max"
    assert memory._group() == float("inf")
