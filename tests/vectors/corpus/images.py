"""Images, and the archives that programs make of them.

One `Image` is what a publisher built: a configuration and layers. Each producer below writes it as one program does, so one
image stands in many archives and must always give one configuration digest.
"""

import hashlib
import json

from .packing import gzip
from .tarball import Pack

OCI = "application/vnd.oci.image."
DOCKER = "application/vnd.docker."
OCI_MANIFEST, OCI_INDEX, OCI_CONFIG = OCI + "manifest.v1+json", OCI + "index.v1+json", OCI + "config.v1+json"
OCI_LAYER, OCI_GZIP, OCI_ZSTD = OCI + "layer.v1.tar", OCI + "layer.v1.tar+gzip", OCI + "layer.v1.tar+zstd"
DOCKER_MANIFEST, DOCKER_INDEX = DOCKER + "distribution.manifest.v2+json", DOCKER + "distribution.manifest.list.v2+json"
DOCKER_CONFIG, DOCKER_GZIP = DOCKER + "container.image.v1+json", DOCKER + "image.rootfs.diff.tar.gzip"
FOREIGN_OCI = OCI + "layer.nondistributable.v1.tar+gzip"
FOREIGN_DOCKER = DOCKER + "image.rootfs.foreign.diff.tar.gzip"
MANIFEST_TYPES, INDEX_TYPES, CONFIG_TYPES = (
    (OCI_MANIFEST, DOCKER_MANIFEST),
    (OCI_INDEX, DOCKER_INDEX),
    (OCI_CONFIG, DOCKER_CONFIG),
)
IN_TOTO = "application/vnd.in-toto+json"
LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
# What containerd calls an image in an index, and what OCI does.
IMAGE_NAME, REF_NAME = "io.containerd.image.name", "org.opencontainers.image.ref.name"


def hex_of(content):
    return hashlib.sha256(content).hexdigest()


def digest(content):
    return "sha256:" + hex_of(content)


def blob_name(content):
    return "blobs/sha256/" + hex_of(content)


def dump(value):
    """JSON as Go writes it: no spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def text(seed, length):
    """Readable bytes that follow from `seed`: the fixed seeds of the corpus."""
    out = b""
    while len(out) < length:
        out += hashlib.sha256(b"%s %d" % (seed.encode(), len(out))).hexdigest().encode() + b"\n"
    return out[:length]


class Layer:
    """A layer: its tar, how it is stored, and the media type that a manifest gives it."""

    def __init__(self, content, stored=None, media_type=OCI_LAYER):
        self.content = content
        self.stored = content if stored is None else stored
        self.media_type = media_type
        self.diff_id = digest(content)
        self.bytes = len(content)

    def as_gzip(self, media_type=OCI_GZIP):
        return Layer(self.content, gzip(self.content), media_type)

    def as_stored(self, stored, media_type=OCI_LAYER):
        """The same layer, stored as these bytes."""
        return Layer(self.content, stored, media_type)


def layer(seed, length=700):
    """A layer of one file whose content follows from its seed."""
    return Layer(Pack().file(f"usr/share/{seed}", text(seed, length)).tar())


class Image:
    """A configuration and its layers, lowest first."""

    def __init__(self, layers, system="linux", architecture="amd64", variant=None, config=None, rootfs=None, **extra):
        self.layers = list(layers)
        self.platform = "/".join(part for part in (system, architecture, variant) if part)
        if config is None:
            platform = {"architecture": architecture, "os": system}
            if variant:
                platform["variant"] = variant
            config = dump(
                {
                    **platform,
                    "created": "2023-11-14T22:13:20Z",
                    "config": {"Env": ["PATH=/usr/bin"], "Cmd": ["/bin/sh"], "Labels": {"a": "1", "A": "2"}},
                    **extra,
                    "history": [
                        {"created": "2023-11-14T22:13:20Z", "created_by": f"COPY {at} /"}
                        for at in range(len(self.layers))
                    ],
                    "rootfs": rootfs or {"type": "layers", "diff_ids": [it.diff_id for it in self.layers]},
                }
            )
        self.config = config
        self.digest = digest(config)

    def stored_as(self, change):
        """The same image with its layers stored as `change` says."""
        return Image([change(it) for it in self.layers], config=self.config).on(self.platform)

    def on(self, platform):
        self.platform = platform
        return self


def descriptor(media_type, content, **more):
    return {"mediaType": media_type, "digest": digest(content), "size": len(content), **more}


def on(platform):
    """A descriptor's platform from `os/architecture[/variant]`."""
    system, architecture, *variant = platform.split("/")
    return {"platform": {"architecture": architecture, "os": system, **dict(zip(("variant",), variant))}}


