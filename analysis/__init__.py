"""From a store or MLflow to tables, figures, verdicts and a report. Knows neither Ray nor Keras.

It reads `sweep` only through its data (spec, store); `cli` alone composes the command line.
"""
