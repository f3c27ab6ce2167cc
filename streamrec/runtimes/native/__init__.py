"""The fused step in C++: a wrapper around the compiled part, which a build may lack."""

from streamrec.runtimes.native.binding import compiled_part, targets
from streamrec.runtimes.native.runtime import NativeRuntime, NativeStream

__all__ = ["NativeRuntime", "NativeStream", "compiled_part", "targets"]
