"""Events and status changes in a database, and what waits on disk until it is there."""
