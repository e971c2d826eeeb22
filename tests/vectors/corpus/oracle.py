"""A second implementation of measuring, by `tarfile`, `gzip`, `json` and `hashlib`.

It reads the finished bytes, and must reach what the case's maker stated. It believes sound archives and those with changed or
missing content; what makes an archive hostile it does not look for, so such cases say `read_back=False`.
"""

import gzip
import hashlib
import io
import json
import posixpath
import re
import struct
import tarfile
import zlib

from . import packing
from .images import CONFIG_TYPES, IMAGE_NAME, INDEX_TYPES, MANIFEST_TYPES, REF_NAME

NAME = re.compile(
    r"(?:(?P<registry>[^/]*[.:A-Z][^/]*|localhost)/)?(?P<path>[a-z0-9]+(?:(?:\.|__?|-+|/)[a-z0-9]+)*):"
    r"(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})"
)


class Unreadable(Exception):
    """No image can be told."""


def sha(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def unpack(stored):
    """The content of a layer or outer file; `None` where its compression is damaged."""
    try:
        if stored[:3] == b"\x1f\x8b\x08":
            return gzip.decompress(stored)
        if stored[:4] == packing.ZSTD or stored[1:4] == b"\x2a\x4d\x18":
            return packing.unzstd(stored)
    except (OSError, EOFError, AssertionError, IndexError, zlib.error, struct.error):
        return None
    return stored


def clean(name):
    return posixpath.normpath("/" + name).lstrip("/")


def read_tar(stream):
    """Every member's content by its clean name, links resolved."""
    files, links = {}, {}
    with tarfile.open(fileobj=io.BytesIO(stream), mode="r:") as archive:
        for member in archive:
            name = clean(member.name)
            if member.isreg():
                files[name] = archive.extractfile(member).read()
            elif member.islnk():
                links[name] = clean(member.linkname)
            elif member.issym() and not posixpath.normpath(
                posixpath.join(posixpath.dirname(name), member.linkname)
            ).startswith(".."):
                links[name] = clean(posixpath.join(posixpath.dirname(name), member.linkname))
    for name, target in links.items():
        hops = 0
        while target in links and hops < 20:
            target, hops = links[target], hops + 1
        if target in files:
            files[name] = files[target]
    return files


def read_folder(spec):
    return {clean(path): content for path, content in spec.items() if isinstance(content, bytes)}


def reference(name):
    """The full form of a name with a tag; `None` for anything else."""
    found = NAME.fullmatch(name or "")
    if not found:
        return None
    registry, path = found["registry"] or "docker.io", found["path"]
    return f"{registry}/{path if registry != 'docker.io' or '/' in path else 'library/' + path}:{found['tag']}"


def platform(value):
    parts = [value.get(key) for key in ("os", "architecture", "variant")]
    return "/".join(part for part in parts if part) if parts[0] and parts[1] and parts[0] != "unknown" else None


def judge(files, config_name, layer_names, names, manifests=()):
    """One image by its configuration's and layers' members."""
    image = {
        "state": "measured",
        "references": sorted({it for it in map(reference, names) if it}),
        "config_digest": None,
        "platform": None,
        "manifest_digests": sorted(manifests),
        "layers": [],
    }
    config = files.get(config_name)
    promised = re.search(r"(?:^|[:/])([0-9a-f]{64})(?:\.json)?$", config_name)
    if config is None:
        return {**image, "state": "incomplete"}, promised and promised[1]
    image["config_digest"] = sha(config)
    if promised and promised[1] != sha(config)[7:]:
        image["state"] = "corrupt"
    try:
        parsed = json.loads(config.decode())
        diff_ids = parsed["rootfs"].get("diff_ids") or []
    except (ValueError, KeyError, TypeError, AttributeError):
        return {**image, "state": "corrupt"}, image["config_digest"]
    image["platform"] = platform(parsed)
    states = {"corrupt"} if len(diff_ids) != len(layer_names) else set()
    for at, diff_id in enumerate(diff_ids):
        stored = files.get(layer_names[at]) if at < len(layer_names) else None
        content = None if stored is None else unpack(stored)
        named = re.fullmatch(r"blobs/sha256/(.*)", layer_names[at]) if at < len(layer_names) else None
        if stored is None:
            entry = {"diff_id": diff_id, "bytes": 0, "state": "missing", "found": None}
        elif content is None:
            entry = {"diff_id": diff_id, "bytes": "*", "state": "corrupt", "found": None}
        elif sha(content) != diff_id:
            entry = {"diff_id": diff_id, "bytes": len(content), "state": "corrupt", "found": sha(content)}
        elif named and named[1] != sha(stored)[7:]:
            entry = {"diff_id": diff_id, "bytes": len(content), "state": "corrupt", "found": "*"}
        else:
            entry = {"diff_id": diff_id, "bytes": len(content), "state": "measured", "found": None}
        states.add({"missing": "incomplete"}.get(entry["state"], entry["state"]))
        image["layers"].append(entry)
    for state in ("incomplete", "corrupt"):
        if state in states and image["state"] != "corrupt":
            image["state"] = state
    return image, (promised[1] and "sha256:" + promised[1]) if promised else image["config_digest"]


class Walk:
    """The images of an index and of the indexes in it."""

    def __init__(self, files):
        self.files, self.images, self.absent = files, [], []

    def top(self, entry):
        found, absent = [], []
        annotations = entry.get("annotations") or {}
        names = [annotations.get(IMAGE_NAME) or annotations.get(REF_NAME)]
        self.visit(entry, names, [], found, absent)
        whole = [it for it in found if it[2] is None]
        if whole:
            absent += [it[2] for it in found if it[2]]
            found = whole
        if not found and absent:
            found = [
                (
                    {
                        "state": "incomplete",
                        "references": sorted(filter(None, map(reference, names))),
                        "config_digest": None,
                        "platform": None,
                        "manifest_digests": [],
                        "layers": [],
                    },
                    None,
                    None,
                )
            ]
        self.images += [it[:2] for it in found]
        self.absent += absent

    def visit(self, entry, names, parents, found, absent):
        """Appends (image, identity, platform where nothing of it is here)."""
        wanted = entry.get("platform") or {}
        if wanted.get("os") == "unknown" or entry.get("mediaType") not in MANIFEST_TYPES + INDEX_TYPES:
            return
        content = self.files.get("blobs/sha256/" + entry["digest"][7:])
        empty = {
            "references": sorted(filter(None, map(reference, names))),
            "config_digest": None,
            "platform": None,
            "manifest_digests": [],
            "layers": [],
        }
        if content is None:
            if platform(wanted):
                absent.append(platform(wanted))
            else:
                found.append(({"state": "incomplete", **empty}, None, None))
            return
        if sha(content) != entry["digest"]:
            found.append(({"state": "corrupt", **empty}, None, None))
            return
        parsed = json.loads(content)
        if entry["mediaType"] in INDEX_TYPES:
            for child in parsed["manifests"]:
                self.visit(child, names, [*parents, entry["digest"]], found, absent)
            return
        if not platform(wanted) and parsed["config"]["mediaType"] not in CONFIG_TYPES:
            return
        blob = lambda it: "blobs/sha256/" + it["digest"][7:]
        layers = [blob(it) for it in parsed.get("layers") or []]
        image, identity = judge(self.files, blob(parsed["config"]), layers, names, [entry["digest"], *parents])
        gone = blob(parsed["config"]) not in self.files and not any(it in self.files for it in layers)
        found.append((image, identity, platform(wanted) if gone else None))


GRAVITY = ["measured", "incomplete", "corrupt"]


def merge(images):
    """One result for each configuration, as grave as the gravest way to it."""
    merged = []
    for image, identity in images:
        known = next(
            (
                it
                for it in merged
                if (it[1] == identity if identity and it[1] else set(it[0]["references"]) & set(image["references"]))
            ),
            None,
        )
        if known is None:
            merged.append([image, identity])
            continue
        one, two = known[0], image
        if GRAVITY.index(two["state"]) > GRAVITY.index(one["state"]):
            one, two = two, one
        known[0] = {
            **one,
            "config_digest": one["config_digest"] or two["config_digest"],
            "platform": one["platform"] or two["platform"],
            "layers": one["layers"] or two["layers"],
            "references": sorted({*one["references"], *two["references"]}),
            "manifest_digests": sorted({*one["manifest_digests"], *two["manifest_digests"]}),
        }
        known[1] = known[1] or identity
    return [it[0] for it in merged]


def measure(content):
    """What `content` (a file's bytes, or a folder as a mapping) holds, as an expected outcome."""
    if isinstance(content, dict):
        files = read_folder(content)
    else:
        stream = unpack(content)
        # `tarfile` takes the end of the stream for the end of the archive.
        if stream is None or not stream.rstrip(b"\0") or len(stream) - len(stream.rstrip(b"\0")) < 1024:
            raise Unreadable
        files = read_tar(stream)
    images, walk = [], Walk(files)
    if "manifest.json" in files:
        for entry in json.loads(files["manifest.json"]):
            images.append(
                judge(
                    files, clean(entry["Config"]), list(map(clean, entry["Layers"] or [])), entry.get("RepoTags") or []
                )
            )
    if "index.json" in files:
        for entry in json.loads(files["index.json"])["manifests"]:
            walk.top(entry)
    merged = merge(images + walk.images)
    if not merged:
        raise Unreadable
    states = {it["state"] for it in merged}
    return {
        "schema": "daochain.hash/1",
        "exit": 3 if "corrupt" in states else 1 if "incomplete" in states else 0,
        "images": merged,
        "absent_platforms": sorted(set(walk.absent)),
    }
