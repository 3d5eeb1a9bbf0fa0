"""Statistics of images are NumPy's over all of their pixels."""

import numpy as np
import pytest

from kerasrecipes import data, experiment
from kerasrecipes.experiment import images as images_module


@pytest.mark.filterwarnings("ignore:.*fewer than 10", "ignore:.*also in the train set")
@pytest.mark.parametrize("channels", [1, 3])
def test_channel_statistics(channels):
    scales = np.array([250, 20, 3])[:channels]
    pixels = np.random.default_rng(0).integers(0, scales, (12, 8, 8, channels)).astype("uint8")
    images = data.load((pixels, np.arange(12) % 2, pixels, np.arange(12) % 2))
    mean, std = experiment.channel_statistics(images.train, 8, channels)
    np.testing.assert_allclose(mean, pixels.mean(axis=(0, 1, 2)), atol=1e-3)
    np.testing.assert_allclose(std, np.maximum(pixels.std(axis=(0, 1, 2)), 1.0), atol=1e-3)


@pytest.mark.filterwarnings("ignore:.*fewer than 10", "ignore:.*also in the train set")
def test_statistics_of_huge_sizes_cost_those_of_512_pixels(monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype("uint8")
    images = data.load((pixels, np.arange(4) % 2, pixels, np.arange(4) % 2))
    shapes, pick = [], images_module.pick

    def picked(*arguments):
        for image in pick(*arguments):
            shapes.append(image.shape)
            yield image

    monkeypatch.setattr(images_module, "pick", picked)
    at_512 = experiment.channel_statistics(images.train, 512, 3)
    assert experiment.channel_statistics(images.train, 100_000, 3) == at_512
    assert {*shapes} == {(512, 512, 3)}
