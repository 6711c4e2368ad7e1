"""What a verdict lacks, and the command that adds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.claims.judgement import Need
from analysis.claims.model import Claim, Measure
from analysis.claims.runs import Run
from analysis.statistics import fewest_seeds
from sweep.commands import command_line


@dataclass(frozen=True)
class Origin:
    """The source of tables: the name of the sweep, the argument of `sweep run` that names its spec, and its store.

    is_running: whether a live driver is at work on the sweep, which would refuse a second one.
    """

    sweep: str
    spec: str
    store: Any = None
    is_running: bool = False

    def preset(self, claim: Claim, runs: Sequence[Run], lack: str | None = None) -> Need:
        """The packaged sweep that tests the claim, on the data set of these runs."""
        datasets = sorted({run.config["dataset"] for run in runs})
        changed = ["--set", f"fixed.dataset={datasets[0]}"] if len(datasets) == 1 and datasets[0] != "mnist" else []
        return Need(lack or claim.needs, self._line("run", claim.preset, *changed))

    def unfinished(self, states: Mapping[str, int]) -> Need:
        """The rest of this sweep; `states` counts its unfinished points."""
        arguments = ["resume", self.sweep, *(["--retry", "all"] if states.get("failed") else [])]
        if self.is_running:
            arguments = ["status", self.sweep, "--watch"]
        counts = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        total = sum(states.values())
        return Need(f"{total} unfinished point{'s' * (total > 1)} ({counts})", self._line(*arguments))

    def more_seeds(self, lack: str, runs: Sequence[Run], at_least: int = 2) -> Need:
        """This sweep with more seeds: twice as many, and at least so many."""
        last = max(run.config["seed"] for run in runs)
        top = max(at_least - 1, 2 * (last + 1) - 1)
        return Need(lack, self._line("run", self.spec, "--set", f"grid.seed=0..{top}"))

    def seeds_to_decide(self, seeds: int, runs: Sequence[Run]) -> Need:
        """More seeds than these; a test of whole seeds needs `fewest_seeds` to be able to reach 5 %."""
        fewest = fewest_seeds()
        if seeds >= fewest:
            return self.more_seeds("more seeds to decide", runs)
        return self.more_seeds(f"{fewest} seeds: no test of whole seeds can reach 5 % with {seeds}", runs, fewest)

    def halves_to_decide(self, choosing: int, testing: int, runs: Sequence[Run]) -> Need:
        """The same where even seeds choose what odd ones test; names those of which there are none, or too few.

        choosing, testing: how many there are of each.
        """
        fewest = fewest_seeds()
        if not choosing:
            return self.more_seeds("even seeds, which choose what the odd ones test: there are none", runs, 2 * fewest)
        if testing < fewest:
            lack = (
                f"{2 * fewest} seeds, whose {fewest} odd ones test what the even ones choose (odd ones here: {testing})"
            )
            return self.more_seeds(lack, runs, 2 * fewest)
        return self.more_seeds("more seeds to decide", runs)

    def control(self) -> Need:
        """This sweep with twins that never learn."""
        lack = "networks that never learn beside these: without them nothing here tells what is learned"
        return Need(lack, self._line("run", self.spec, "--set", "grid.frozen=[false, true]"))

    def by_config(self, lack: str) -> Need:
        """The effect of every config separately."""
        return Need(lack, self._line("claims", self.sweep, "--json"))

    def measured(self, claim: Claim, measure: Measure) -> Need:
        """This sweep with the quantity that its points do not hold."""
        pairs = "input-each" if claim.preset == "isometry" else "first-merged"
        settings = claim.settings or (f"measure.pairs=[{pairs}]", "measure.scales=[none, balanced]")
        lack = f"points that measure {' and '.join(claim.settings)}" if claim.settings else ""
        arguments = [argument for setting in settings for argument in ("--set", setting)]
        return Need(lack or f"the MI of pair {pairs} on the scale {measure}", self._line("run", self.spec, *arguments))

    def below_ceiling(self) -> Need:
        """This sweep with all the images that there are: the ceiling is the logarithm of their number."""
        return Need("values below their ceiling", self._line("run", self.spec, "--set", "measure.samples=all"))

    def _line(self, *arguments: str) -> str:
        return command_line(*arguments, store=self.store)
