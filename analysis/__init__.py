"""From a store or MLflow to tables, figures, verdicts and a report. Knows neither Ray nor Keras.

It reads `sweep` only through its data (spec, store), `tracking.settings`, and the words of its messages (console,
commands, errors, text). `cli` and `commands` alone compose the command line, and import `sweep.cli`.
"""
