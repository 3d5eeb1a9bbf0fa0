"""scikit-learn's logistic regression, which the linear probe uses, beside one of our own.

    python benchmarks/linear_probe.py
    python benchmarks/linear_probe.py --examples 2000 --rounds 5

Both minimise the same function by L-BFGS to the same gradient tolerance, from features to a
classifier, standardisation included, by turns in one process. Features are not negative, as those
of a pooled ReLU map; the eigenvalues of their covariance fall as 1 / rank; ten classes overlap.
"One strength" is a single fit. "Path" is the search that the probe makes by default: the strengths
from strong to weak on each fold, each fit begun at the last one's solution. The gap is the relative
distance of the objective from the lowest one. The result is written to `benchmarks/results/`.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import time

import numpy as np
import scipy
import scipy.optimize
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from kerasrecipes.transfer._logistic_regression import stratified_folds

FEATURES, CLASSES, FOLDS = 1280, 10, 5
STRENGTHS = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
STRENGTH, TOLERANCE, PATH_TOLERANCE, MOST_ITERATIONS = 0.01, 1e-6, 1e-4, 2000
RESULTS = pathlib.Path(__file__).parent / "results" / "linear_probe.json"


def make_features(examples, seed=0):
    """Pooled features `(examples, 1280)`, float32 and not negative, and labels."""
    rng = np.random.default_rng(seed)
    scales = 1 / np.sqrt(np.arange(1, FEATURES + 1))
    rotation = np.linalg.qr(rng.normal(size=(FEATURES, FEATURES)))[0]
    labels = rng.integers(0, CLASSES, examples)
    centres = rng.normal(size=(CLASSES, FEATURES)) * 0.25
    latent = (rng.normal(size=(examples, FEATURES)) + centres[labels]) * scales
    mixed = latent @ rotation * np.sqrt(FEATURES / np.sum(scales**2))
    return np.logaddexp(0, mixed - 0.5).astype("float32"), labels


def fit_own(features, labels, strengths, tolerance):
    """Kernel and bias for the features as given, of the last strength: SciPy on our own loss."""
    features = features.astype("float64")
    mean, std = features.mean(axis=0), features.std(axis=0)
    examples = np.pad((features - mean) / std, ((0, 0), (0, 1)), constant_values=1.0)
    targets, solution = np.eye(CLASSES)[labels], np.zeros((examples.shape[1], CLASSES))

    def objective(flat, strength):
        both = flat.reshape(solution.shape)
        scores = examples @ both
        scores -= scores.max(axis=1, keepdims=True)
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        gradient = examples.T @ ((np.exp(log_p) - targets) / len(labels))
        gradient[:-1] += strength * both[:-1]
        loss = -np.sum(targets * log_p) / len(labels)
        return loss + strength / 2 * np.sum(both[:-1] ** 2), gradient.ravel()

    options = {"maxiter": MOST_ITERATIONS, "gtol": tolerance, "ftol": 0.0}
    for strength in strengths:
        found = scipy.optimize.minimize(
            objective, solution.ravel(), (strength,), "L-BFGS-B", jac=True, options=options
        )
        solution = found.x.reshape(solution.shape)
    kernel = solution[:-1] / std[:, None]
    return kernel, solution[-1] - mean @ kernel


def fit_scikit_learn(features, labels, strengths, tolerance):
    """The same by scikit-learn."""
    scaler = StandardScaler()
    scaled = scaler.fit_transform(features.astype("float64"))
    solver = LogisticRegression(tol=tolerance, max_iter=MOST_ITERATIONS, warm_start=True)
    for strength in strengths:
        solver.C = 1 / (strength * len(scaled))
        solver.fit(scaled, labels)
    kernel = solver.coef_.T / scaler.scale_[:, None]
    return kernel, solver.intercept_ - scaler.mean_ @ kernel


CONTESTANTS = {"own": fit_own, "scikit-learn": fit_scikit_learn}


def objective(features, labels, kernel, bias, strength):
    """The function that both minimise, in float64."""
    scores = features.astype("float64") @ kernel + bias
    scores -= scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    standardised = kernel * features.std(axis=0, dtype="float64")[:, None]
    loss = -log_p[np.arange(len(labels)), labels].mean()
    return float(loss + strength / 2 * np.sum(standardised**2))


def compare_fits(features, labels, rounds):
    """One strength: seconds of every round and the gap of the objective, by contestant."""
    seconds, values = {name: [] for name in CONTESTANTS}, {}
    for _ in range(rounds):
        for name, fit in CONTESTANTS.items():
            start = time.perf_counter()
            found = fit(features, labels, [STRENGTH], TOLERANCE)
            seconds[name].append(time.perf_counter() - start)
            values[name] = objective(features, labels, *found, STRENGTH)
    return _figures(seconds, values)


def compare_paths(features, labels, rounds):
    """All strengths on all folds: seconds, and the mean gap at the last strength."""
    fold = stratified_folds(labels, FOLDS)
    seconds, values = {name: [] for name in CONTESTANTS}, {}
    for _ in range(rounds):
        for name, fit in CONTESTANTS.items():
            found, start = [], time.perf_counter()
            for number in range(FOLDS):
                part = fold != number
                found.append(fit(features[part], labels[part], STRENGTHS, PATH_TOLERANCE))
            seconds[name].append(time.perf_counter() - start)
            values[name] = statistics.mean(
                objective(features[fold != n], labels[fold != n], *pair, STRENGTHS[-1])
                for n, pair in enumerate(found)
            )
    return _figures(seconds, values)


def _figures(seconds, values):
    lowest = min(values.values())
    return {
        name: {
            "seconds": statistics.median(taken),
            "rounds": [round(one, 4) for one in taken],
            "objective_gap": (values[name] - lowest) / lowest,
        }
        for name, taken in seconds.items()
    }


def _processor():
    lines = pathlib.Path("/proc/cpuinfo")
    names = lines.read_text().splitlines() if lines.exists() else []
    return next((n.split(":")[1].strip() for n in names if "model name" in n), platform.machine())


def main():
    """Compare at each size, print, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--examples", type=int, nargs="*", default=[2000, 50_000])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    results = {}
    for examples in options.examples:
        features, labels = make_features(examples)
        task = f"one strength, {examples} x {FEATURES}"
        results[task] = compare_fits(features, labels, options.rounds)
        if examples <= 5000:
            task = f"path, {examples} x {FEATURES}"
            results[task] = compare_paths(features, labels, options.rounds)
    for task, found in results.items():
        for name, one in found.items():
            print(f"{task}: {name} {one['seconds']:.2f} s, gap {one['objective_gap']:.1e}")
    versions = {"numpy": np.__version__, "scipy": scipy.__version__, "sklearn": sklearn.__version__}
    about = {"processor": _processor(), "cores": os.cpu_count(), "versions": versions}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**about, "tasks": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
