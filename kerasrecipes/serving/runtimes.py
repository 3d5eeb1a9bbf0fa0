"""Runs an exported file on a batch, in the runtime of its format."""

import importlib.util

from kerasrecipes._backend.saved_model import run_saved_model

PACKAGES = {"onnx": "onnxruntime", "litert": "ai_edge_litert", "saved_model": "tensorflow"}


def has_runtime(kind):
    """Return whether the runtime of a format is installed."""
    return importlib.util.find_spec(PACKAGES[kind]) is not None


def run_exported(path, kind, batch):
    """Return the outputs of an exported file for a batch: an array, or a list of bytes."""
    runs = {"onnx": _run_onnx, "litert": _run_litert, "saved_model": run_saved_model}
    return runs[kind](str(path), batch)


def _run_onnx(path, batch):
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: batch})[0]


def _run_litert(path, batch):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=path)
    place = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(place, batch.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(place, batch)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
