"""Models side by side: what they say of the same files, how soon, how steadily, at what cost."""
