"""This machine and this code: processors and GPUs, processes, versions and provenance.

Imported by all packages above, module by module. Not here: the machines of a cluster (`cluster`).
"""
