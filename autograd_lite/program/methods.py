"""Compiled functions as methods."""

import functools
from types import MethodType
from typing import Any

from autograd_lite.errors import typed


class Method:
    """A compiled function bound to an object, its first argument."""

    def __init__(self, compiled: Any, instance: Any) -> None:
        functools.update_wrapper(self, MethodType(compiled._function, instance), updated=())
        self.__func__, self.__self__ = compiled, instance
        compiled._arguments.is_method = True

    def __repr__(self) -> str:
        return f"<{self.__func__!r} of {typed(self.__self__)}>"

    programs = property(lambda self: self.__func__.programs, doc="See `Compiled`.")
    paths = property(lambda self: self.__func__.paths, doc="See `Compiled`.")

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """The method's result."""
        return self.__func__(self.__self__, *args, **keywords)

    def map(self, *args: Any, shared: Any = (), **options: Any) -> Any:
        """One run for each row, for this object; see `Compiled.map`."""
        kept = [shared] if isinstance(shared, int | str) else shared
        kept = [each if isinstance(each, str) or each < 0 else each + 1 for each in kept]
        return self.__func__.map(self.__self__, *args, shared=[0, *kept], **options)
