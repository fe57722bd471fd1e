"""The organizer's staff: what waits is published or refused, rosters are imported and signed in the browser."""
