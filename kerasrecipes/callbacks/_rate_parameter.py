"""A number that a compiled step reads anew, so that a new value needs no new step."""

import keras


class RateParameter:
    """A number of the rate that changes while `fit` runs, or from one `fit` to the next.

    TensorFlow's compiled steps read a variable, JAX's are given the value with each batch. PyTorch
    is given the number itself, as its steps are compiled on request only.

    Attributes:
        traced: while JAX traces a step, the value that the step is given; else `None`.
    """

    def __init__(self, value, dtype):
        self.dtype = dtype
        self.traced = self._variable = None
        if keras.backend.backend() == "tensorflow":
            self._variable = keras.Variable(value, dtype=dtype, trainable=False)
        self.value = value

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, value):
        self._value = value
        if self._variable is not None:
            self._variable.assign(value)

    def in_step(self):
        """Return what a step computes with."""
        if self.traced is not None:
            return self.traced
        return self._value if self._variable is None else self._variable.value

    @property
    def constant(self):
        """What of it is compiled into a step: the number on PyTorch, else nothing."""
        return self._value if keras.backend.backend() == "torch" else None
