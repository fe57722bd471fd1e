"""What went wrong with the log itself, said in the log: entries that it had signed and lost.

An append-only log that goes on from an older state has signed two histories. That cannot be undone or hidden; what
can be done is to say so where everybody reads it, as the first entry of what follows.
"""

from __future__ import annotations
