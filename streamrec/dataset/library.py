"""The library behind splits and duplicates."""

from streamrec.errors import RuntimeMissingError


def require_library() -> None:
    """Check that scikit-learn is installed.

    Raises:
        RuntimeMissingError: it is not.
    """
    try:
        import sklearn  # noqa: F401
    except ImportError:
        raise RuntimeMissingError(
            'data sets are split by scikit-learn: in the checkout, pip install ".[train]"'
        ) from None
