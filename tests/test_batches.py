"""Batches are the slices of arrays, or what an iterable gives, as tuples."""

import numpy as np
import pytest

from kerasrecipes._batches import batches

X, Y = np.arange(14.0).reshape(7, 2), np.arange(7)


def test_arrays_are_cut_in_order_and_the_rest_is_kept():
    parts = list(batches(X, 3))
    assert [len(part) for (part,) in parts] == [3, 3, 1]
    np.testing.assert_array_equal(np.concatenate([part for (part,) in parts]), X)
    pairs = list(batches((X, Y), 4))
    np.testing.assert_array_equal(pairs[1][0], X[4:])
    np.testing.assert_array_equal(pairs[1][1], [4, 5, 6])


def test_dicts_are_cut_by_key():
    ((first, labels), _) = batches(({"a": X, "b": Y}, Y), 5)
    np.testing.assert_array_equal(first["b"], Y[:5])
    np.testing.assert_array_equal(labels, Y[:5])


def test_iterables_keep_their_batches():
    given = iter([X, (X, Y), [X[:1], Y[:1]], {"a": X}])
    assert [len(batch) for batch in batches(given, 1)] == [1, 2, 2, 1]
    assert list(batches([], 2)) == list(batches(X[:0], 2)) == []


@pytest.mark.parametrize("data", [(X, Y[1:]), {"a": X, "b": Y[1:]}])
def test_arrays_of_different_lengths_are_an_error(data):
    with pytest.raises(ValueError, match=r"`dataset` must be arrays of one length.*\[7, 6\]"):
        list(batches(data, 2, "dataset"))
