import keras
import pytest

from kerasrecipes import search

TORCH = keras.backend.backend() == "torch"
OF_KERAS = {"KERAS_DISTRIBUTION_NUM_PROCESSES": "1", "KERAS_DISTRIBUTION_PROCESS_ID": "0"}


@pytest.mark.parametrize("names", [OF_KERAS, {"RANK": "0", "WORLD_SIZE": "1"}])
def test_a_process_that_is_the_only_one_may_search(names, monkeypatch):
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    search.check_alone()


@pytest.mark.parametrize(
    "names",
    [{**OF_KERAS, "KERAS_DISTRIBUTION_NUM_PROCESSES": "2"}]
    + ([{"RANK": "0", "WORLD_SIZE": "2"}] if TORCH else []),
)
def test_one_of_several_may_not(names, monkeypatch):
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"Received: {', '.join(names)} in the environment"):
        search.check_alone()
