"""Keras's optimizers against the update rules of CS231n in NumPy, and where they differ.

Each rule is the lecture's; `epsilon` inside the root, Adam's `epsilon` before bias correction,
AdaGrad's first accumulator and AdaDelta's default rate are Keras's own.
"""

import keras
import numpy as np
import pytest

SCALES = np.array([1.0, 25.0, 0.04])
START = np.array([1.0, -0.7, 3.0])
STEPS, RATE, MOMENTUM, DECAY = 40, 0.01, 0.9, 0.95
EPSILON = 1e-3  # large, so that its place shows


def gradient(x):
    return SCALES * x


def sgd(x):
    while True:
        x = x - RATE * gradient(x)
        yield x


def momentum(x, rates=None):
    v = 0.0
    for rate in rates if rates is not None else [RATE] * STEPS:
        v = MOMENTUM * v - rate * gradient(x)
        x = x + v
        yield x


def momentum_of_pytorch(x, rates):
    v = 0.0
    for rate in rates:
        v = MOMENTUM * v + gradient(x)
        x = x - rate * v
        yield x


def nesterov(x):
    v = 0.0
    while True:
        previous = v
        v = MOMENTUM * v - RATE * gradient(x)
        x = x - MOMENTUM * previous + (1 + MOMENTUM) * v
        yield x


def adagrad(x, first=0.0, inside=0.0, outside=EPSILON):
    cache = first
    while True:
        cache = cache + gradient(x) ** 2
        x = x - RATE * gradient(x) / (np.sqrt(cache + inside) + outside)
        yield x


def rmsprop(x, inside=0.0, outside=EPSILON):
    cache = 0.0
    while True:
        cache = DECAY * cache + (1 - DECAY) * gradient(x) ** 2
        x = x - RATE * gradient(x) / (np.sqrt(cache + inside) + outside)
        yield x


def adam(x, before_correction=False):
    m = v = 0.0
    for t in range(1, STEPS + 1):
        m = 0.9 * m + 0.1 * gradient(x)
        v = 0.999 * v + 0.001 * gradient(x) ** 2
        epsilon = EPSILON / np.sqrt(1 - 0.999**t) if before_correction else EPSILON
        x = x - RATE * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + epsilon)
        yield x


def adadelta(x, rate=1.0):
    squares = moves = 0.0
    while True:
        squares = DECAY * squares + (1 - DECAY) * gradient(x) ** 2
        move = -np.sqrt(moves + EPSILON) / np.sqrt(squares + EPSILON) * gradient(x)
        moves = DECAY * moves + (1 - DECAY) * move**2
        x = x + rate * move
        yield x


def path_of(rule):
    return np.stack([x for _, x in zip(range(STEPS), rule)])


def path_of_keras(optimizer):
    variable = keras.Variable(START.astype("float32"))
    optimizer.build([variable])
    points = []
    for _ in range(STEPS):
        x = keras.ops.convert_to_numpy(variable.value)
        optimizer.apply([keras.ops.convert_to_tensor(gradient(x).astype("float32"))], [variable])
        points.append(np.array(keras.ops.convert_to_numpy(variable.value), copy=True))
    return np.stack(points)


def assert_same(optimizer, rule):
    np.testing.assert_allclose(path_of_keras(optimizer), path_of(rule), rtol=2e-4, atol=2e-6)


def assert_other(optimizer, rule):
    difference = abs(path_of_keras(optimizer) - path_of(rule)).max()
    assert difference > 1e-4, difference


optimizers = keras.optimizers


@pytest.mark.parametrize(
    "optimizer, rule",
    [
        (lambda: optimizers.SGD(RATE), sgd),
        (lambda: optimizers.SGD(RATE, momentum=MOMENTUM), momentum),
        (lambda: optimizers.SGD(RATE, momentum=MOMENTUM, nesterov=True), nesterov),
        (lambda: optimizers.Adadelta(1.0, rho=DECAY, epsilon=EPSILON), adadelta),
    ],
)
def test_these_are_the_lectures(optimizer, rule):
    assert_same(optimizer(), rule(START))


def test_adagrad_starts_its_sum_at_a_tenth_and_has_epsilon_in_the_root():
    make = optimizers.Adagrad
    assert_other(make(RATE, epsilon=EPSILON), adagrad(START))
    assert_same(make(RATE, epsilon=EPSILON), adagrad(START, 0.1, EPSILON, 0.0))
    near = make(RATE, initial_accumulator_value=0.0, epsilon=1e-12)
    assert_same(near, adagrad(START, outside=0.0))


def test_rmsprop_has_epsilon_in_the_root():
    assert_other(optimizers.RMSprop(RATE, rho=DECAY, epsilon=EPSILON), rmsprop(START))
    assert_same(optimizers.RMSprop(RATE, rho=DECAY, epsilon=EPSILON), rmsprop(START, EPSILON, 0.0))


def test_adam_adds_epsilon_before_the_bias_correction():
    assert_other(optimizers.Adam(RATE, epsilon=EPSILON), adam(START))
    assert_same(optimizers.Adam(RATE, epsilon=EPSILON), adam(START, before_correction=True))


def test_adadelta_has_a_rate_of_a_thousandth_by_default():
    rate = keras.ops.convert_to_numpy(optimizers.Adadelta().learning_rate)
    assert abs(float(rate) - 0.001) < 1e-9
    slow = optimizers.Adadelta(rho=DECAY, epsilon=EPSILON)
    assert_other(slow, adadelta(START))
    assert_same(optimizers.Adadelta(rho=DECAY, epsilon=EPSILON), adadelta(START, 0.001))


def test_the_two_forms_of_momentum_agree_at_a_constant_rate_alone():
    constant, falling = np.full(STEPS, RATE), RATE * 0.9 ** np.arange(STEPS)
    paths = [path_of(form(START, constant)) for form in (momentum, momentum_of_pytorch)]
    np.testing.assert_allclose(*paths, rtol=1e-9, atol=1e-12)
    schedule = optimizers.schedules.ExponentialDecay(RATE, 1, 0.9)
    assert_same(optimizers.SGD(schedule, momentum=MOMENTUM), momentum(START, falling))
    schedule = optimizers.schedules.ExponentialDecay(RATE, 1, 0.9)
    assert_other(optimizers.SGD(schedule, momentum=MOMENTUM), momentum_of_pytorch(START, falling))
