"""Seeds where they decide: points and verdicts of sweeps that run until decided, beside those of a fixed design.

    python -m benchmarks.until_decided [--sweeps 200]

Simulated sweeps of MLPs and shortcut networks with frozen twins, in worlds whose truth is known. The fixed design has
all seeds of the last look, for every network, and tests once at 5 %. Writes benchmarks/results/until_decided.md.
"""

import argparse
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from analysis.claims import CLAIMS, Claim, Origin
from analysis.claims.runs import Curve, Run
from analysis.quantities import BALANCED_BITS, PAPER_BITS, TEST_ERROR
from analysis.sequential import LOOKS, Look, decided_at, looks, open_networks
from trainables.config import TrialConfig

RESULTS = Path(__file__).parent / "results"
NAMES = ("mlp-rises", "shortcut-falls", "shortcut-improves")
EPOCHS = 10
ORIGIN = Origin("simulated", "simulated")


@dataclass(frozen=True)
class World:
    """Means over seeds, whose deviation is 0.5 bits and 0.02 of error. None where nothing is so.

    rise: of the MLP's MI beyond its twin; fall: of the shortcut network's; lower: how much its error is lower.
    """

    rise: float
    fall: float
    lower: float
    right: Mapping[str, str]


SUPPORTED = dict.fromkeys(NAMES, "supported")
WORLDS = {
    "large effects": World(1.5, 1.5, 0.06, SUPPORTED),
    "moderate effects": World(0.5, 0.5, 0.02, SUPPORTED),
    "one large, the others moderate": World(1.5, 0.5, 0.02, SUPPORTED),
    "no effects": World(0.0, 0.0, 0.0, {}),
}


def simulated(world: World, sweep: int, seeds: int) -> list[Run]:
    """The runs of a sweep: MLP and shortcut network, trained and frozen, for each seed."""
    return [
        _run(
            world, architecture, is_frozen, seed, np.random.default_rng([sweep, seed, architecture == "mlp", is_frozen])
        )
        for architecture in ("mlp", "shortcut")
        for is_frozen in (False, True)
        for seed in range(seeds)
    ]


def _run(world: World, architecture: str, is_frozen: bool, seed: int, generator: np.random.Generator) -> Run:
    config = TrialConfig(architecture=architecture, seed=seed, epochs=EPOCHS, frozen=is_frozen)
    is_mlp, epochs = architecture == "mlp", np.arange(EPOCHS + 1)
    start = (4.0 if is_mlp else 5.0 + world.rise + world.fall) + generator.normal(0, 0.1)
    change = 0.0 if is_frozen else (world.rise if is_mlp else -world.fall) + generator.normal(0, 0.5)
    bits = start + change * epochs / EPOCHS + generator.normal(0, 0.01, len(epochs))
    end = 0.3 - (0.0 if is_mlp else world.lower) + generator.normal(0, 0.02)
    errors = 0.9 - (0.9 - end) * (1 - np.exp(-epochs / 3.0))
    curves = {("first-merged", column): Curve(epochs, bits) for column in (PAPER_BITS, BALANCED_BITS)}
    curves["first-merged", TEST_ERROR] = Curve(epochs, errors)
    return Run(config.point_id, "finished", config.flat(), curves)


def grown(world: World, claims: Sequence[Claim], sweep: int) -> tuple[int, dict[str, str]]:
    """Points and verdicts of a sweep that runs until decided."""
    everything = simulated(world, sweep, LOOKS[-1])
    growing, runs, verdicts = {_network(run) for run in everything}, dict[str, Run](), dict[str, str]()
    for look in looks():
        runs |= {
            run.point_id: run for run in everything if _network(run) in growing and run.config["seed"] < look.seeds
        }
        decision = decided_at(look, list(runs.values()), claims, ORIGIN)
        verdicts |= decision.verdicts
        claims = [claim for claim in claims if claim.name in decision.still_open]
        growing = {_network(runs[point]) for point in open_networks(decision, list(runs.values()), claims)}
        if not claims:
            break
    return len(runs), verdicts


def _network(run: Run) -> tuple[str, bool]:
    return run.config["architecture"], run.config["frozen"]


def one_sweep(world: World, sweep: int) -> tuple[int, dict[str, str], int, dict[str, str]]:
    """Points and verdicts until decided, and of the fixed design."""
    claims = [claim for claim in CLAIMS if claim.name in NAMES]
    everything = simulated(world, sweep, LOOKS[-1])
    fixed = decided_at(Look(LOOKS[-1], 0.05), everything, claims, ORIGIN)
    return *grown(world, claims, sweep), len(everything), dict(fixed.verdicts)


def row(name: str, world: World, sweeps: int, pool: ProcessPoolExecutor) -> str:
    """A line of the table: points, verdicts that are right, and wrong ones, both ways."""
    found = list(pool.map(partial(one_sweep, world), range(sweeps), chunksize=5))
    points, fixed = float(np.mean([one[0] for one in found])), float(np.mean([one[2] for one in found]))
    shares = [_shares([one[place] for one in found], world) for place in (1, 3)]
    (right, wrong), (fixed_right, fixed_wrong) = shares
    return (
        f"| {name} | {points:.0f} | {fixed:.0f} | {1 - points / fixed:.0%} | {right:.0%} | {fixed_right:.0%} "
        f"| {wrong:.1%} | {fixed_wrong:.1%} |"
    )


def _shares(verdicts: Sequence[Mapping[str, str]], world: World) -> tuple[float, float]:
    """The share of verdicts that are right, and the largest share of wrong ones of any claim."""
    right = [one[claim] == world.right.get(claim, "no effect") for one in verdicts for claim in NAMES]
    wrong = [np.mean([_is_wrong(one[claim], world.right.get(claim)) for one in verdicts]) for claim in NAMES]
    return float(np.mean(right)), float(np.max(wrong))


def _is_wrong(verdict: str, right: str | None) -> bool:
    """Support or contradiction where nothing is so, contradiction or no effect where the claim is true."""
    words = ("contradicted", "no effect", "explained") if right else ("supported", "contradicted")
    return any(word in verdict for word in words)


def main() -> None:
    """Simulate, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sweeps", type=int, default=200)
    sweeps = parser.parse_args().sweeps
    lines = [
        "# Seeds where they decide",
        "",
        f"{sweeps} simulated sweeps of each world: MLP and shortcut network, trained and frozen; claims "
        f"{', '.join(NAMES)}. Until decided: looks at {', '.join(map(str, LOOKS))} seeds, which share an error of 5 %; "
        f"a network gets more while a claim that compares it is open. Fixed: {LOOKS[-1]} seeds of every network, "
        "tested once at 5 %. Moderate effects are of one deviation over seeds, large ones of three. Wrong: the share "
        "of wrong verdicts on the claim that has most of them, where 5 % is promised. "
        "`python -m benchmarks.until_decided`.",
        "",
        "| world | points until decided | points fixed | saved | right | right, fixed | wrong | wrong, fixed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    with ProcessPoolExecutor() as pool:
        for name, world in WORLDS.items():
            lines.append(row(name, world, sweeps, pool))
            print(lines[-1], flush=True)
    (RESULTS / "until_decided.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
