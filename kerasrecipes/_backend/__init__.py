"""What one backend alone can do: a file a concept, each importing its backend when called.

Nothing here is public. A module of this package imports TensorFlow, JAX or PyTorch inside
its functions only, so that `import kerasrecipes` needs none but the one Keras runs on.
"""
