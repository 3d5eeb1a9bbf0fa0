"""MulticlassHinge against a loop over samples and classes."""

import keras
import numpy as np
import pytest

from kerasrecipes.losses import MulticlassHinge


def loop(labels, scores, margin):
    return np.array(
        [
            sum(max(0.0, s - row[y] + margin) for j, s in enumerate(row) if j != y)
            for y, row in zip(labels, scores)
        ]
    )


RNG = np.random.default_rng(0)
SCORES = RNG.normal(size=(20, 5)).astype("float32")
LABELS = RNG.integers(0, 5, 20)


def test_the_lectures_example():
    scores = [[13.0, -7.0, 11.0]]
    assert float(MulticlassHinge(margin=10.0)([0], scores)) == pytest.approx(8.0)
    assert float(MulticlassHinge(margin=10.0)([[1.0, 0.0, 0.0]], scores)) == pytest.approx(8.0)


@pytest.mark.parametrize("margin", [0, 1.0, 0.3])
@pytest.mark.parametrize(
    "labels",
    [LABELS, LABELS[:, None], LABELS.astype("uint8"), np.eye(5)[LABELS]],
    ids=["integers", "column", "uint8", "one-hot"],
)
def test_matches_the_loop(labels, margin):
    ours = MulticlassHinge(margin, reduction=None)(labels, SCORES)
    expected = loop(LABELS, SCORES.astype("float64"), margin)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(ours), expected, rtol=1e-5, atol=1e-6)
    weights = RNG.uniform(size=20).astype("float32")
    mean = float(MulticlassHinge(margin)(labels, SCORES, sample_weight=weights))
    assert mean == pytest.approx((expected * weights).mean(), rel=1e-5)


def test_agrees_with_pytorch_but_for_the_number_of_classes():
    torch = pytest.importorskip("torch")
    theirs = torch.nn.MultiMarginLoss(margin=0.7, reduction="none")(
        torch.tensor(SCORES), torch.tensor(LABELS)
    )
    ours = MulticlassHinge(0.7, reduction=None)(LABELS, SCORES)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(ours), 5 * theirs.numpy(), rtol=1e-5)


def test_per_pixel_labels():
    scores, labels = RNG.normal(size=(2, 3, 4, 5)).astype("float32"), RNG.integers(0, 5, (2, 3, 4))
    ours = MulticlassHinge(reduction=None)(labels, scores)
    expected = loop(labels.ravel(), scores.reshape(-1, 5), 1.0).reshape(2, 3, 4)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(ours), expected, rtol=1e-5, atol=1e-6)


def test_trains_and_loads_in_a_model(tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("sgd", MulticlassHinge(margin=0.5))
    x, y = RNG.normal(size=(30, 4)).astype("float32"), RNG.integers(0, 3, 30)
    losses = model.fit(x, y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.loss.get_config() == model.loss.get_config()
    assert loaded.evaluate(x, y, verbose=0) == pytest.approx(model.evaluate(x, y, verbose=0))


@pytest.mark.parametrize(
    "call, error, match",
    [
        (lambda: MulticlassHinge(margin=-1), ValueError, r"`margin` must be in \[0, inf\)"),
        (lambda: MulticlassHinge(margin="1"), TypeError, r"`margin` must be a number"),
        (lambda: MulticlassHinge()([0, 1], [[1.0], [2.0]]), ValueError, "`y_pred` must have"),
        (lambda: MulticlassHinge()([[0, 1]], [[1.0, 2.0, 3.0]]), ValueError, "`y_true` must be"),
    ],
)
def test_bad_arguments(call, error, match):
    with pytest.raises(error, match=match + ".*Received"):
        call()


@pytest.mark.parametrize(
    "labels, scores, message",
    [
        ([3], (1, 3), r"classes in \[0, 3\). Received: y_true with 3"),
        ([-1], (1, 3), r"classes in \[0, 3\). Received: y_true with -1"),
        ([[0], [7]], (2, 3), r"classes in \[0, 3\). Received: y_true with 7"),
        ([1.5], (1, 3), r"classes in \[0, 3\). Received: y_true with 1.5"),
        ([float("nan")], (1, 3), r"classes in \[0, 3\). Received: y_true with nan"),
        ([0], (6, 3), r"one per row of scores(.|\n)*y_true.shape=\(1,\)"),
        ([0, 1, 2], (6, 3), r"one per row of scores(.|\n)*y_true.shape=\(3,\)"),
        ([[0]], (6, 3), r"one per row of scores(.|\n)*y_true.shape=\(1,\)"),
    ],
)
def test_labels_that_are_no_classes_of_the_scores_are_refused(labels, scores, message):
    with pytest.raises(ValueError, match=message):
        MulticlassHinge()(np.array(labels), np.ones(scores, "float32"))


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="its fit is not compiled: it raises")
@pytest.mark.parametrize("label", [3, -1])
def test_inside_a_compiled_graph_the_loss_of_a_label_out_of_range_is_nan(label):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    model.compile("sgd", MulticlassHinge(), jit_compile=keras.backend.backend() == "jax")
    x, y = np.ones((4, 2)), np.array([0, 1, 2, 1])
    assert np.isfinite(model.evaluate(x, y, verbose=0))
    assert np.isnan(model.evaluate(x, np.array([0, 1, label, 1]), verbose=0))


def test_fewer_labels_than_scores_make_it_nan_where_sizes_are_unknown():
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("sizes are known when a graph is traced")
    spec = [tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, 3])]
    loss = tf.function(MulticlassHinge(), input_signature=spec)
    assert float(loss(np.zeros(2, "int32"), np.ones((2, 3), "float32"))) == 2
    assert np.isnan(float(loss(np.zeros(1, "int32"), np.ones((6, 3), "float32"))))
