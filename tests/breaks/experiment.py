"""Breaks of `experiment`."""

from tests.breaks.table import Break

REPLICA_TESTS = "experiment/test_replicas.py"
RATE, RATE_TESTS = "experiment/scaled_rate.py", "experiment/test_scaled_rate.py"
PADDED = "augment/padded_batches.py"

BREAKS = [
    Break(
        "padded_batches",
        "padding counts",
        PADDED,
        "tf.pad(weights * scale, [[0, -count % multiple]])",
        "tf.pad(weights * scale, [[0, -count % multiple]], constant_values=1)",
        f"{REPLICA_TESTS} -k padding",
    ),
    Break(
        "padded_batches",
        "the mean over images and padding",
        PADDED,
        "np.float32(-(-images // multiple) * multiple / images)",
        "np.float32(1)",
        f"{REPLICA_TESTS} -k padding",
    ),
    Break(
        "Replicas",
        "metrics count the padding",
        "experiment/replicas.py",
        'return {"metrics": [], "weighted_metrics": weighted}',
        'return {"metrics": metrics}',
        f"{REPLICA_TESTS} -k four_devices -m slow",
    ),
    Break(
        "ImageMetric",
        "images count as much as they weigh",
        "experiment/image_metric.py",
        "ops.cast(ops.not_equal(sample_weight, 0), self.dtype)",
        "ops.cast(sample_weight, self.dtype)",
        "experiment/test_image_metric.py",
    ),
    Break(
        "falling_rate",
        "a step at the wrong fraction",
        "experiment/falling_rate.py",
        "max(1, int(fraction * steps)) for",
        "max(1, int(fraction * steps)) + 1 for",
        "experiment/test_falling_rate.py",
    ),
    Break(
        "ScaledRate",
        "no warm-up",
        RATE,
        "min(1.0, self._drawn / self._warm_up)",
        "1.0",
        f"{RATE_TESTS} -k rises",
    ),
    Break(
        "ScaledRate",
        "a resumed run warms up again",
        RATE,
        'self._drawn = state["drawn"]',
        "self._drawn = 0",
        f"{RATE_TESTS} -k resumes",
    ),
    Break(
        "padded_predict",
        "a smaller batch is compiled anew",
        "_backend/padded_predict.py",
        "if count >= size or",
        "if count or",
        "test_padded_predict.py -k compiled_once",
        "jax",
    ),
    Break(
        "padded_predict",
        "the outputs of the repeats stay",
        "_backend/padded_predict.py",
        "output[:count]",
        "output",
        "test_padded_predict.py -k compiled_once",
        "jax",
    ),
    Break(
        "PreflightCheck",
        "the rate without the factor of --scale-rate",
        "experiment/preflight_check.py",
        "scale * max(highest)",
        "max(highest)",
        "experiment/test_dry_run.py -k leaves_nothing",
    ),
    Break(
        "multi_crop_predict",
        "the outputs of each replica",
        "inference/multi_crop_predict.py",
        "[: len(crops)]",
        "[:]",
        f"{REPLICA_TESTS} -k four_devices -m slow",
    ),
]
