"""Saves figures of epochs.pkl and points.pkl in the current folder: save_figures.py FOLDER."""

import sys
from pathlib import Path

import pandas as pd

from analysis.figures import save

for name in ("fig4a", "learning_curves", "heat_maps", "performance_profile"):
    save(name, pd.read_pickle("epochs.pkl"), pd.read_pickle("points.pkl"), Path(sys.argv[1]))
