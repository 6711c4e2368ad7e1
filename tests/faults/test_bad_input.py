"""Bad specs and bad data at the command line: all that is wrong at once, exit 2, and nothing created."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import Command

MNIST = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")

Refused = Callable[..., str]


@pytest.fixture
def sweep(run_here: Command, here: Path) -> Refused:
    """Runs the command in an empty folder; what it said when it refused, as bad usage and with nothing printed."""

    def run(*arguments: str) -> str:
        done = run_here(*arguments)
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    return run


@pytest.mark.parametrize("command", ["plan", "run", "doctor"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"grid: {wdth: [1]}\nfixed: {epohcs: 2}\n", ["unknown key 'wdth'", "did you mean 'epochs'?"]),
        (b"grid:\n  width: [x]\nfixed: {epochs: many}\n", [":2: width: 'x'", ":3: epochs: 'many'"]),
        (b"grid: {seed: []}\n", ["'seed' in 'grid' is empty"]),
        (b"grid: {seed: 0..999, width: 1..1000}\n", ["1,000,000 points"]),
        (b"grid: {seed: 0..99999999}\n", ["has 100,000,000 values"]),
        (b"name: [\n", [":2: YAML syntax"]),
        (b"name: one\nname: two\n", [":2: duplicate key 'name' (first in line 1)"]),
        (b"name: \xff\xfe\n", ["cannot be read as UTF-8"]),
        (b"\x00\x01", ["YAML syntax"]),
        (b"- one\n", ["a spec is a mapping"]),
        (b"name: ../../elsewhere\n", ["allowed are letters"]),
    ],
    ids=["typos", "types", "empty", "huge", "huge range", "yaml", "duplicate", "utf8", "bytes", "list", "name"],
)
def test_a_bad_spec_is_refused_before_disk_and_cluster_are_touched(
    sweep: Refused, here: Path, tmp_path: Path, command: str, content: bytes, expected: list[str]
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    said = sweep(command, str(path))
    for words in expected:
        assert words in said
    assert f"next: correct this, then sweep {command} {path}" in said
    assert list(here.iterdir()) == []


def write_mnist(folder: Path) -> None:
    """Four files of the right names; of other content than MNIST's."""
    folder.mkdir(parents=True)
    for name in MNIST:
        (folder / f"{name}-ubyte.gz").write_bytes(gzip.compress(b"\x00\x00\x08\x01" + bytes(1000)))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda path: path.unlink(), "train-images-idx3-ubyte.gz not found in"),
        (truncate, "train-images-idx3-ubyte.gz cannot be read"),
        (flip, "train-images-idx3-ubyte.gz"),
        (lambda path: path.write_bytes(b""), "train-images-idx3-ubyte.gz"),
        (lambda path: None, "train-images-idx3-ubyte.gz is damaged: SHA-256"),
    ],
    ids=["missing", "truncated", "flipped", "empty", "other"],
)
def test_bad_data_is_named_before_anything_starts(
    sweep: Refused, here: Path, tmp_path: Path, damage: Callable[[Path], None], expected: str
) -> None:
    folder = tmp_path / "data" / "mnist"
    write_mnist(folder)
    damage(folder / "train-images-idx3-ubyte.gz")
    said = sweep("run", "fig4a", "--data-dir", str(tmp_path / "data"))
    assert expected in said
    assert "next: " in said
    assert list(here.iterdir()) == []
