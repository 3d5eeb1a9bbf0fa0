"""One of the records that a callback has gathered."""


def recorded(records, argument, value, gathered):
    """Return the record at `value`, the last one for `None`.

    Args:
        records: dict, the latest last.
        argument: str, name of the argument that has the value.
        value: int, a key of `records`, or `None`.
        gathered: str, what is done to gather a record ("measured").

    Raises:
        ValueError: if there is none at `value`, or none at all.
    """
    if not records:
        raise ValueError(f"Nothing has been {gathered} yet. Received: records={{}}")
    value = list(records)[-1] if value is None else value
    if value not in records:
        raise ValueError(
            f"Argument `{argument}` must be one of {list(records)}. Received: {argument}={value}"
        )
    return records[value]
