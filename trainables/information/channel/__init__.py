"""What a layer with Gaussian noise tells of which image was shown: a channel whose p(t|x) is known.

No neighbors and no kernel of unknown width: the only errors are those of sampling, and they are given.

    exact     noise on the layer alone: p(t|x) is one Gaussian
    paths     noise at every layer: p(t|x) is sampled
    decoder   a lower bound where too few paths can be sampled
    on_device the same sums on an accelerator
    mixture   sums over the components of a Gaussian mixture, in blocks
"""

from trainables.information.channel.decoder import decoded_information as decoded_information
from trainables.information.channel.exact import channel_information as channel_information
from trainables.information.channel.paths import propagated_information as propagated_information
from trainables.information.channel.result import ChannelInformation as ChannelInformation
