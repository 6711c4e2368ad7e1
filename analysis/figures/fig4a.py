"""Figure 4a of Hodas & Stinis 2018: MLP with and without the shortcut, for various layer widths."""

import pandas as pd
from matplotlib.figure import Figure as Canvas

from analysis.figures.model import FigureData
from analysis.figures.training.trajectories import draw_trajectories, trajectory_data

ARCHITECTURES = ("mlp", "shortcut")


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """Test error and mutual information (bits) per epoch and run, mlp and shortcut, colour per layer width."""
    return trajectory_data(
        epochs,
        points,
        title="Hodas & Stinis 2018, Figure 4A: nets of various layer widths",
        colour_by="width",
        architectures=ARCHITECTURES,
        at_least=2,
        needs="fig4a needs measured points of both mlp and shortcut at one depth",
    )


def draw(data: FigureData) -> Canvas:
    """Test error against mutual information, one trace per seed."""
    return draw_trajectories(data)
