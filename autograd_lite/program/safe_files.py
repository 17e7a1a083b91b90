"""Files of ours: safetensors, which holds numbers alone, and a description as JSON in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import safetensors
import safetensors.numpy

from autograd_lite.errors import AutogradError
from autograd_lite.files import regular, write_whole

VERSION = 1


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Attributes
    ----------
    key : str
        Of the description among the metadata.
    fields : set of str
        Of the description, besides ``version``.
    kinds : set of str
        Of numbers that its arrays hold, as safetensors calls them.
    writer : str
        What writes such files, for messages.
    error : type
        What is raised for a file that is none, with its name before the message.
    """

    key: str
    fields: Set[str]
    kinds: Set[str]
    writer: str
    error: type[AutogradError]

    def write(
        self, path: str | os.PathLike[str], arrays: dict[str, Any], description: Mapping[str, Any]
    ) -> None:
        """Write a file, all of it or nothing."""
        text = json.dumps({"version": VERSION, **description}, sort_keys=True)
        write_whole(path, safetensors.numpy.save(arrays, metadata={self.key: text}))

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
                description = self._description(file.metadata())
                arrays = {}
                for key in file.keys():  # noqa: SIM118 - no mapping
                    kind = file.get_slice(key).get_dtype()
                    if kind not in self.kinds:
                        known = " or ".join(sorted(self.kinds))
                        raise self.error(f"{key} holds {kind} numbers in place of {known}")
                    arrays[key] = file.get_tensor(key)
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
        if version != VERSION:
            raise self.error(
                f"it has format version {version} and this program reads version {VERSION}; "
                "a newer autograd_lite may read it"
            )
        if found.keys() != self.fields:
            raise self.error(f"its description holds {sorted(found)} and not {sorted(self.fields)}")
        return found
