"""The kinds of shards, which are before the colon where images are named: `tfrecord:out`."""

SHARD_KINDS = ("tfrecord", "webdataset", "arrayrecord")


def split_shard_source(source):
    """The kind of shards and their pattern, `None` and the source where it names no shards.

    >>> from kerasrecipes._shard_kinds import split_shard_source
    >>> split_shard_source("tfrecord:out/*"), split_shard_source("photos")
    (('tfrecord', 'out/*'), (None, 'photos'))
    """
    kind, colon, pattern = source.partition(":")
    return (kind, pattern) if colon and kind in SHARD_KINDS else (None, source)
