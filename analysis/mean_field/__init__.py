"""Mean-field theory of untrained networks, which fits them with no free parameter where they are wide.

Covers what the length of a signal, the angle of two and the Gram matrix of many become from layer to layer, where order
passes to chaos, and what a noisy layer then tells of the image. Covers neither training nor batch normalization, and no
architecture but the plain stack. Knows neither Keras nor tables.

    expectations   means over normal variables
    activations    phi, its derivative, and their means over two signals
    maps           one layer's map of length and angle, its fixed points, depth scales, the critical gain
    kernels        the Gram matrix of N images, layer by layer
    prediction     bits that a layer tells of the image; not among the names here, as it loads the estimators

Poole et al. 2016 (Exponential expressivity in deep neural networks through transient chaos), Schoenholz et al. 2017
(Deep information propagation). Nearest to `prediction`: Ughi & Tanner 2021 (arXiv 2102.04374), MI of networks at
initialization in the mean-field limit.
"""

from analysis.mean_field.activations import ACTIVATIONS as ACTIVATIONS
from analysis.mean_field.kernels import PLAIN_STACKS as PLAIN_STACKS
from analysis.mean_field.kernels import Kernel as Kernel
from analysis.mean_field.kernels import following as following
from analysis.mean_field.kernels import is_plain_stack as is_plain_stack
from analysis.mean_field.kernels import kernels as kernels
from analysis.mean_field.kernels import last_kernels as last_kernels
from analysis.mean_field.kernels import linear_power as linear_power
from analysis.mean_field.kernels import of_images as of_images
from analysis.mean_field.maps import correlation_fixed_point as correlation_fixed_point
from analysis.mean_field.maps import correlation_map as correlation_map
from analysis.mean_field.maps import critical_gain as critical_gain
from analysis.mean_field.maps import depth_scales as depth_scales
from analysis.mean_field.maps import length_fixed_point as length_fixed_point
from analysis.mean_field.maps import length_map as length_map
from analysis.mean_field.maps import slope as slope
