"""Clips with labels: lists, splits, and their frames at a model's rate."""
