"""A verified static copy of a log in the layout of C2SP tlog-tiles: `mirror_copy` is it, `mirror` makes it grow."""
