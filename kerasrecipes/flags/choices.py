"""Choices of flags; the rooms that act on them import TensorFlow, which is slow."""

CROPS = ("auto", "pad", "scale", "inception", "none")
EXPORTS = ("onnx", "saved_model", "litert")
