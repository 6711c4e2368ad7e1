"""Starts Keras under a limit of memory on a GPU; prints its backend, a sum, and the fraction that JAX is given."""

from trainables import device, gpu_share

device.pin(1)
gpu_share.keep_to(1000, 4000)
gpu_share.keep_to(1000, 4000)

import keras  # noqa: E402

print(keras.backend.backend(), float(keras.ops.sum(keras.ops.ones(3))))

from jaxlib import xla_client  # noqa: E402

print(xla_client.generate_pjrt_gpu_plugin_options()["memory_fraction"])
