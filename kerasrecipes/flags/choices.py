"""Choices of flags; the rooms that act on them import TensorFlow, which is slow."""

CROPS = ("auto", "pad", "scale", "inception", "none")
TASKS = ("classes", "multilabel", "regression")
FALLS = ("cosine", "steps")
EXPORTS = ("onnx", "saved_model", "litert")
