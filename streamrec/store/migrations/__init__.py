"""How older tables become those of today; Alembic runs it."""
