"""Values that events are made of: how they are written, folded and checked. Nothing here knows an event."""
