"""The figure of benchmarks/isometry_question.py."""

import pandas as pd
from matplotlib.figure import Figure

from analysis.figures.drawing.style import ordered_colours

VALUE = {"probe": "probe_bits", "every": "every_at_least_bits"}
PLACES = {"probe": "at the probe alone", "every": "at every layer"}
WEIGHTS = {"orthogonal": "orthogonal", "gaussian": "Gaussian"}


def plot(table: pd.DataFrame) -> Figure:
    """A row for each noise and place, a column for each kind of weights and for the truth and KSG; colours by depth."""
    noises, depths = sorted(table["noise"].unique()), sorted(table["depth"].unique())
    palette = ordered_colours(depths)
    figure = Figure(figsize=(11, 2.4 * 2 * len(noises) + 0.6), layout="constrained")
    axes = figure.subplots(2 * len(noises), 4, sharex=True)
    places = [(noise, place) for noise in noises for place in VALUE]
    for row, (noise, place) in enumerate(places):
        for column, (initializer, is_ksg) in enumerate([(name, ksg) for ksg in (False, True) for name in WEIGHTS]):
            axis = axes[row, column]
            chosen = table[(table["noise"] == noise) & (table["initializer"] == initializer)]
            measured = f"{place}_ksg_bits" if is_ksg else VALUE[place]
            for depth, colour in palette.items():
                mean = chosen[chosen["depth"] == depth].groupby("gain")[[measured, f"{place}_predicted_bits"]].mean()
                axis.plot(mean.index, mean[measured], "-o", color=colour, ms=2.5, lw=1.2, label=f"D = {depth}")
                if not is_ksg:
                    axis.plot(mean.index, mean[f"{place}_predicted_bits"], ":", color=colour, lw=1.4)
            axis.set_xscale("log")
            axis.set_xticks([0.5, 0.7, 1, 1.5, 2, 3], ["0.5", "0.7", "1", "1.5", "2", "3"])
            axis.minorticks_off()
            axis.axvline(1, color="0.6", lw=0.8, ls="--", zorder=0)
            axis.set_ylim(bottom=min(0.0, float(chosen[measured].min())))
            what = "KSG" if is_ksg else {"probe": "exact", "every": "at least"}[place]
            axis.set_title(f"{WEIGHTS[initializer]}, {what}", fontsize=8, loc="left")
            axis.tick_params(labelsize=7)
        axes[row, 0].set_ylabel(f"noise {noise:g}\n{PLACES[place]}\nbits", fontsize=8)
    for axis in axes[-1]:
        axis.set_xlabel("gain", fontsize=8)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=8, frameon=False)
    figure.suptitle("Bits that the last layer tells of the image; dotted: mean-field theory", fontsize=9)
    return figure
