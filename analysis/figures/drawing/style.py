"""LEAF. The style of figures: fonts, palettes for colour-blind readers, and the papers' names of architectures."""

from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib import colormaps
from matplotlib.colors import to_hex

WIDTH_INCHES = 7.0
WARNING_COLOUR = "#B2182B"
CONTROL_COLOUR = "#A8A8A8"
CONTROL_LABEL = "frozen weights (control)"
CAPTION_COLOUR = "#444444"

RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.title_fontsize": 7,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.5,
    "axes.axisbelow": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.solid_capstyle": "round",
    "pdf.fonttype": 42,
    "path.simplify": False,
}

ARCHITECTURES = ("mlp", "shortcut", "resnet", "shortcut_resnet")
# Figure 5B's labels and, for the legends of figure 4, the long ones.
ARCHITECTURE_LABELS = {"mlp": "MLP", "shortcut": "S", "resnet": "Res", "shortcut_resnet": "S Res"}
LONG_LABELS = {"mlp": "MLP", "shortcut": "MLP w/ shortcut", "resnet": "ResNet", "shortcut_resnet": "ResNet w/ shortcut"}
# Okabe & Ito 2008.
ARCHITECTURE_COLOURS = {"mlp": "#0072B2", "shortcut": "#D55E00", "resnet": "#009E73", "shortcut_resnet": "#AA4499"}
MARKERS = {"mlp": "o", "shortcut": "^", "resnet": "s", "shortcut_resnet": "D"}
ORDERED_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
LINES: dict[str, Any] = {"mlp": "-", "shortcut": (0, (3.2, 1.2)), "resnet": "-", "shortcut_resnet": (0, (3.2, 1.2))}
VARIABLE_LABELS = {
    "width": "Layer width W",
    "depth": "Hidden layers D",
    "layer": "Hidden layer",
    "architecture": "Network",
}
PALEST = 0.74


def in_order(architectures: Iterable[str]) -> list[str]:
    """The paper's architectures in the paper's order, then any others by name."""
    present = set(architectures)
    return [name for name in ARCHITECTURES if name in present] + sorted(present.difference(ARCHITECTURES))


def long_label(architecture: str) -> str:
    """The paper's name of an architecture, written out; the name itself of any other."""
    return LONG_LABELS.get(architecture, architecture)


def ordered_colours(values: Sequence[Any]) -> dict[Any, str]:
    """A colour per value of an ordered variable, from dark to bright; the brightest is readable on white."""
    steps = len(values)
    shades = [0.45] if steps == 1 else [PALEST * index / (steps - 1) for index in range(steps)]
    return {value: to_hex(colormaps["plasma"](shade)) for value, shade in zip(sorted(values), shades, strict=True)}


def colours(column: str, values: Sequence[Any]) -> dict[Any, str]:
    """The palette of a column: fixed per architecture, ordered for widths and depths."""
    if column == "architecture":
        return {value: ARCHITECTURE_COLOURS.get(value, "#555555") for value in values}
    return ordered_colours(values)


def markers(column: str, values: Iterable[Any]) -> dict[Any, str]:
    """A mark beside the colour, for print without colours: the architecture's own, else by order."""
    if column == "architecture":
        return {value: MARKERS.get(value, "P") for value in values}
    return {value: ORDERED_MARKERS[i % len(ORDERED_MARKERS)] for i, value in enumerate(sorted(values))}


def number(value: Any) -> str:
    """A number, or text that is one, as a reader writes it: `10,000`, `0.99`, `5`; anything else as its text."""
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"
