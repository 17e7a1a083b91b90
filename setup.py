"""The C engine, and the machine for programs; all else about the package stands in setup.cfg.

Without a C compiler the installation succeeds, the wheel is ``py3-none-any``, and Python code runs.
Environment variables:

* ``AUTOGRAD_LITE_PURE=1`` leaves them out: a wheel for any platform (Pyodide, say).
* ``AUTOGRAD_LITE_DEBUG=1`` builds them with their checks and for a debugger, each node in
  memory of its own; ``=slabs`` leaves nodes in slabs, as in a build for users.
* ``CFLAGS`` and ``LDFLAGS`` add flags, as usual.
"""

import importlib
import os
import re
import sys
import sysconfig
import tempfile
from configparser import ConfigParser
from pathlib import Path
from types import ModuleType

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import BaseError, CCompilerError

PACKAGE = Path("autograd_lite")
#: The folder of each extension, the header that it needs, and what in `writing` writes that.
EXTENSIONS = {
    "engine": (PACKAGE / "engine" / "native", "rules.h", "rules_header", "header"),
    "machine": (PACKAGE / "program" / "native", "kernels.h", "machine_header", "machine_header"),
}

# No contraction to fused multiply-add, and no pow(x, 2.0) turned into x*x by the compiler: the
# Python engine gives the same bits.
UNIX = [
    *["-O3", "-ffp-contract=off", "-fno-builtin-pow", "-fno-math-errno", "-fno-trapping-math"],
    *["-fvisibility=hidden", "-Wall", "-Wextra"],
    "-g0",  # as Python's own flags have -g: a fifth of the size, in less time
]
UNIX_DEBUG = ["-UNDEBUG", "-O1", "-g"]
MSVC = ["/O2", "/fp:precise", "/std:c11"]
MSVC_DEBUG = ["/UNDEBUG", "/Od", "/Zi"]


def write_headers(folder: Path) -> None:
    """Write the op table as C.

    The packages around the generators are stand-ins without a body: their own would import the
    engine that is about to be built.
    """
    root = Path(__file__).parent.absolute()
    for name in ("autograd_lite", "autograd_lite.writing"):
        package = ModuleType(name)
        package.__path__ = [str(root.joinpath(*name.split(".")))]
        sys.modules[name] = package
    try:
        for _, header, module, function in EXTENSIONS.values():
            generator = importlib.import_module(f"autograd_lite.writing.{module}")
            (folder / header).write_text(getattr(generator, function)(), encoding="utf-8")
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "autograd_lite"]:
            del sys.modules[name]


class BuildExtensions(build_ext):
    """Writes the rules of the op table as headers, then compiles both extensions or none."""

    def run(self) -> None:
        """Write the headers, then compile each extension."""
        self.generated = Path(self.build_temp).absolute()
        self.generated.mkdir(parents=True, exist_ok=True)
        if self.extensions:
            write_headers(self.generated)
        self.parallel = self.parallel or len(self.extensions)  # both at once
        super().run()

    def build_extensions(self) -> None:
        """Compile; where one extension fails, leave both out, and the wheel is for any platform."""
        try:
            super().build_extensions()
        except (BaseError, CCompilerError) as error:
            self.warn(
                f"the C engine is left out, and Python code runs instead: {error}; to have it, "
                "install a C compiler and Python's headers (Debian: gcc, libc6-dev, python3-dev), "
                "then run pip install --no-cache-dir --force-reinstall"
            )
            for ext in self.extensions:  # also those that an earlier build has left there
                Path(self.get_ext_fullpath(ext.name)).unlink(missing_ok=True)
            self.extensions = self.distribution.ext_modules = []
            # It has looked for extensions already, and would name this platform.
            self.get_finalized_command("bdist_wheel").root_is_pure = True

    def build_extension(self, ext: Extension) -> None:
        """Compile, with flags that go with the compiler."""
        wanted = os.environ.get("AUTOGRAD_LITE_DEBUG", "")
        debug = wanted in ("1", "slabs")
        if wanted == "1":
            ext.define_macros = [("AUTOGRAD_LITE_DEBUG", None), *ext.define_macros]
        if self.compiler.compiler_type == "msvc":
            ext.extra_compile_args = MSVC + MSVC_DEBUG * debug
        else:
            ext.extra_compile_args = UNIX + UNIX_DEBUG * debug
            # dlopen was in a library of its own before glibc 2.34.
            ext.libraries = ["m", *["dl"] * (sys.platform == "linux")]
        ext.include_dirs = [str(self.generated), *ext.include_dirs]
        super().build_extension(ext)


def extensions() -> list[Extension]:
    """What is written in C, unless it is not wanted or cannot run here."""
    if (
        os.environ.get("AUTOGRAD_LITE_PURE") == "1"
        or sys.implementation.name != "cpython"
        or sysconfig.get_config_var("Py_GIL_DISABLED")  # it counts on the global lock
    ):
        return []
    table = [*PACKAGE.glob("ops/*.py"), *PACKAGE.glob("writing/*.py")]
    return [
        Extension(
            f"{'.'.join(folder.parts)}._{name}",
            sources=[(folder / f"{name}.c").as_posix()],
            include_dirs=[folder.as_posix()],
            depends=sorted(path.as_posix() for path in [*folder.glob("*.[ch]"), *table]),
        )
        for name, (folder, *_) in EXTENSIONS.items()
    ]


def description() -> dict[str, str]:
    """README with addresses in place of paths, which lead nowhere on an index of packages."""
    metadata = ConfigParser(interpolation=None)
    metadata.read("setup.cfg", encoding="utf-8")
    addresses = metadata.get("metadata", "project_urls", fallback="")
    source = re.search(r"^Source *= *(\S+?)/?$", addresses, re.M)
    if source is None:  # setup.cfg hands README on as it is
        return {}
    text = Path("README.md").read_text(encoding="utf-8")
    links = re.compile(r"(!?)(\[[^]]*\]\()(?!https?:|#)([^)]+)\)")
    folder = {"": "blob", "!": "raw"}
    return {
        "long_description": links.sub(
            lambda link: f"{link[1]}{link[2]}{source[1]}/{folder[link[1]]}/HEAD/{link[3]})", text
        )
    }


# What setuptools writes lies beside the sources, but where those may only be read.
BESIDE = tempfile.TemporaryDirectory(prefix="autograd_lite-")
WRITES = {"egg_info": {"egg_base": BESIDE.name}, "build": {"build_base": BESIDE.name}}

setup(
    **description(),
    ext_modules=extensions(),
    cmdclass={"build_ext": BuildExtensions},
    options={} if os.access(".", os.W_OK) else WRITES,
)