def named(name):
    """The annotations of an index entry as Docker and BuildKit write them."""
    return {"annotations": {IMAGE_NAME: name, REF_NAME: name.rsplit(":", 1)[1]}}


def manifest(image, media_type=OCI_MANIFEST, config_type=OCI_CONFIG, layers=None, **more):
    """An image manifest's bytes."""
    return dump(
        {
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": descriptor(config_type, image.config),
            "layers": [descriptor(it.media_type, it.stored) for it in image.layers] if layers is None else layers,
            **more,
        }
    )


def index(*entries, media_type=OCI_INDEX):
    return dump({"schemaVersion": 2, "mediaType": media_type, "manifests": list(entries)})


def blobs(*contents):
    """Each content once, under its digest, in the order of the names, as engines write them."""
    pack = Pack()
    for name, content in sorted({blob_name(it): it for it in contents}.items()):
        pack = pack.file(name, content)
    return pack


def image_blobs(image, *more):
    return blobs(image.config, *(it.stored for it in image.layers), *more)


def layout(pack, *entries):
    """`pack` as an OCI layout whose index.json has these entries."""
    return (
        Pack()
        .folder("blobs/")
        .folder("blobs/sha256/")
        .join(pack)
        .file("index.json", index(*entries))
        .file("oci-layout", LAYOUT)
    )


def save_entry(image, config_name, layer_names, names):
    """One element of manifest.json."""
    return {"Config": config_name, "RepoTags": names, "Layers": layer_names}


def attestation(subject):
    """BuildKit's provenance for a manifest: an image manifest for no platform, with in-toto layers."""
    statement = Layer(
        dump({"_type": "https://in-toto.io/Statement/v0.1", "subject": [{"name": "_"}]}), media_type=IN_TOTO
    )
    return attested(Image([statement], "unknown", "unknown"), subject)


def attested(image, subject):
    document = manifest(image)
    entry = descriptor(
        OCI_MANIFEST,
        document,
        platform={"architecture": "unknown", "os": "unknown"},
        annotations={
            "vnd.docker.reference.digest": digest(subject),
            "vnd.docker.reference.type": "attestation-manifest",
        },
    )
    return image, document, entry


# What each program writes.


def v1_id(image, at):
    """The version 1 ID of a layer: any 64 hex digits that are no digest of what is here."""
    return hex_of(f"v1 {image.digest} {at}".encode())


def docker_1_10(*images):
    """Docker 1.10 to 24: a folder per layer, repeated layers as links to the first. `images` are (image, names)."""
    pack, entries, repositories, first = Pack(), [], {}, {}
    for image, names in images:
        layer_names = []
        for at, it in enumerate(image.layers):
            folder = v1_id(image, at)
            layer_names.append(f"{folder}/layer.tar")
            pack = (
                pack.folder(f"{folder}/")
                .file(f"{folder}/VERSION", b"1.0")
                .file(f"{folder}/json", dump({"id": folder, "os": "linux"}))
            )
            if it.diff_id in first:
                pack = pack.symlink(f"{folder}/layer.tar", f"../{first[it.diff_id]}/layer.tar")
            else:
                first[it.diff_id] = folder
                pack = pack.file(f"{folder}/layer.tar", it.stored)
        pack = pack.file(config_json(image), image.config)
        entries.append(save_entry(image, config_json(image), layer_names, names))
        for name in names or []:
            repository, _, tag = name.rpartition(":")
            repositories.setdefault(repository, {})[tag] = folder if image.layers else ""
    return pack.file("manifest.json", dump(entries)).file("repositories", dump(repositories))


def config_json(image):
    return f"{hex_of(image.config)}.json"


