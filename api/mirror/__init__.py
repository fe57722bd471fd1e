"""A verified static copy of a log in the layout of C2SP tlog-tiles: `folder` is the copy, `mirror` makes it grow."""
