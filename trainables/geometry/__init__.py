"""The geometry of a layer in numbers: dimension, norm, saturation, isometry, and how its gradients agree.

Covers measures of activations (images, units), of the singular values of Jacobians (images, rank), and of the moments
of gradients over batches. Covers
neither which layers are measured nor when, nor where the arrays come from: that is `trainables.measurement` and
`trainables.networks.jacobian`. Imports no network and no config; anybody may import it, by the names below.

    participation        in how many linear directions the variance lies
    twonn, two_nearest   on how many coordinates the sample locally depends
    norms, saturation    how large activations are, and how many sit at the bounds of their range
    isometry             how far singular values are from 1
    gradients            drift and diffusion: the mean of batches' gradients beside their spread
    measure, rows        the result type; what the samples must be
"""

from trainables.geometry.gradients import GradientMoments as GradientMoments
from trainables.geometry.gradients import gradient_mean as gradient_mean
from trainables.geometry.gradients import gradient_noise as gradient_noise
from trainables.geometry.gradients import gradient_signal_to_noise as gradient_signal_to_noise
from trainables.geometry.isometry import isometry_deviation as isometry_deviation
from trainables.geometry.isometry import mean_squared_singular_value as mean_squared_singular_value
from trainables.geometry.measure import Measure as Measure
from trainables.geometry.norms import mean_squared_activation as mean_squared_activation
from trainables.geometry.norms import spread_of_squared_activation as spread_of_squared_activation
from trainables.geometry.participation import participation_ratio as participation_ratio
from trainables.geometry.saturation import saturated_share as saturated_share
from trainables.geometry.twonn import twonn_dimension as twonn_dimension
