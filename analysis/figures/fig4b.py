"""Figure 4b of Hodas & Stinis 2018: MLP with and without the shortcut, for various number of hidden layerss."""

import pandas as pd
from matplotlib.figure import Figure as Canvas

from analysis.figures.model import FigureData
from analysis.figures.training.trajectories import draw_trajectories, trajectory_data

ARCHITECTURES = ("mlp", "shortcut")


def table(epochs: pd.DataFrame, points: pd.DataFrame) -> FigureData:
    """Test error and mutual information (bits) per epoch and run, mlp and shortcut, colour per depth."""
    return trajectory_data(
        epochs,
        points,
        title="Hodas & Stinis 2018, Figure 4B: nets of various numbers of hidden layers",
        colour_by="depth",
        architectures=ARCHITECTURES,
        at_least=2,
        needs="fig4b needs measured points of both mlp and shortcut at one width",
    )


def draw(data: FigureData) -> Canvas:
    """Test error against mutual information, one trace per seed."""
    return draw_trajectories(data)
