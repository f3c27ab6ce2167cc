"""Flags of clients of a service that has keys."""

import argparse
from pathlib import Path


def add_keys(parser: argparse.ArgumentParser) -> None:
    """Add ``--server-key`` and ``--key``."""
    parser.add_argument(
        "--server-key",
        type=Path,
        metavar="FILE",
        help="the service's public key; default: it has none",
    )
    parser.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help="our own secret key; default: a new one, for this time only",
    )
