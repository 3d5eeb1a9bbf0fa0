import keras
import pytest

from kerasrecipes import models
from kerasrecipes.transfer import Phase, advise, layerwise_multipliers
from tests.transfer.small_backbone import small_classifier


@pytest.mark.parametrize(
    "examples, similar, cell, trained, probe",
    [
        (20, True, "linear classifier on top", ["head"], False),
        (99.5, False, "linear classifiers from different stages", ["head"], True),
        (100, True, "fine-tune a few layers", ["head", 1], False),
        (5000, False, "fine-tune many", ["head", "all"], False),
    ],
)
def test_cells_of_the_table(examples, similar, cell, trained, probe):
    plan = advise(examples, similar)
    assert plan.cell == cell
    assert [phase.train for phase in plan.phases] == trained
    assert plan.probe_stages is probe
    text = str(plan)
    assert cell in text and f"{examples:g} images a class" in text
    assert ("little" if examples < 100 else "much") in plan.reason
    assert ("similar to" if similar else "different from") in plan.reason
    assert all(str(phase) in text for phase in plan.phases)


def test_bad_arguments():
    with pytest.raises(ValueError, match="`examples_per_class`"):
        advise(0, True)
    with pytest.raises(TypeError, match="`similar`"):
        advise(10, "yes")


@pytest.mark.parametrize(
    "phase, text",
    [
        (Phase("head", 1, 0.1), "the head for 1 epoch at rate 0.1"),
        (Phase(1, 2), "the head and the last stage for 2 epochs at the optimizer's rate"),
        (Phase(3, 2, 1, 0.5), "the head and the last 3 stages for 2 epochs at rate 1, times 0.5 a"),
        (
            Phase("all", 2, keras.optimizers.schedules.CosineDecay(0.1, 5)),
            "everything for 2 epochs at the rate of a CosineDecay",
        ),
    ],
)
def test_phase_in_words(phase, text):
    assert str(phase).startswith(text)


@pytest.mark.parametrize(
    "error, arguments",
    [
        (ValueError, ("tail", 1)),
        (ValueError, (0, 1)),
        (TypeError, (True, 1)),
        (ValueError, ("all", 0)),
        (TypeError, ("all", 1.5)),
        (ValueError, ("all", 1, 0.0)),
        (TypeError, ("all", 1, "fast")),
        (ValueError, ("all", 1, 0.1, 0.0)),
        (TypeError, ("all", 1, 0.1, 1.0, 1)),
    ],
)
def test_bad_phases(error, arguments):
    with pytest.raises(error, match="Received"):
        Phase(*arguments)


def test_multipliers_fall_from_stage_to_stage():
    assert layerwise_multipliers(small_classifier(), 0.5) == {
        "conv1": 0.125,
        "norm1": 0.125,
        "conv2": 0.25,
        "norm2": 0.25,
        "conv3": 0.5,
        "norm3": 0.5,
        "classifier": 1.0,
    }
    network = models.resnet(18, (64, 64, 3), classes=10, variant="imagenet")
    factors = layerwise_multipliers(network, 0.1)
    assert factors["stem_conv"] == min(factors.values())
    assert factors["stage4_block1_shortcut_conv"] == pytest.approx(0.1)
    with pytest.raises(ValueError, match="`decay`"):
        layerwise_multipliers(small_classifier(), 1.5)
