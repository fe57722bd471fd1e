"""Following a log from outside: what is read is checked against what its checkpoint signs, before anybody is told.

`source` reads a log over HTTP, whether a service or static files; `heads` and `proven` check it; `follower` tells of
what concerns a subject. `api/mirroring` keeps a copy by the same means. Nothing here touches a database.
"""
