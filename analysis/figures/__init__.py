"""The figures: numbers from the tables of a sweep, pictures from the numbers. To add one: a file, a line here.

Imported by `report` and `commands`. Not here: tables (`tables`), verdicts (`claims`).
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from analysis.figures.drawing.saving import rendered, write
from analysis.figures.isometry import channel as isometry_channel
from analysis.figures.isometry import layers as isometry_layers
from analysis.figures.isometry import mutual_information as isometry_mi
from analysis.figures.isometry import phase as isometry_phase
from analysis.figures.isometry import spectrum as isometry_spectrum
from analysis.figures.isometry import theory as isometry_theory
from analysis.figures.isometry import training as isometry_training
from analysis.figures.layers import information_plane, layer_matrix, state_space, successive_layers
from analysis.figures.model import Figure, FigureData, NothingToDraw
from analysis.figures.training import (
    heat_maps,
    learning_curves,
    mi_against_error,
    performance_profile,
    timeline,
    trajectories,
)

FIGURES: dict[str, Figure] = {
    **{name: Figure(figure.table, figure.draw) for name, figure in trajectories.FIGURES.items()},
    "learning_curves": Figure(learning_curves.table, learning_curves.draw),
    "heat_maps": Figure(heat_maps.table, heat_maps.draw),
    "mi_against_error": Figure(mi_against_error.table, mi_against_error.draw),
    "performance_profile": Figure(performance_profile.table, performance_profile.draw),
    "state_space": Figure(state_space.table, state_space.draw),
    **{name: Figure(plane.table, plane.draw) for name, plane in information_plane.FIGURES.items()},
    "successive_layers": Figure(successive_layers.table, successive_layers.draw),
    "layer_matrix": Figure(layer_matrix.table, layer_matrix.draw),
    "isometry_mi": Figure(isometry_mi.table, isometry_mi.draw),
    "isometry_layers": Figure(isometry_layers.table, isometry_layers.draw),
    "isometry_spectrum": Figure(isometry_spectrum.table, isometry_spectrum.draw),
    "isometry_channel": Figure(isometry_channel.table, isometry_channel.draw),
    "isometry_theory": Figure(isometry_theory.table, isometry_theory.draw),
    "isometry_phase": Figure(isometry_phase.table, isometry_phase.draw),
    "isometry_training": Figure(isometry_training.table, isometry_training.draw),
    "timeline": Figure(timeline.table, timeline.draw),
}

__all__ = ["FIGURES", "Figure", "FigureData", "NothingToDraw", "numbers", "png", "save"]


def save(name: str, epochs: pd.DataFrame, points: pd.DataFrame, folder: Path) -> list[Path]:
    """Write NAME.png, NAME.pdf and NAME.csv of a registered figure into `folder`; returns their paths.

    epochs, points: the tables of `analysis.tables`. Raises NothingToDraw, and writes nothing, if the sweep lacks
    the figure's points.
    """
    data = numbers(name, epochs, points)
    return write(name, data, FIGURES[name].draw(data), folder)


def numbers(name: str, epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """The data of a registered figure; raises as `save`."""
    if name not in FIGURES:
        raise KeyError(f"unknown figure {name!r}; there are: {', '.join(FIGURES)}")
    return FIGURES[name].table(epochs, points)


def png(name: str, data: FigureData, with_text: bool = True) -> bytes:
    """The picture; without its texts for a page that has title, caption and warnings beside it."""
    shown = data if with_text else replace(data, title="", caption="", warnings=())
    return rendered(FIGURES[name].draw(shown), "png")
