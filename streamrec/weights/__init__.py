"""Weights: read from the forms users have, verified, named for our models, and stored."""
