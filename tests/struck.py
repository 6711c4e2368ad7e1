"""Real sweeps into whose trainings a test strikes: processes that die, hang or raise, on chosen hosts if need be."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweep.store import PointState, Store
from tests.injection import strikes
from tests.processes import COMMAND, TIMEOUT_SECONDS, bare_environment

INJECTION = Path(__file__).parent / "injection"


@dataclass
class Sweeps:
    """Runs the command in a folder, with a function of `injection.strikes` called in every training."""

    folder: Path
    environment: dict[str, str]

    @classmethod
    def in_folder(cls, folder: Path) -> "Sweeps":
        """Sweeps that start from nothing: no settings of whoever runs the tests, snapshots five times a second."""
        paths = [str(INJECTION), str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        struck = {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}
        struck["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # jobs take its python3
        struck |= {"SWEEP_TEST_STRIKE": str(folder / "strike.json"), "SWEEP_SNAPSHOT_SECONDS": "0.2"}
        return cls(folder, bare_environment() | struck)

    @property
    def store(self) -> Path:
        """The folder of the results."""
        return self.folder / "runs"

    def strike(self, name: str, **settings: str | float) -> None:
        """What happens in the trainings that start from now on: a function of `strikes`, called with these settings."""
        assert hasattr(strikes, name)
        new = self.folder / "strike.json.part"
        new.write_text(json.dumps({"name": name, "settings": settings}))
        new.replace(self.folder / "strike.json")

    def hold(self) -> None:
        """From now on trainings take snapshots, and do not end, however slow the machine, before `release`."""
        (self.folder / "released").unlink(missing_ok=True)
        self.strike("hold", released=str(self.folder / "released"))

    def release(self) -> None:
        """Let the trainings that are held, and all later ones, take their course."""
        (self.folder / "released").touch()
        self.strike("nothing")

    def spec(self, text: str, name: str = "spec") -> str:
        """The path of a spec of that text."""
        path = self.folder / f"{name}.yaml"
        path.write_text(text)
        return str(path)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A `sweep` command, started."""
        return subprocess.Popen([*COMMAND, *arguments], **self._surroundings())

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A `sweep` command, ended."""
        return subprocess.run([*COMMAND, *arguments], **self._surroundings(), timeout=TIMEOUT_SECONDS, check=False)

    def _surroundings(self) -> dict[str, Any]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return {"env": self.environment, "cwd": self.folder, **pipes}

    def states(self, sweep: str = "struck") -> dict[int, PointState]:
        """What the store knows of the points of a sweep, by seed."""
        store = Store(self.store)
        return {point.seed: store.state(point) for point in store.spec(sweep).points}

    def causes(self) -> dict[str, dict]:
        """What `sweep failures` says, by kind."""
        done = self.run("failures", "struck", "--json")
        assert done.returncode == 0, done.stderr
        return {cause["kind"]: cause for cause in json.loads(done.stdout)["causes"]}
