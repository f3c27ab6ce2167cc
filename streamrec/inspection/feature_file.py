"""Features of files, as a file: NumPy's ``.npz`` or Parquet."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from streamrec.atomic import atomic_path
from streamrec.errors import OutputError, RuntimeMissingError
from streamrec.inspection.features import FileFeatures

FORMATS = (".npz", ".parquet")


def require_feature_file(path: Path) -> None:
    """Check, before the work is done, that features can be written there.

    Raises:
        RuntimeMissingError: pyarrow is not installed.
        OutputError: no folder to write to, or no known format.
    """
    if path.suffix.lower() not in FORMATS:
        raise OutputError(f"cannot write {path}: take one of {', '.join(FORMATS)}")
    if not path.parent.is_dir():
        raise OutputError(f"cannot write {path}: there is no folder {path.parent}")
    if path.suffix.lower() == ".parquet":
        _require_pyarrow()


def _require_pyarrow() -> None:
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise RuntimeMissingError(
            'Parquet files are written by pyarrow: in the checkout, pip install ".[features]"; '
            "or take .npz"
        ) from None


def save_features(path: Path, model: str, features: Sequence[FileFeatures]) -> None:
    """Write the features of files; the suffix tells the format.

    ``.npz`` has the arrays ``files`` and ``model``, text, and ``features``, float32 [files,
    features]. ``.parquet`` has a row a file with the columns ``file``, ``model`` and ``features``.

    Raises:
        RuntimeMissingError, OutputError: as ``require_feature_file``; or it cannot be written.
    """
    require_feature_file(path)
    files, vectors = [each.file for each in features], np.stack([each.vector for each in features])
    with atomic_path(path) as temporary:
        if path.suffix.lower() == ".npz":
            np.savez(temporary, files=np.array(files), model=np.array(model), features=vectors)
            return
        import pyarrow as pa
        from pyarrow.parquet import write_table

        lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
        columns = {"file": files, "model": [model] * len(files), "features": lists}
        write_table(pa.table(columns), temporary)
