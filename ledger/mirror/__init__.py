"""Reading a published copy of a log: a folder, or a bucket of an object store, that `credit-ledger mirror` keeps."""

from ledger.mirror.target import MirrorTarget, is_bucket, open_target

__all__ = ["MirrorTarget", "is_bucket", "open_target"]
