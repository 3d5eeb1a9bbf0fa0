"""Ways to predict with a trained model.

- `multi_crop_predict`: averaged over several crops of each image.
"""

from kerasrecipes.inference.multi_crop_predict import multi_crop_predict

__all__ = ["multi_crop_predict"]
