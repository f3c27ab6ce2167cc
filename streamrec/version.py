"""The version of streamrec."""

__version__ = "0.1.0"
