"""The figure of benchmarks/ladder.py: rows are measures, columns maps, cells by how many bits a map moves a measure."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

NAMES = {
    "ksg/none": "KSG, as it is",
    "ksg/balanced": "KSG, balanced",
    "ksg/rank": "KSG of ranks",
    "gaussian/affine": "Gaussian",
    "sliced/balanced": "sliced KSG",
    "binned/range": "30 bins",
    "channel/noise 0.1": "channel, noise 0.1",
    "channel/noise 1": "channel, noise 1",
}
COLOURS = LinearSegmentedColormap.from_list("moved", ["white", "#fdd0a2", "#f16913", "#a63603"])
FRAME, CEILING = "#08519c", "0.88"
STEADY_BITS = 0.005
CAPTION = (
    "Each map of the second side is invertible and leaves mutual information as it is. Cells: by how many bits it "
    "moves the measure; colour: as a share of the value before.\n"
    "Blue frame: it ought not to move, as the measure claims to stay the same: {kept}.\n"
    "No frame: the measure claims nothing, and what moves there is not the MI of the two sides. "
    "Grey: before and after at the most that N samples can give, so that to stay shows nothing."
)


def plot(table: pd.DataFrame, truth_bits: float) -> Figure:
    """One panel for each pair of samples, with the same rows and columns."""
    titles = {
        "MNIST": "First and last hidden layer, 100 + 100 units, trained on MNIST",
        "Gaussian": f"Gaussians, 5 + 5 units; the truth is {truth_bits:.2f} bits, always",
    }
    figure = Figure(figsize=(14.5, 5.8), layout="constrained")
    axes = figure.subplots(1, len(titles), sharey=True)
    for axis, (pair, title) in zip(axes, titles.items(), strict=True):
        panel(axis, table[table["pair"] == pair])
        axis.set_title(title, fontsize=12, pad=10)
    figure.supxlabel(CAPTION.format(kept=_kept(table)), fontsize=10, x=0.02, ha="left", linespacing=1.5)
    return figure


def _kept(table: pd.DataFrame) -> str:
    """What became of the claims, in words."""
    claimed = table[table["claimed"]]
    errors = claimed["moved_bits"].abs() / claimed["standard_error_bits"]
    drawn = errors[claimed["within_error"]].max()
    exact = claimed[~claimed["within_error"]]["moved_bits"].abs().max()
    if exact >= STEADY_BITS or drawn >= 4.0:
        return "not all stay"
    return f"all stay, those with ± within {drawn:.1f} standard errors"


def panel(axis: Axes, table: pd.DataFrame) -> None:
    """Cells of one pair of samples; the first column is the value as it is."""
    measures, maps = list(dict.fromkeys(table["measure"])), list(dict.fromkeys(table["map"]))
    before = table[table["map"] == "as it is"].set_index("measure")["bits"]
    for row in table.itertuples():
        place = maps.index(row.map), measures.index(row.measure)
        if row.map == "as it is":
            _cell(axis, place, "none", f"{row.bits:.2f}", weight="bold")
            continue
        if row.at_ceiling:
            _cell(axis, place, CEILING, _moved(row), colour="0.45")
        else:
            share = min(1.0, abs(row.moved_bits) / abs(before[row.measure]))
            _cell(axis, place, COLOURS(share), _moved(row), colour="white" if share > 0.7 else "black")
        if row.claimed:
            corner = place[0] - 0.44, place[1] - 0.4
            axis.add_patch(Rectangle(corner, 0.88, 0.8, fill=False, edgecolor=FRAME, lw=1.8))
    kinds = table.drop_duplicates("map").set_index("map")["kind"]
    axis.set_xticks(range(len(maps)), [_head(name, kinds[name]) for name in maps], fontsize=9.5)
    axis.set_yticks(range(len(measures)), [NAMES.get(name, name) for name in measures], fontsize=11)
    axis.tick_params(length=0, top=False, bottom=False, labeltop=True, labelbottom=False, pad=4)
    axis.set(xlim=(-0.5, len(maps) - 0.5), ylim=(len(measures) - 0.5, -0.5))
    axis.spines[:].set_visible(False)


def _cell(
    axis: Axes, place: tuple[int, int], fill: Any, text: str, colour: str = "black", weight: str = "normal"
) -> None:
    column, row = place
    axis.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=fill, edgecolor="0.9", lw=1))
    axis.text(column, row, text, ha="center", va="center", fontsize=10, color=colour, weight=weight)


def _moved(row: Any) -> str:
    bits = "0" if abs(row.moved_bits) < STEADY_BITS else f"{row.moved_bits:+.2f}".replace("-", "−")
    is_drawn = row.claimed and row.within_error and not row.at_ceiling
    return f"{bits}\n± {row.standard_error_bits:.2f}" if is_drawn else bits


def _head(name: str, kind: str) -> str:
    if name == "as it is":
        return "value,\nbits"
    if name == kind:
        return name
    return f"{name}\n({kind})".replace(" per unit", "\nper unit").replace("global ", "global\n")
