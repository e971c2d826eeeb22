"""Expected outcomes, from how a case is made.

An outcome is what `daochain hash … --json` must print and return. `"*"` stands where no text fixes the value.
Several outcomes in a list are alternatives: each is safe, and no text prefers one.
"""

from .images import full

ANY = "*"


def measured_layer(layer):
    return {"diff_id": layer.diff_id, "bytes": layer.bytes, "state": "measured", "found": None}


def corrupt_layer(diff_id, found):
    """`found` is the layer that is there instead; `None` where the stream is damaged and has no digest."""
    return {
        "diff_id": diff_id,
        "bytes": found.bytes if found else ANY,
        "state": "corrupt",
        "found": found.diff_id if found else None,
    }


def missing_layer(diff_id):
    return {"diff_id": diff_id, "bytes": 0, "state": "missing", "found": None}


def result(image, names=(), state="measured", layers=None, manifests=(), **other):
    """One image of a document. Layers are those of `image` unless given: as layers here, or ready-made entries."""
    layers = image.layers if layers is None else layers
    return {
        "state": state,
        "references": sorted(full(name) for name in names),
        "config_digest": image.digest,
        "platform": image.platform,
        "manifest_digests": manifests if manifests == ANY else sorted(manifests),
        "layers": ANY if layers == ANY else [it if isinstance(it, dict) else measured_layer(it) for it in layers],
        **other,
    }


def without_config(state, names=(), manifests=()):
    """An image of which not even the configuration was found."""
    return {
        "state": state,
        "references": sorted(full(name) for name in names),
        "config_digest": None,
        "platform": None,
        "manifest_digests": sorted(manifests),
        "layers": [],
    }


def document(*images, absent=()):
    """A document of results; its exit code follows from the states ."""
    states = {image["state"] for image in images}
    code = 3 if "corrupt" in states else 1 if "incomplete" in states else 0
    return {"schema": "daochain.hash/1", "exit": code, "images": list(images), "absent_platforms": sorted(absent)}


def error(*codes):
    """A `daochain.error/1`. With several codes each will do."""
    return {"schema": "daochain.error/1", "exit": 1, "code": codes[0] if len(codes) == 1 else list(codes)}


UNREADABLE, AMBIGUOUS, REFUSED = error("archive-unreadable"), error("archive-ambiguous"), error("archive-refused")
ENGINE, ALGORITHM = error("engine-error"), error("digest-algorithm")
# A header that no sound program writes may be called malformed as well as ambiguous; what matters is that it is not
# believed.
NOT_BELIEVED = error("archive-ambiguous", "archive-unreadable", "archive-refused")
