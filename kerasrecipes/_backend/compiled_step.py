"""A compiled train function with another step than the model's own."""


def compiled_step(model, step):
    """Return the train function of a model that calls `step` in place of its `train_step`.

    `train_step` stays as it is; `model.train_function` is the new one.
    """
    own = vars(model).get("train_step")
    vars(model)["train_step"] = step
    try:
        model.make_train_function(force=True)
    finally:
        vars(model).pop("train_step")
        if own is not None:
            vars(model)["train_step"] = own
    return model.train_function
