"""What the recipes that compare techniques share: whole images in, without crops."""

import dataclasses

from kerasrecipes import augment, layers
from kerasrecipes.experiment.closing import close_run, serving_model
from kerasrecipes.experiment.config import TrainingConfig, flag
from kerasrecipes.experiment.images import channel_statistics
from kerasrecipes.experiment.testing import run_tests

LARGEST_DEFAULT_SIZE = 64


@dataclasses.dataclass(frozen=True, kw_only=True)
class WholeImagesConfig(TrainingConfig):
    """The flags of a recipe that trains on whole images of one size."""

    size: int | None = flag(
        None,
        f"side of the images in pixels (default: their own, <= {LARGEST_DEFAULT_SIZE})",
        "[1, inf)",
    )


class WholeImages:
    """The pipelines, tests and files of a run on whole images, flipped in training.

    Args:
        images: `data.ImageData`.
        config: `WholeImagesConfig`.
        start_step: integer >= 0, the step at which the training images go on. Defaults to 0.

    Attributes:
        size: side of the images in pixels.
        training: endless batches of the training images, flipped at random, normalised.
        watching: the batches that validation sees: of the test images if there are no others.
        testing: the batches of the test images, or of the validation images if there are none.
    """

    def __init__(self, images, config, start_step=0):
        self.images = images
        self.size = config.size or min(images.short_side, LARGEST_DEFAULT_SIZE)
        self._batch_size = config.batch_size
        self._mean, self._std = channel_statistics(images.train, self.size, images.channels)
        self._crop = augment.CenterCrop(self.size, self.size, channels=images.channels)
        self._normalize = augment.Normalize(self._mean, self._std)
        self._train = [self._crop, augment.RandomFlip()]
        self._test_set = images.test or images.validation
        self.training = augment.pipeline(
            images.train,
            [*self._train, self._normalize],
            config.batch_size,
            training=True,
            seed=config.seed,
            start_step=start_step,
        )
        self.watching = self._in_order(images.validation or self._test_set)
        self.testing = self._in_order(self._test_set)

    def test(self, networks):
        """Return a `TestResult` for each of {name: network}."""
        return [
            result
            for name, network in networks.items()
            for result in run_tests(
                network, self._test_set, {name: self._crop}, [self._normalize], self._batch_size
            )
        ]

    def close(self, run, network, history, results, **more):
        """Write every file of the run's folder, `network` as the model that takes raw pixels.

        Takes the run, the network, what `fit` returned, the list of `TestResult`, and further
        entries of `metrics.json`. Returns the content of that file.
        """
        pixels = layers.ImagePreprocessing(self.size, self.size, mean=self._mean, std=self._std)
        model = serving_model(network, pixels, self.images.channels)
        protocols = {"whole": self._crop}
        return close_run(run, model, history, self.images, results, self._train, protocols, **more)

    def _in_order(self, dataset):
        transforms = [self._crop, self._normalize]
        return augment.pipeline(dataset, transforms, self._batch_size, training=False)
