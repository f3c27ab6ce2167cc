"""What the service counts of a camera, beside ``streamrec.sources.counts``."""

COUNTS = {
    "predictions": "predictions published",
    "old": "frames left out because they were too old when their turn came",
    "still": "frames on which the model was not asked because nothing moved",
    "resets": "times that the model forgot everything",
    "failures": "times that the model failed, or its process ended",
}
"""What each count says."""
