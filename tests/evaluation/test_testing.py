"""Testing by several protocols: crops, figures, and Ctrl-C between two of them."""

import numpy as np
import pytest
import tensorflow as tf

from kerasrecipes import augment, evaluation
from kerasrecipes.evaluation import TestResult, run_tests, testing

LABELS = np.array([0, 1, 1, 0, 1])
IMAGES = (LABELS[:, None, None, None] * np.full((1, 12, 12, 1), 200)).astype("uint8")


class Bright:
    """Says class 1 of a bright image; stops as Ctrl-C would after so many crops."""

    def __init__(self, stop_after=np.inf):
        self.crops, self.stop_after = 0, stop_after

    def predict_on_batch(self, x):
        self.crops += len(x)
        if self.crops > self.stop_after:
            raise KeyboardInterrupt
        share = np.clip(np.asarray(x).mean(axis=(1, 2, 3)) / 255, 0.01, 0.99)
        return np.stack([1 - share, share], axis=1)


@pytest.fixture
def dataset():
    return tf.data.Dataset.from_tensor_slices((IMAGES, LABELS.astype("int64")))


PROTOCOLS = {"one": augment.CenterCrop(8), "twenty": augment.TenCrop(8, (8, 10))}


@pytest.mark.slow
def test_each_protocol_by_itself(dataset, capsys):
    model = Bright()
    results = run_tests(model, dataset, PROTOCOLS, [], batch_size=40)
    assert [(result.name, result.crops) for result in results] == [("one", 1), ("twenty", 20)]
    for result in results:
        metrics = result.metrics()
        assert metrics["accuracy"] == 1.0 and metrics["images"] == 5
        assert metrics["images_per_second"] > 0
        np.testing.assert_array_equal(result.labels, LABELS)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and lines[2].startswith("twenty") and "1.0000" in lines[2]
    assert lines[3] == "images/s: with reading and decoding, 8x8 pixels on CPU"


@pytest.mark.slow
def test_a_signal_keeps_the_tests_that_are_done(dataset, capsys):
    results = run_tests(Bright(stop_after=12), dataset, PROTOCOLS, [], batch_size=40)
    assert [result.name for result in results] == ["one"]
    words = "Stopped by a signal: the remaining tests are skipped."
    assert capsys.readouterr().err.strip().endswith(words)
    with pytest.raises(KeyboardInterrupt):
        run_tests(Bright(stop_after=2), dataset, PROTOCOLS, [], batch_size=40)


def test_names_of_tests_are_quoted_where_they_would_move_the_cursor():
    probabilities, labels = np.eye(4), np.arange(4)
    results = [TestResult(name, 1, probabilities, labels, 1.0) for name in ("\x1b[31mraw", "two\n")]
    for text in (testing.results_table(results), evaluation.winner(results)):
        assert r"\x1b[31mraw" in text and r"'two\n'" in text
        assert all(c.isprintable() for c in text.replace("\n", "")) and text.count("\n") in (0, 2)
