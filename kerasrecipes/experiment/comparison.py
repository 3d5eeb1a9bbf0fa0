"""Comparison of techniques on the same images, by one network or several at once."""

import dataclasses
from typing import Any

import keras

from kerasrecipes import augment, layers
from kerasrecipes._warning import warn
from kerasrecipes.evaluation import intervals_figure, paired_test, run_tests, winner
from kerasrecipes.evaluation.testing import results_table
from kerasrecipes.experiment.closing import close_run
from kerasrecipes.experiment.crops import choose_crops
from kerasrecipes.experiment.differences import differences
from kerasrecipes.experiment.images import channel_statistics
from kerasrecipes.experiment.several_crops import describe_several_crops, run_several_crops
from kerasrecipes.flags.comparison_config import LARGEST_DEFAULT_SIZE
from kerasrecipes.optimizers import decay_kernels
from kerasrecipes.serving import serving_model

CAPTION = "Each technique against the first, with 95% intervals over the test images."


class Comparison:
    """The pipelines, tests and files of a recipe that compares techniques.

    Args:
        run: `Run` of a `ComparisonConfig`.
        images: `data.ImageData`.

    Attributes:
        size: side of the images in pixels.
        training: infinite batches of crops of the training images, normalised.
        validation: batches of the validation images, or of the test images if there are none.
        testing: batches of the test images, or of the validation images if there are none.
    """

    def __init__(self, run: Any, images: Any) -> None:
        config = run.config
        self._run, self._images = run, images
        self.size = config.size or min(images.short_side, LARGEST_DEFAULT_SIZE)
        self._mean, self._std = channel_statistics(images.train, self.size, images.channels)
        crops = choose_crops(config.crops, images, self.size)
        mirrored = "mirrored at random" if config.flip else "not mirrored"
        print(f"Crops: {crops.sentence}, {mirrored}.")
        self._crop = next(iter(crops.tests.values()))
        self._several, self._by_crops = list(crops.tests.items())[-1], {}
        self._train = crops.train if config.flip else crops.train[:-1]
        self._normalize = augment.Normalize(self._mean, self._std)
        self._test_set = images.test or images.validation
        self.training = augment.pipeline(
            images.train,
            [*self._train, self._normalize],
            training=True,
            seed=config.seed,
            start_step=run.start_step,
            **run.replicas.batching(config, images.train),
        )
        validation = self._in_order(images.validation or self._test_set)
        self.validation = run.replicas.held_out(validation)
        self.testing = self._in_order(self._test_set)

    def side_by_side(self, networks: Any, optimizer: Any) -> Any:
        """Return one compiled model that trains several networks at once on the same images.

        The networks share only the input. The loss is the sum of their losses, so each weight has
        the gradient of a separate training, and an optimizer that works weight by weight (without
        clipping by a global norm) trains each network as if alone. Kernels decay by `weight_decay`
        of the configuration, biases and weights of normalisations do not; it replaces, with a
        warning, penalties of kernels or the optimizer's decay, which 0 leaves as they are. Metrics
        are `NAME_accuracy`.

        Args:
            networks: dict from name to a Keras model from images to probabilities.
            optimizer: Keras optimizer of all weights.

        Returns:
            A `keras.Model` with a dict of probabilities by name as output. On several devices it
            is made, as the networks are, within `run.replicas.scope()`.
        """
        inputs = keras.Input(next(iter(networks.values())).input_shape[1:])
        model = keras.Model(inputs, {name: network(inputs) for name, network in networks.items()})
        loss = {name: keras.losses.SparseCategoricalCrossentropy() for name in networks}
        metrics = self._run.replicas.metrics({name: ["accuracy"] for name in networks})
        if self._run.config.weight_decay > 0:
            _replace_decay(model, optimizer, self._run.config.weight_decay)
        model.compile(optimizer, loss, **metrics, jit_compile=self._run.jit)
        if len(networks) > 1:
            print(f"loss and val_loss are the sums over the {len(networks)} networks.")
        return model

    @staticmethod
    def optimizer_of_each(networks: Any, optimizers: Any) -> Any:
        """Return one optimizer that leaves each network's weights to an optimizer of its own.

        Args:
            networks: dict from name to a Keras model, as for `side_by_side`.
            optimizers: dict from the same names to a Keras optimizer each.
        """
        owner = {
            id(variable): optimizers[name]
            for name, network in networks.items()
            for variable in network.trainable_variables
        }

        def optimizer_of(variable):
            return owner[id(variable)]

        return keras.optimizers.MultiOptimizer(optimizer_of)

    def for_each(self, networks: Any, batches: Any) -> Any:
        """Return batches with the labels, and weights if there are any, for each network."""
        return batches.map(
            lambda images, *rest: (images, *(dict.fromkeys(networks, part) for part in rest))
        )

    def test(self, networks: Any) -> Any:
        """Return a `TestResult` by one crop for each of {name: network}.

        With the images mirrored in training, they are tested by the most crops of the protocol too,
        which is printed, and reported by `close`; a signal leaves out what is missing of these.
        """
        networks = {
            name: self._run.replicas.on_one_device(network) for name, network in networks.items()
        }
        batch, finish = self._run.config.batch_size, [self._normalize]
        results = [
            run_tests(network, self._test_set, {name: self._crop}, finish, batch, verbose=False)[0]
            for name, network in networks.items()
        ]
        mirrored = networks if self._run.config.flip else {}
        self._by_crops = run_several_crops(
            self._run, mirrored, self._test_set, self._several, finish
        )
        print(results_table([*results, *self._by_crops.values()]))
        return results

    def close(
        self,
        network: Any,
        history: Any,
        results: Any,
        *remarks: Any,
        pays: str = "",
        panels: Any = None,
        **more: Any,
    ) -> Any:
        """Compare the results, write every file of the run's folder, return `metrics.json`.

        Args:
            network: Keras model to save as `model.keras`, which takes raw pixels.
            history: result of `fit`.
            results: list of two or more `TestResult`: the baseline first, that of `network` last.
                Each is compared with the baseline.
            *remarks: str, sentences to add to the comparison.
            pays: str, a sentence on where the last technique should pay, said if it does not here.
            panels: dict, more panels of the figure that compares three or more techniques, as for
                `evaluation.intervals_figure`; they are entries of `metrics.json` too.
            **more: more entries of `metrics.json`.
        """
        baseline, *others = results
        sentences = [
            winner([baseline, other], pays if other is others[-1] else "") for other in others
        ]
        tests = {one.name: dataclasses.asdict(paired_test(baseline, one)) for one in others}
        measured, losses = differences(results)
        if len(others) > 1:
            figure = intervals_figure({**measured, **(panels or {})})
            more["extra_figures"] = [("comparison", CAPTION, figure)]
            more |= {"paired_by_test": tests, **measured, **(panels or {})}
        sentences += [*losses, *remarks]
        if self._by_crops:
            described = describe_several_crops(self._several[0], self._by_crops)
            more["by_several_crops"] = described[0]
            sentences.append(described[1])
        comparison = "\n".join(sentences)
        print(comparison)
        pixels = layers.ImagePreprocessing(
            self.size, self._crop.resize, mean=self._mean, std=self._std
        )
        network = self._run.replicas.on_one_device(network)
        model = serving_model(network, pixels, self._images.channels)
        return close_run(
            self._run,
            model,
            history,
            self._images,
            results,
            self._train,
            {"one crop": self._crop},
            remarks=sentences,
            comparison=comparison,
            paired=tests[others[-1].name],
            **more,
        )

    def _in_order(self, dataset):
        transforms = [self._crop, self._normalize]
        return augment.pipeline(dataset, transforms, self._run.config.batch_size, training=False)


def _replace_decay(model, optimizer, weight_decay):
    """Call `decay_kernels`, and warn of what was there before."""
    own, penalties = optimizer.weight_decay, [one.regularizer for one in model.trainable_weights]
    decay_kernels(model, optimizer, weight_decay)
    replaced = [
        weight.path
        for weight, before in zip(model.trainable_weights, penalties)
        if before is not None and not _is_same(before, weight.regularizer)
    ]
    if replaced:
        warn(
            f"The configuration's weight_decay={weight_decay} replaces the penalty that "
            f"{len(replaced)} of the weights have, {replaced[0]} the first. For theirs alone set "
            "`weight_decay` to 0."
        )
    if own and own != weight_decay:
        warn(
            f"The configuration's weight_decay={weight_decay} replaces the optimizer's {own}. For "
            "the optimizer's set `weight_decay` to 0."
        )


def _is_same(one, other):
    """Return whether two penalties are of one kind, with the same options."""
    return type(one) is type(other) and one.get_config() == other.get_config()
