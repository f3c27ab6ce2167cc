"""Layers of causal video networks. Clips are [N, T, C, H, W]; what a stream remembers is explicit."""
