"""Code that is specific to one backend: one file per concept, with lazy imports.

Nothing here is public. A module of this package imports TensorFlow, JAX or PyTorch inside
its functions only, so that `import kerasrecipes` needs none but the one Keras runs on.
"""
