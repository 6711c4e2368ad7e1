"""The networks of points as Keras models compiled by XLA: built, begun anew, looked at.

Imports Keras; imported by `training`. Not here: how hidden layers are connected (`architectures`), what is measured of
their outputs (`measurement`).

    network            the models of a config, which points that differ in values alone use in turn
    batch_statistics   batch normalization by the statistics of the whole training set
    files              a kept network as files of Keras and NumPy
    noisy_paths        the network with noise at every hidden layer
    compiled_models    outputs, moments and derivatives along directions, on TensorFlow or JAX
    gradient_noise     gradients of the batches of an epoch: their mean and their spread
    jacobian           singular values from the image to a hidden layer
"""

from trainables.networks.network import OPTIMIZERS as OPTIMIZERS
from trainables.networks.network import Network as Network
from trainables.networks.network import network as network