def docker_25(*images):
    """Docker 25 to 28, classic store: an OCI layout whose blobs manifest.json names too. `images` are (image, names)."""
    stored, entries, saves = [], [], []
    for image, names in images:
        document = manifest(image)
        stored += [image.config, document, *(it.stored for it in image.layers)]
        entries += [descriptor(OCI_MANIFEST, document, **named(full(name))) for name in names or []] or [
            descriptor(OCI_MANIFEST, document)
        ]
        saves.append(
            {
                **save_entry(image, blob_name(image.config), [blob_name(it.stored) for it in image.layers], names),
                "LayerSources": {it.diff_id: descriptor(it.media_type, it.stored) for it in image.layers},
            }
        )
    return layout(blobs(*stored), *entries).file("manifest.json", dump(saves))


def full(name):
    """A familiar name in its full form, as annotations have it."""
    if "/" not in name:
        return f"docker.io/library/{name}"
    first = name.split("/")[0]
    return name if "." in first or ":" in first or first == "localhost" else f"docker.io/{name}"


def skopeo_docker(*images, listed_links=False):
    """skopeo, buildah and podman, `docker-archive:`: layers at the top by diffID, links from the version 1 folders."""
    pack, entries, repositories = Pack(), [], {}
    for image, names in images:
        for at, it in enumerate(image.layers):
            folder, top = v1_id(image, at), f"{it.diff_id[7:]}.tar"
            pack = (
                pack.file(top, it.stored)
                .symlink(f"{folder}/layer.tar", f"../{top}")
                .file(f"{folder}/VERSION", b"1.0")
                .file(f"{folder}/json", dump({"id": folder}))
            )
        pack = pack.file(config_json(image), image.config)
        layer_names = [
            f"{v1_id(image, at)}/layer.tar" if listed_links else f"{it.diff_id[7:]}.tar"
            for at, it in enumerate(image.layers)
        ]
        entries.append(save_entry(image, config_json(image), layer_names, names))
        for name in names or []:
            repositories.setdefault(name.rsplit(":", 1)[0], {})[name.rsplit(":", 1)[1]] = v1_id(image, 0)
    return pack.once().file("repositories", dump(repositories)).file("manifest.json", dump(entries))


def oci_archive(image, name, media_type=OCI_MANIFEST, config_type=OCI_CONFIG):
    """skopeo and buildah, `oci-archive:`: the name in `org.opencontainers.image.ref.name`."""
    document = manifest(image, media_type, config_type)
    entry = descriptor(media_type, document, **({"annotations": {REF_NAME: name}} if name else {}))
    return layout(image_blobs(image, document), entry), document


def go_containerregistry(*images):
    """crane and kaniko: the configuration under its whole digest, layers under that of their gzip form, manifest last."""
    pack, entries = Pack(), []
    for image, names in images:
        layer_names = [f"{hex_of(it.stored)}.tar.gz" for it in image.layers]
        pack = pack.file(digest(image.config), image.config)
        for name, it in zip(layer_names, image.layers):
            pack = pack.file(name, it.stored)
        entries.append(save_entry(image, digest(image.config), layer_names, names))
    return pack.once().file("manifest.json", dump(entries))


def buildx_oci(builds, name):
    """`docker buildx --output type=oci`: an index of all platforms, each with an attestation. `builds` are images."""
    stored, entries, documents = [], [], []
    for image in builds:
        document = manifest(image)
        proof, proof_document, proof_entry = attestation(document)
        stored += [image.config, document, proof.config, proof_document]
        stored += [it.stored for it in image.layers + proof.layers]
        entries.append(descriptor(OCI_MANIFEST, document, **on(image.platform)))
        entries.append(proof_entry)
        documents.append(document)
    # BuildKit puts the attestations behind all images.
    inner = index(*entries[::2], *entries[1::2])
    return layout(blobs(inner, *stored), descriptor(OCI_INDEX, inner, **named(full(name)))), documents, inner


def buildx_docker(image, name):
    """`docker buildx --output type=docker`: gzip layers as blobs, and manifest.json beside the layout."""
    document = manifest(image, DOCKER_MANIFEST, DOCKER_CONFIG)
    entry = descriptor(DOCKER_MANIFEST, document, **named(full(name)))
    save = save_entry(image, blob_name(image.config), [blob_name(it.stored) for it in image.layers], [name])
    return layout(image_blobs(image, document), entry).file("manifest.json", dump([save])), document
