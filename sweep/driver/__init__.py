"""One run of a sweep: checks beforehand, Ray Tune as executor, failures as they come, stopping.

Its modules import Ray; only the commands `run` and `resume` import them, when they run.
"""
