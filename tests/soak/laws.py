"""The parts of the soak: laws, with what `laws.toml` says of each."""

import importlib
import tomllib
from collections import Counter
from pathlib import Path
from typing import NamedTuple


class Part(NamedTuple):
    """A law, of which every draw comes from a seed; see the head of `laws.toml`."""

    name: str  # of its function, too
    module: str
    wanted: int
    noun: str
    told: str
    pack: int = 1
    slice: float = 40.0
    limit: float = 60.0
    repeats: bool = True
    build: str = ""

    def law(self, seed: int, seen: Counter[str]) -> None:
        """Try it: raise what is wrong, count what was seen.

        Of a pack these are all the trials from the seed on.
        """
        function = getattr(importlib.import_module(self.module), self.name)
        if self.pack > 1:
            function(seed, seen, self.pack)
        else:
            function(seed, seen)


_TEXT = Path(__file__).with_name("laws.toml").read_text(encoding="utf-8")
BY_NAME = {name: Part(name, **given) for name, given in tomllib.loads(_TEXT).items()}
PARTS = [*BY_NAME.values()]
