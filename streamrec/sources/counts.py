"""What is counted of a live source, by name: the keys of ``CameraStatus.counts``."""

COUNTS = {
    "frames": "frames handed on",
    "connections": "connections made",
    "losses": "connections lost, and attempts that failed",
    "stalls": "times that frames stayed away for a while",
    "corrupt": "frames withheld because the decoder complained of them",
    "frozen": "frames withheld because the picture stood still for too long",
    "black": "frames withheld because they were all black",
    "grey": "frames withheld because large parts were missing",
    "decoder_errors": "complaints of the decoder",
    "stale": "frames left out because they came with too much delay",
    "catch_ups": "times that a stream was opened anew, as it could not be decoded fast enough",
    "late": "frames discarded because this machine was late",
    "clock_jumps": "jumps of the camera's clock, and times that it ran backwards",
    "size_changes": "changes of the picture's size",
    "rate_changes": "changes of the frame rate",
}
"""What each count says."""
