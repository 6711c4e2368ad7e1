"""The contract `pair.Pair` on the device of Keras' backend, and what Keras leaves open between TensorFlow and JAX.

Covers searches and noise on the device, and questions about arrays: where they live, how they come to the host. Imports
Keras on first use only. `trainables` may import the names below that are about arrays, for models and measurements;
pairs are for `estimators` only.
"""

from trainables.information.device.backend import is_device_array as is_device_array
from trainables.information.device.backend import is_jax as is_jax
from trainables.information.device.backend import is_on_accelerator as is_on_accelerator
from trainables.information.device.backend import to_host as to_host
from trainables.information.device.ksg import device_pair as device_pair
from trainables.information.device.ksg import on_device as on_device
