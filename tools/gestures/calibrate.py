"""Make the gesture model's probabilities mean what they say, on generated clips.

    python tools/gestures/calibrate.py DIR/gestures.safetensors --out CALIBRATED.safetensors

writes the same model with its logits divided by one temperature, which its last layer holds.
"""

import argparse
from pathlib import Path

import torch
from evaluate import generated_answers
from train import load

from streamrec.training.calibrate import fit_temperature, with_temperature
from streamrec.weights.model_file import load_model, save_model


def main() -> None:
    """Read weights, write calibrated ones."""
    parser = argparse.ArgumentParser(description="Calibrate the gesture model.")
    parser.add_argument("weights", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--generated", type=int, default=300, help="number of generated clips")
    parser.add_argument("--seed", type=int, default=2, help="set of generated clips")
    options = parser.parse_args()
    torch.set_num_threads(1)
    answers = generated_answers(load(options.weights).eval(), options.seed, options.generated)
    temperature = fit_temperature(answers)
    save_model(options.out, with_temperature(load_model(options.weights), temperature))
    print(f"temperature {temperature:.3f}")


if __name__ == "__main__":
    main()
