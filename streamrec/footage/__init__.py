"""Thumbnails and clips of events."""
