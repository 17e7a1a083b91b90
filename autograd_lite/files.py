"""Paths, files that are written whole or not at all, and the formats of what the package reads."""

import errno
import json
import os
import secrets
import stat
import tomllib
import zlib
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from autograd_lite.errors import shown

_VERSION = 1  # of files of arrays
_CHECKSUM = "checksum"  # among the metadata; files of before have none

_KINDS = {stat.S_IFDIR: "a directory", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}


def as_path(path: Any) -> Path:
    """A path that a user gave; the number of an open file is none: reading would close that."""
    if not isinstance(path, str | bytes | os.PathLike):
        raise TypeError(
            "a path is a str or path-like, such as 'model.safetensors', and was given "
            f"{type(path).__name__}: {path!r:.80}"
        )
    text = os.fsdecode(path)
    if not text:
        raise FileNotFoundError(errno.ENOENT, "the path is empty; name a file", text)
    # Python stands the bytes of odd names for characters from dc80 to dcff.
    if any(c == "\0" or "\ud800" <= c < "\udc80" or "\udcff" < c <= "\udfff" for c in text):
        raise ValueError(f"{text!r:.80} holds a character that no name of a file can; leave it out")
    return Path(text)


@contextmanager
def _naming(path: Any) -> Iterator[Path]:
    """A path; errors in the block name it as it was given, and no other."""
    given = as_path(path)
    try:
        yield given
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), os.fsdecode(path)) from None


def regular(path: Any) -> Path:
    """The path of a file to read, which is refused if it is a directory, device, FIFO or socket."""
    with _naming(path) as given:
        _refuse_others(os.stat(given))
    return given


def _refuse_others(found: os.stat_result) -> None:
    kind = stat.S_IFMT(found.st_mode)
    if kind != stat.S_IFREG:
        number = errno.EISDIR if kind == stat.S_IFDIR else errno.EINVAL
        raise OSError(number, f"is {_KINDS.get(kind, 'a device')}; name a file")


def check_place(path: Any) -> None:
    """Raise what `write_whole` would, as far as it is known before there is anything to write."""
    with _naming(path) as given:
        _place(given, os.fsdecode(path))


def _place(given: Path, text: str) -> tuple[Path, os.stat_result | None]:
    """Where a file is to be written, and the file that is there."""
    target = Path(os.path.realpath(given))  # a link stays a link
    for folder in (given.parent, target.parent):
        if not folder.exists():
            words = f"there is no directory {str(folder)!r} to write to; make it"
            raise OSError(errno.ENOENT, words)
        if not folder.is_dir():
            raise OSError(errno.ENOTDIR, f"{str(folder)!r} is no directory to write to")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise OSError(errno.EACCES, f"no file can be made in the directory {str(target.parent)!r}")
    if text.endswith(("/", os.sep)):
        raise OSError(errno.EISDIR, "is a directory; name a file")
    try:
        found = os.stat(given)
    except FileNotFoundError:
        return target, None
    _refuse_others(found)
    # Root may write to any file; who made it read-only did not mean that.
    if not found.st_mode & 0o222 or not os.access(given, os.W_OK):
        raise OSError(errno.EACCES, "is read-only for you; allow writing to it, or name another")
    return target, found


