"""The names of activations, for those who state them and do not compute."""

ACTIVATION_NAMES = (
    "hard_sigmoid",
    "hard_sigmoid_relu6",
    "hard_swish",
    "none",
    "relu6",
    "sigmoid",
    "swish",
)
