"""Work that is cut into parts, on several processes of this machine or of many."""
