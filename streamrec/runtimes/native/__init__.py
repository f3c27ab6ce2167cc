"""The fused step in C++: a wrapper around the compiled part, which a build may lack."""

from streamrec.runtimes.native.library import library_path, targets
from streamrec.runtimes.native.runtime import NativeRuntime, NativeStream

__all__ = ["NativeRuntime", "NativeStream", "library_path", "targets"]
