"""This machine and this code: processors and GPUs, processes, versions and provenance. Leaf modules."""
