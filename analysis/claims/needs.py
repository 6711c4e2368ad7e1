"""What a verdict lacks, and the command that supplies it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.claims.model import Claim, Need, Reading
from analysis.claims.runs import Run
from sweep.commands import command_line

FEW_SEEDS = 5


@dataclass(frozen=True)
class Origin:
    """Where tables come from: the name of the sweep, what `sweep run` takes to run its spec again, and its store."""

    sweep: str
    spec: str
    store: Any = None

    def preset(self, claim: Claim, runs: Sequence[Run], what: str | None = None) -> Need:
        """The packaged sweep that asks the claim, on the data set of this one."""
        datasets = sorted({run.config["dataset"] for run in runs})
        changed = ["--set", f"fixed.dataset={datasets[0]}"] if len(datasets) == 1 and datasets[0] != "mnist" else []
        return Need(what or claim.needs, self._line("run", claim.preset, *changed))

    def unfinished(self, states: Mapping[str, int]) -> Need:
        """The rest of this sweep, by the states that its unfinished points are in."""
        words = ["resume", self.sweep, *(["--retry", "all"] if states.get("failed") else [])]
        counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        total = sum(states.values())
        return Need(f"{total} unfinished point{'s' * (total > 1)} ({counts})", self._line(*words))

    def more_seeds(self, what: str, runs: Sequence[Run]) -> Need:
        """The same sweep with more seeds: twice as many, at least five."""
        last = max(run.config["seed"] for run in runs)
        top = max(FEW_SEEDS - 1, 2 * (last + 1) - 1)
        return Need(what, self._line("run", self.spec, "--set", f"grid.seed=0..{top}"))

    def by_config(self, what: str) -> Need:
        """The effect of every config by itself."""
        return Need(what, self._line("claims", self.sweep, "--json"))

    def measured(self, claim: Claim, reading: Reading) -> Need:
        """The same sweep with the quantity that its points do not hold."""
        pairs = "input-each" if claim.preset == "isometry" else "first-merged"
        settings = [f"measure.pairs=[{pairs}]", "measure.scales=[none, balanced]"]
        words = [word for setting in settings for word in ("--set", setting)]
        return Need(f"the MI of pair {pairs} on the scale {reading}", self._line("run", self.spec, *words))

    def _line(self, *words: str) -> str:
        return command_line(*words, store=self.store)
