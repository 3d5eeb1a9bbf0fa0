"""A linear probe of the sample on the stages of a pretrained network."""

import numpy as np
from matplotlib import pyplot as plt

from docs_build.pictures._images import sample
from docs_build.pictures._style import BLUE
from kerasrecipes import models
from kerasrecipes.transfer import linear_probe


def draw():
    """Accuracy by stage, by cross-validation on 200 images."""
    images, labels = sample(200)
    images = np.repeat(np.repeat(images, 2, axis=1), 2, axis=2)[..., [0, 0, 0]] * 255
    network = models.backbone("efficientnet_lite0", input_shape=(56, 56, 3))
    probe = linear_probe(network, (images.astype("float32"), labels))
    figure, axis = plt.subplots()
    names = [stage.stage for stage in probe.stages]
    axis.barh(names, [stage.left_out_accuracy for stage in probe.stages], color=BLUE, height=0.6)
    axis.set(xlabel="accuracy on images left out, 200 in all", xlim=(0, 1))
    axis.invert_yaxis()
    return figure