def write_whole(path: Any, content: bytes) -> Path:
    """Write a file beside its place and move it there, so that it is never seen half-written.

    The file that was there gives its mode to the new one, and its owner where that is allowed. If
    writing fails, it stays, and the OSError names the path that was given.
    """
    with _naming(path) as given:
        target, former = _place(given, os.fsdecode(path))
        # Until it has the mode of the file that it replaces, only the owner may read it.
        mode = 0o666 if former is None else 0o600
        beside = target.with_name(f".{secrets.token_hex(8)}.part")  # no longer than a name may be
        try:
            with open(beside, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if former is not None:
                with suppress(PermissionError, AttributeError):  # Windows has no owners
                    os.chown(beside, former.st_uid, former.st_gid)
                os.chmod(beside, stat.S_IMODE(former.st_mode))
            os.replace(beside, target)
        finally:
            beside.unlink(missing_ok=True)
    return given


@cache
def words(name: str, room: str = "") -> dict[str, Any]:
    """A file of words, colours or other settings of a room of this package, in TOML."""
    folder = resources.files("autograd_lite").joinpath(*room.split("."))
    return tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8"))


def _in_order(content: bytes) -> bytes:
    """A safetensors file with its texts in order, which the library mixes anew in each process."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the numbers begin at a multiple of 8
    return len(text).to_bytes(8, "little") + text + content[end:]


def _checksum(arrays: Mapping[str, Any], text: str) -> str:
    """Digits that another number, name, shape or description changes (CRC-32)."""
    found = zlib.crc32(text.encode())
    for name, array in sorted(arrays.items()):
        plain = array.astype(array.dtype.newbyteorder("<"), "C", copy=False)
        found = zlib.crc32(f"{name} {plain.dtype.str} {plain.shape}".encode(), found)
        found = zlib.crc32(np.atleast_1d(plain).data, found)
    return f"{found:08x}"


def metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """The texts that a safetensors file holds; none of a file that is none."""
    place = regular(path)
    try:
        with safetensors.safe_open(place, framework="numpy") as file:
            return dict(file.metadata() or {})
    except safetensors.SafetensorError:
        return {}


@dataclass(frozen=True)
class Format:
    """A kind of file for arrays: safetensors, which holds numbers alone, and a description in JSON.

    Its errors have the name of the file before the message.
    """

    key: str  # of the description among the metadata
    fields: Mapping[str, type]  # of the description, besides ``version``
    kinds: Set[str]  # of the numbers in its arrays, as safetensors calls them
    writer: str  # of such files, for messages
    error: type[Exception]  # for a file that is none
    optional: Set[str] = frozenset()  # further fields of the description

    def write(
        self, path: str | os.PathLike[str], arrays: dict[str, Any], description: Mapping[str, Any]
    ) -> None:
        """Write a file, all of it or nothing."""
        described = {"version": _VERSION, **description}
        text = json.dumps(described, sort_keys=True, default=lambda array: array.tolist())
        told = {self.key: text, _CHECKSUM: _checksum(arrays, text)}
        write_whole(path, _in_order(safetensors.numpy.save(arrays, metadata=told)))

    @contextmanager
    def reading(
        self, path: str | os.PathLike[str]
    ) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Arrays and description; errors of this kind in the block get the file's name.

        So does that for a file which is no such file or is damaged. One that cannot be read is an
        OSError.
        """
        place = regular(path)
        with open(place, "rb"):  # for a clear OSError: safetensors has its own words for each
            pass
        try:
            with safetensors.safe_open(place, framework="numpy") as file:
                told = file.metadata()
                description = self._description(told)
                arrays = {}
                for key in file.keys():  # noqa: SIM118 - no mapping
                    kind = file.get_slice(key).get_dtype()
                    if kind not in self.kinds:
                        known = " or ".join(sorted(self.kinds))
                        raise self.error(f"{key} holds {kind} numbers in place of {known}")
                    arrays[key] = file.get_tensor(key)
            now = _checksum(arrays, told[self.key])
            if told.get(_CHECKSUM, now) != now:
                raise self.error(
                    "it was changed or damaged since it was written: its checksum is "
                    f"{told[_CHECKSUM]!r:.80} and that of its content {now!r}; take a copy"
                )
            yield arrays, description
        except safetensors.SafetensorError as error:
            raise self.error(
                f"{os.fsdecode(path)} is no safetensors file, or is damaged or cut short: {error}"
            ) from None
        except self.error as error:
            raise self.error(f"{os.fsdecode(path)}: {error}") from None

    def _description(self, metadata: Mapping[str, str] | None) -> dict[str, Any]:
        """The JSON document in the metadata, checked as far as every file needs it."""
        if not metadata or self.key not in metadata:
            raise self.error(f"a safetensors file, but not one that {self.writer} wrote")
        try:
            found = json.loads(metadata[self.key])
        except (ValueError, RecursionError) as error:
            raise self.error(f"its description cannot be read: {error}") from None
        if not isinstance(found, dict) or type(found.get("version")) is not int:
            raise self.error("its description has no version number")
        version = found.pop("version")
        if version != _VERSION:
            raise self.error(
                f"it has format version {version} and this program reads version {_VERSION}; "
                "a newer autograd_lite may read it"
            )
        fields = self.fields.keys()
        if not fields <= found.keys() <= fields | self.optional:
            raise self.error(f"its description holds {sorted(found)} and not {sorted(fields)}")
        for name, kind in self.fields.items():
            if not isinstance(found[name], kind):
                raise self.error(f"{name} in its description is {shown(found[name])}; take a copy")
        return found
