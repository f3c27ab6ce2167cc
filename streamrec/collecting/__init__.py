"""Clips with labels, recorded from live video."""
