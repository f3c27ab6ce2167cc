"""Engines that run a streaming model one frame at a time."""
