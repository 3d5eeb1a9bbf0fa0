"""The claims of `claims.py` about crops and colours."""

from claims_runs import Claim, Clock, convolutional, fit, result, trained

from kerasrecipes import augment, inference

EPOCHS, RATE = 8, 0.1


def crops(images):
    """Three convolutions, 8 epochs."""
    size = images.shape[0]
    arms = {
        "whole images": [],
        "flips": [augment.RandomFlip()],
        "padded crops and flips": [augment.PadCrop(size, size // 8), augment.RandomFlip()],
    }
    return {
        name: trained(convolutional(images), images, EPOCHS, RATE, transforms=transforms)
        for name, transforms in arms.items()
    }


def ten_crop(images):
    """Three convolutions on random crops of 28 of 32 pixels and flips, 8 epochs, tested twice."""
    model = convolutional(images, size=28)
    transforms = [augment.PadCrop(28, 0), augment.RandomFlip()]
    training = fit(model, images, EPOCHS, RATE, transforms=transforms).read()
    test = list(zip(images.x_test, images.y_test))
    tests = {
        "centre crop": augment.CenterCrop(28, 32),
        "ten crops": augment.TenCrop(28, scales=(32,)),
    }
    found = {}
    for name, crop in tests.items():
        clock = Clock(training)
        batches = augment.pipeline(test, [crop], 50, training=False)
        probabilities = inference.multi_crop_predict(model, batches, batch_size=500)
        found[name] = result(probabilities, images, clock)
    return found


def colour(images):
    """Three convolutions on padded crops and flips, 8 epochs."""
    geometry = [augment.PadCrop(32, 4), augment.RandomFlip()]
    arms = {
        "crops and flips": [],
        "PCA lighting": [augment.PCALighting()],
        "colour jitter": [augment.ColorJitter(0.2, 0.2, 0.2)],
    }
    return {
        name: trained(convolutional(images), images, EPOCHS, RATE, transforms=geometry + more)
        for name, more in arms.items()
    }


CLAIMS = (
    Claim("crops", crops, "none: the crops of He et al. (2015) are in all their results",
          "cifar10", pairs=(("whole images", "flips"), ("flips", "padded crops and flips"))),
    Claim("ten_crop", ten_crop,
          "ImageNet, top-1 error 39.0 to 37.5 (Krizhevsky et al., 2012)", "cifar10"),
    Claim("colour", colour,
          "PCA lighting: ImageNet, top-1 error lower by over 1 (Krizhevsky et al., 2012)",
          "cifar10"),
)  # fmt: skip
