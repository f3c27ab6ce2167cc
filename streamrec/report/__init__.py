"""What a training or an evaluation came to: one page, and its pictures."""
