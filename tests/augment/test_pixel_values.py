"""Values outside the contract, and seeds left out, are said and not repaired."""

import warnings

import numpy as np
import pytest
import tensorflow as tf

from kerasrecipes import augment
from tests.augment.contract_table import CONTRACT
from tests.augment.oracles import drawn_photo

IMAGE = drawn_photo(24, 24)
RANDOM = [name for name, row in CONTRACT.items() if row.random and not row.make().takes_labels]
NORMALIZE = augment.Normalize(120, 60)


def pairs(images):
    return tf.data.Dataset.from_tensor_slices((images, np.zeros(len(images), "int64")))


@pytest.mark.parametrize("name", RANDOM)
def test_a_random_transform_without_a_seed_raises_and_says_how(name):
    with pytest.raises(ValueError, match=f"`seed` must be given: {name} .*`augment.pipeline`"):
        CONTRACT[name].make()(IMAGE)
    transform = CONTRACT[name].make()
    with pytest.raises(ValueError, match="`seed` must be given"):
        pairs(IMAGE[None]).map(lambda image, label: (transform(image), label))


@pytest.mark.parametrize("name", sorted(CONTRACT.keys() - {"MixUp", "CutMix"}))
@pytest.mark.parametrize("dtype", ["uint16", "int32", "int64", "int8", "bool"])
def test_integers_other_than_uint8_are_a_type_error(name, dtype):
    with pytest.raises(TypeError, match=f"uint8.*{dtype}"):
        CONTRACT[name].make()(IMAGE.astype(dtype), 1)


def test_the_pipeline_refuses_them_when_it_is_built():
    for source in (pairs(IMAGE[None].astype("uint16")), [(IMAGE.astype("int32"), 0)]):
        with pytest.raises(TypeError, match="`dataset`.*uint8"):
            augment.pipeline(source, [], 1, False)


COLOUR = [
    augment.ColorJitter(0.4),
    augment.PCALighting(),
    augment.RandAugment(),
    augment.TrivialAugment(),
    augment.RandomErasing(),
]


@pytest.mark.parametrize("transform", COLOUR, ids=repr)
def test_colour_behind_normalize_is_refused_when_the_pipeline_is_built(transform):
    for between in ([], [augment.RandomFlip()]):
        with pytest.raises(ValueError, match="`transforms`.*before Normalize"):
            augment.pipeline(pairs(IMAGE[None]), [NORMALIZE, *between, transform], 1, True)
    augment.pipeline(pairs(IMAGE[None]), [transform, NORMALIZE], 1, True)


@pytest.mark.slow
def test_a_number_may_be_erased_behind_normalize():
    chain = [NORMALIZE, augment.RandomErasing(1.0, area=(0.5, 0.5), ratio=(1, 1), value=0)]
    images, _ = next(iter(augment.pipeline(pairs(IMAGE[None]), chain, 1, True)))
    assert 0.3 < np.mean(images == 0) < 0.6


@pytest.mark.parametrize("transform", COLOUR[:4], ids=repr)
def test_alpha_is_no_colour(transform):
    image = np.concatenate([IMAGE, np.full((24, 24, 1), 255, "uint8")], axis=-1)
    with pytest.raises(ValueError, match="channels"):
        transform(image, 1)
    flipped = augment.RandomFlip(1.0)(image, 1)
    np.testing.assert_array_equal(flipped, image[:, ::-1])


@pytest.mark.parametrize("by_index", [True, False])
@pytest.mark.slow
def test_floats_that_never_exceed_one_warn(by_index):
    def built(images, transforms):
        source = [(image, 0) for image in images] if by_index else pairs(images)
        return augment.pipeline(source, transforms, 2, True)

    unit = np.stack([IMAGE] * 3).astype("float32") / 255
    for transforms in ([], [augment.RandAugment()], [NORMALIZE]):
        with pytest.warns(UserWarning, match="`dataset`.*never exceed 1.*multiply by 255"):
            built(unit, transforms)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        built(unit * 255, [augment.RandAugment()])
        built(0 * unit, [])
        built(unit, [augment.Normalize(0.5, 0.25)])
        built(np.uint8(unit), [])
