"""Layers of causal video networks, with explicit state. Clips are [N, T, C, H, W]."""
