"""One case of the corpus."""

from dataclasses import dataclass
from typing import Any, Union


@dataclass
class Case:
    """`content` is bytes (several pieces for a large file), or for a folder a mapping from path to bytes, `("link", target)`,
    `("pipe",)` or `("folder",)`. `read_back` says that the oracle must reach the same outcome from the bytes."""

    name: str
    what: str
    content: Any
    expected: Union[dict, list]
    source: str = "file"
    read_back: bool = True
