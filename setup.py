"""The C engine; everything else about the package stands in setup.cfg.

Without a C compiler the installation succeeds and the Python engine runs. Environment variables:

* ``AUTOGRAD_LITE_PURE=1`` leaves the C engine out: a wheel for any platform (Pyodide, say).
* ``AUTOGRAD_LITE_DEBUG=1`` builds it with its checks and for a debugger.
* ``CFLAGS`` and ``LDFLAGS`` add flags, as usual.
"""

import importlib
import os
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

PACKAGE = Path("autograd_lite")
NATIVE = PACKAGE / "engine" / "native"

# No contraction to fused multiply-add, and no pow(x, 2.0) turned into x*x by the compiler: the
# Python engine gives the same bits.
UNIX = [
    *["-O3", "-ffp-contract=off", "-fno-builtin-pow", "-fno-math-errno"],
    *["-fvisibility=hidden", "-Wall", "-Wextra"],
]
UNIX_DEBUG = ["-DAUTOGRAD_LITE_DEBUG", "-UNDEBUG", "-O1", "-g"]
MSVC = ["/O2", "/fp:precise", "/std:c11"]
MSVC_DEBUG = ["/DAUTOGRAD_LITE_DEBUG", "/UNDEBUG", "/Od", "/Zi"]


def rules_header() -> str:
    """The op table as C.

    The packages around the generator are stand-ins without a body: their own would import the
    engine that is about to be built.
    """
    root = Path(__file__).parent.absolute()
    for name in ("autograd_lite", "autograd_lite.engine"):
        package = ModuleType(name)
        package.__path__ = [str(root.joinpath(*name.split(".")))]
        sys.modules[name] = package
    try:
        header: str = importlib.import_module("autograd_lite.engine.generate").header()
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "autograd_lite"]:
            del sys.modules[name]
    return header


class BuildEngine(build_ext):
    """Writes the rules of the op table as a header, then compiles."""

    def build_extension(self, ext: Extension) -> None:
        """Compile, with flags that go with the compiler."""
        debug = os.environ.get("AUTOGRAD_LITE_DEBUG") == "1"
        if self.compiler.compiler_type == "msvc":
            ext.extra_compile_args = MSVC + MSVC_DEBUG * debug
        else:
            ext.extra_compile_args = UNIX + UNIX_DEBUG * debug
            ext.libraries = ["m"]
        generated = Path(self.build_temp).absolute()
        generated.mkdir(parents=True, exist_ok=True)
        (generated / "rules.h").write_text(rules_header(), encoding="utf-8")
        ext.include_dirs = [str(generated)]
        super().build_extension(ext)


def engines() -> list[Extension]:
    """The C engine, unless it is not wanted or cannot run here."""
    if (
        os.environ.get("AUTOGRAD_LITE_PURE") == "1"
        or sys.implementation.name != "cpython"
        or sysconfig.get_config_var("Py_GIL_DISABLED")  # it counts on the global lock
    ):
        return []
    inputs = [*NATIVE.glob("*.[ch]"), *PACKAGE.glob("ops/*.py"), *PACKAGE.glob("engine/*.py")]
    return [
        Extension(
            "autograd_lite.engine.native._engine",
            sources=[(NATIVE / "engine.c").as_posix()],
            depends=sorted(path.as_posix() for path in inputs),
            optional=True,
        )
    ]


setup(ext_modules=engines(), cmdclass={"build_ext": BuildEngine})
