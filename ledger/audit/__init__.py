"""The audit: everything that the book promises, computed again from its bytes and a trust file alone.

`audit.py` is the way in; `sources/` says where bytes come from; each other file checks one kind of promise.
"""
