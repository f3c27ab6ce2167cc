"""What the service counts of a camera, beside ``streamrec.sources.counts``."""

from streamrec.sampling import Reset

RESETS = {
    Reset.GAP: "of these, after too much missing video",
    Reset.CUT: "of these, at a new connection or a picture of another size",
    Reset.CLOCK: "of these, after the clock of the frames was set back",
    Reset.MODEL: "of these, after the model failed",
}
"""What resets are for; their counts are called ``resets_gap``, ``resets_cut`` and so on."""

COUNTS = {
    "predictions": "predictions published",
    "old": "frames left out because they were too old when their turn came",
    "still": "frames on which the model was not asked because nothing moved",
    "resets": "times that the model forgot everything",
    **{f"resets_{reason}": text for reason, text in RESETS.items()},
    "failures": "times that the model failed, or its process ended",
    "clips": "clips of events written",
    "thumbnails": "thumbnails of events written",
    "footage_lost": "clips and thumbnails that could not be made or written",
}
"""What each count says."""
