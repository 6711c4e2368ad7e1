"""Prints the GPUs of this machine, those too that CUDA_VISIBLE_DEVICES hides."""

from sweep.system.machine import gpus

print(gpus(also_hidden=True))
