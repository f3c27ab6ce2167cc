import ctypes

import pytest
from runtimes.native.compiler import HERE, SOURCES, build
from runtimes.native.kernels import Kernels


@pytest.fixture(scope="session")
def shim() -> ctypes.CDLL:
    """The kernels and the packing of weights, compiled for tests."""
    flags = ("-O1", "-fPIC", "-shared")
    return ctypes.CDLL(
        str(build([*sorted(SOURCES.glob("*.cpp")), HERE / "shim.cpp"], flags, "shim.so"))
    )


@pytest.fixture(scope="session", params=range(3), ids=["best", "second", "third"])
def kernels(request, shim) -> Kernels:
    """Each instruction set that this machine can run."""
    if request.param >= shim.shim_targets():
        pytest.skip(f"this machine has {shim.shim_targets()} instruction sets")
    return Kernels(shim, request.param)


@pytest.fixture(scope="session")
def bf16_kernels(shim) -> Kernels:
    """The best instruction set, if it multiplies bfloat16."""
    if not shim.shim_has_bf16(0):
        pytest.skip("this machine has no products of bfloat16")
    return Kernels(shim, 0)
