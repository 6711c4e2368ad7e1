"""One module per command of the analysis. Not here: the commands of `sweep.cli`, to which `analysis.cli` adds these."""
