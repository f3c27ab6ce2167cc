"""Models learn from clips with labels."""
