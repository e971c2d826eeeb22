#!/usr/bin/env python3
"""Makes the corpus of the image engine.

    generate.py DIR       writes every case's file or folder into DIR, and DIR/expected.json
    generate.py --check   fails when the committed expected.json is not what would be written
    generate.py --update  writes the committed expected.json

Standard library only; the same bytes on every run and every machine. README.md says how outcomes are computed.
"""

import sys

# The repository stays free of compiled modules.
sys.dont_write_bytecode = True

import hashlib
import json
import os
from pathlib import Path

from corpus import (
    damage,
    documents,
    headers,
    hostile,
    indexes,
    inline,
    layers,
    limits,
    oracle,
    producers,
    readers,
    sources,
    streams,
)
from corpus.expect import UNREADABLE

HERE = Path(__file__).resolve().parent
COMMITTED = HERE / "expected.json"
GROUPS = (producers, layers, sources, indexes, inline, damage, streams, hostile, readers, documents, headers, limits)


def pieces(content):
    """A file's content as pieces."""
    return [content] if isinstance(content, bytes) else content


def read_back(case):
    """What the oracle concludes from the bytes."""
    content = case.content if isinstance(case.content, dict) else b"".join(pieces(case.content))
    try:
        return oracle.measure(content)
    except oracle.Unreadable:
        return UNREADABLE


def write_file(path, content):
    """Writes a file; its digest and size."""
    digest, size = hashlib.sha256(), 0
    with open(path, "wb") if path else open(os.devnull, "wb") as file:
        for piece in pieces(content):
            file.write(piece)
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def write_folder(path, content):
    """Writes a folder; a digest over its names and contents."""
    digest = hashlib.sha256()
    if path:
        path.mkdir()
    for name, value in sorted(content.items()):
        digest.update(repr((name, value)).encode())
        if not path:
            continue
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, bytes):
            target.write_bytes(value)
        elif value[0] == "link":
            target.symlink_to(value[1])
        elif value[0] == "pipe":
            os.mkfifo(target)
        else:
            target.mkdir()
    return digest.hexdigest()


def entry(group, case, out):
    """Writes a case, unless `out` is None; its line of expected.json."""
    path = case.name if case.source == "folder" else f"{case.name}.tar"
    if case.read_back:
        found = read_back(case)
        assert found == case.expected, f"{case.name}: the oracle reads\n{found}\nand the case says\n{case.expected}"
    line = {"name": case.name, "group": group, "what": case.what, "source": case.source, "path": path}
    if case.source == "folder":
        line["sha256"] = write_folder(out and out / path, case.content)
    else:
        line["sha256"], line["bytes"] = write_file(out and out / path, case.content)
    alternatives = case.expected if isinstance(case.expected, list) else [case.expected]
    return {**line, "read_back": case.read_back, "expected": alternatives}


def generate(out):
    """Every line of expected.json, in the order of the groups."""
    lines, names = [], set()
    for module in GROUPS:
        for case in module.cases():
            assert case.name not in names, f"{case.name} is there twice"
            names.add(case.name)
            lines.append(entry(module.__name__.rsplit(".", 1)[1], case, out))
    return lines


def render(lines):
    """One case a line, so that a change is one line of a diff."""
    return "[\n" + ",\n".join(json.dumps(line, ensure_ascii=True, separators=(",", ":")) for line in lines) + "\n]\n"


def main(arguments):
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(__doc__, file=sys.stderr)
        return 2
    if arguments[0] in ("--check", "--update"):
        text = render(generate(None))
        if arguments[0] == "--update":
            COMMITTED.write_text(text, encoding="utf-8")
        elif text != COMMITTED.read_text(encoding="utf-8"):
            now = set(text.splitlines())
            changed = [line for line in COMMITTED.read_text(encoding="utf-8").splitlines() if line not in now]
            print(
                f"expected.json is not what the cases say; {len(changed)} of its lines changed:",
                *(line[:100] for line in changed),
                sep="\n",
                file=sys.stderr,
            )
            return 1
        return 0
    out = Path(arguments[0])
    out.mkdir(parents=True, exist_ok=True)
    (out / "expected.json").write_text(render(generate(out)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
