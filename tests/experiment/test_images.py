"""Statistics of images are NumPy's over all of their pixels."""

import numpy as np
import pytest

from kerasrecipes import data, experiment


@pytest.mark.filterwarnings("ignore:.*fewer than 10", "ignore:.*also in the train set")
@pytest.mark.parametrize("channels", [1, 3])
def test_channel_statistics(channels):
    scales = np.array([250, 20, 3])[:channels]
    pixels = np.random.default_rng(0).integers(0, scales, (12, 8, 8, channels)).astype("uint8")
    images = data.load((pixels, np.arange(12) % 2, pixels, np.arange(12) % 2))
    mean, std = experiment.channel_statistics(images.train, 8, channels)
    np.testing.assert_allclose(mean, pixels.mean(axis=(0, 1, 2)), atol=1e-3)
    np.testing.assert_allclose(std, np.maximum(pixels.std(axis=(0, 1, 2)), 1.0), atol=1e-3)
