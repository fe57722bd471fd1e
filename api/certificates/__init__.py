"""Certificates 承诺公告: a published pledge as a signed PDF that carries the proof of what it says.

`gather` finds the entries that one rests on, `layout` says what stands on it, `pdf` sets it, `signature` signs it,
`store` keeps it, `issue` does all of that for the service. `check` verifies one offline: it does the same from what is
attached, and every byte must come out again. The parts are imported one by one: pyHanko takes half a second, for which
only who signs or checks need wait.
"""
