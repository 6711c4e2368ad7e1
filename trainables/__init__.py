"""A config in, epoch records out: data, networks, training, measurement. Knows no Ray, MLflow, sweep or plot.

What stands here decides numbers; what runs it, where and when is `sweep`.
"""
