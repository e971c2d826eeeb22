"""Group `sources`: outer compression, standard input, layout folders, and files that are no image archives."""

from . import samples
from .case import Case
from .expect import REFUSED, UNREADABLE, corrupt_layer, document, error, missing_layer, result, without_config
from .fixtures import APP, BAD, FULL, MANIFEST, NAME, A, B, case, classic, hybrid
from .images import (
    LAYOUT,
    OCI_INDEX,
    OCI_MANIFEST,
    Image,
    attestation,
    blob_name,
    config_json,
    descriptor,
    digest,
    dump,
    index,
    manifest,
    named,
    on,
    save_entry,
    text,
)
from .packing import gzip, skippable, zstd
from .tarball import END, Pack, member


def outer():
    whole = classic().tar()
    first, second = whole[:700], whole[700:]
    for name, what, content in (
        ("gzip", "a gzip archive", gzip(whole)),
        ("gzip-several-members", "an archive in three gzip members", gzip(first) + gzip(b"") + gzip(second)),
        (
            "gzip-header-fields",
            "a gzip archive with name, comment, extra field and checksum in its header",
            gzip(whole, name=b"app.tar", extra=b"ab\x00\x00", comment=b"c", header_sum=True),
        ),
        ("zstd", "a zstd archive", zstd(whole)),
        (
            "zstd-several-frames",
            "an archive in two zstd frames",
            zstd(first, checked=True) + zstd(second, content_size=len(second)),
        ),
        ("zstd-skippable-first", "a zstd archive behind a skippable frame", skippable() + zstd(whole)),
        (
            "zstd-skippable-between",
            "skippable frames between and behind",
            zstd(first) + skippable(b"") + zstd(second) + skippable(number=15),
        ),
    ):
        yield Case(f"outer-{name}", what, content, document(result(APP, [NAME])))
    packed = classic(APP.stored_as(lambda it: it.as_gzip())).tar()
    yield Case(
        "outer-gzip-over-gzip-layers", "gzip layers in a zstd archive", zstd(packed), document(result(APP, [NAME]))
    )
    # Engines unpack a file once (moby, archive.DecompressStream).
    yield case("outer-gzip-twice", "gzip in gzip", gzip(gzip(whole)), UNREADABLE)
    for name, stream in (("bzip2", samples.BZIP2), ("xz", samples.XZ)):
        # No text asks for these; what is not read is refused by its name, not called damaged.
        yield case(f"outer-{name}", f"a {name} file", stream, REFUSED)
        yield case(f"layer-{name}", f"a {name} layer", classic(Image([A, samples.LAYER.as_stored(stream)])), REFUSED)


def standard_input():
    whole = classic().tar()
    here = document(result(APP, [NAME]))
    yield Case("stdin", "an archive through a pipe", whole, here, "stdin")
    yield Case(
        "stdin-hybrid",
        "a hybrid archive through a pipe",
        hybrid().tar(),
        document(result(APP, [NAME], manifests=[digest(MANIFEST)])),
        "stdin",
    )
    yield Case("stdin-gzip", "a gzip archive through a pipe", gzip(whole), here, "stdin")
    yield Case("stdin-zstd", "a zstd archive through a pipe", skippable() + zstd(whole), here, "stdin")
    yield Case("stdin-truncated", "a pipe that closes early", whole[:3000], UNREADABLE, "stdin", read_back=False)
    yield Case("stdin-empty", "a pipe that closes at once", b"", UNREADABLE, "stdin")
    yield Case(
        "stdin-corrupt",
        "a changed layer through a pipe",
        classic()
        .rewritten(
            "manifest.json",
            dump(
                [
                    save_entry(
                        APP,
                        config_json(APP),
                        [[it for it, _ in classic().members if it.endswith("layer.tar")][0]] * 2,
                        [NAME],
                    )
                ]
            ),
        )
        .tar(),
        document(result(APP, [NAME], "corrupt", [A, corrupt_layer(B.diff_id, A)])),
        "stdin",
    )


def strangers():
    for name, what, content in (
        ("empty-file", "a file of no bytes", b""),
        ("text-file", "a text", text("a text", 5000)),
        ("short-text", "a text shorter than a block", b"hello\n"),
        ("only-zeros", "zeros", bytes(5000)),
        ("end-marker-only", "an archive without members", END),
        ("gzip-text", "a gzip text", gzip(text("a text", 5000))),
        ("gzip-of-nothing", "a gzip stream of no bytes", gzip(b"")),
        ("gzip-magic-only", "three bytes of gzip", b"\x1f\x8b\x08"),
        ("zstd-magic-only", "four bytes of zstd", b"\x28\xb5\x2f\xfd"),
        ("json-file", "manifest.json alone, not in an archive", dump([save_entry(APP, "c.json", [], [NAME])])),
    ):
        yield Case(name, f"{what}: no image", content, UNREADABLE, read_back=False)
    root = (
        Pack()
        .folder("etc/")
        .file("etc/passwd", b"root:x:0:0::/root:/bin/sh\n")
        .symlink("bin", "usr/bin")
        .file("usr/bin/sh", text("sh", 2000))
    )
    yield Case("docker-export", "`docker export`: a container's files", root.tar(), UNREADABLE)
    v1 = "d" * 64
    old = (
        Pack()
        .folder(f"{v1}/")
        .file(f"{v1}/VERSION", b"1.0")
        .file(f"{v1}/json", dump({"id": v1}))
        .file(f"{v1}/layer.tar", A.content)
    )
    yield Case(
        "docker-before-1.10",
        "Docker before 1.10: `repositories` and no manifest.json",
        old.file("repositories", dump({"acme/api": {"1": v1}})).tar(),
        UNREADABLE,
    )
    yield Case(
        "archive-in-an-archive",
        "an image archive packed once more",
        Pack().file("app.tar", classic().tar()).tar(),
        UNREADABLE,
    )
    yield Case(
        "layout-below-a-folder",
        "a layout packed with its folder: `app/index.json`",
        Pack(
            [
                (f"app/{name}", member(f"app/{name}".encode(), raw[512 : 512 + int(raw[124:135], 8)]))
                for name, raw in hybrid().members
                if not name.endswith("/")
            ]
        ).tar(),
        UNREADABLE,
    )
    yield Case("layout-marker-only", "oci-layout and nothing else", Pack().file("oci-layout", LAYOUT).tar(), UNREADABLE)


def folder(image=APP, name=FULL, **more):
    """An OCI layout as files."""
    body = manifest(image)
    return {
        "oci-layout": LAYOUT,
        "index.json": index(descriptor(OCI_MANIFEST, body, **named(name))),
        blob_name(image.config): image.config,
        blob_name(body): body,
        **{blob_name(it.stored): it.stored for it in image.layers},
        **more,
    }


def folders():
    def held(name, what, content, expected, read_back=True):
        return Case(f"folder-{name}", what, content, expected, "folder", read_back)

    whole = folder()
    here = result(APP, [NAME], manifests=[digest(MANIFEST)])
    yield held("layout", "an OCI layout", whole, document(here))
    gzipped = APP.stored_as(lambda it: it.as_gzip())
    yield held(
        "gzip-layers",
        "a layout with gzip layers",
        folder(gzipped),
        document(result(APP, [NAME], manifests=[digest(manifest(gzipped))])),
    )
    saves = dump(
        [
            save_entry(
                APP, blob_name(APP.config), [blob_name(it.content) for it in APP.layers], [NAME, "acme/api:latest"]
            )
        ]
    )
    yield held(
        "hybrid",
        "an unpacked archive of Docker 25: manifest.json too",
        {**whole, "manifest.json": saves},
        document({**here, "references": ["docker.io/acme/api:1", "docker.io/acme/api:latest"]}),
    )
    proof, proof_document, entry = attestation(MANIFEST)
    inner = index(
        descriptor(OCI_MANIFEST, MANIFEST, **on("linux/amd64")),
        descriptor(OCI_MANIFEST, b"never pulled", **on("linux/arm64")),
        entry,
    )
    yield held(
        "multi-platform",
        "an index with an absent platform and an attestation",
        {
            **whole,
            "index.json": index(descriptor(OCI_INDEX, inner, **named(FULL))),
            blob_name(inner): inner,
            blob_name(proof_document): proof_document,
        },
        document(result(APP, [NAME], manifests=[digest(MANIFEST), digest(inner)]), absent=["linux/arm64"]),
    )
    yield held(
        "other-files",
        "files that a layout does not have, other algorithms, and blobs that nothing names",
        {
            **whole,
            "README": b"x",
            "blobs/sha512/" + "0" * 128: b"x",
            "blobs/sha256/" + "0" * 64: b"x",
            "blobs/sha256/.tmp": b"x",
        },
        document(here),
    )
    yield held(
        "blob-missing",
        "a layer's blob is not here",
        {k: v for k, v in whole.items() if k != blob_name(B.content)},
        document(result(APP, [NAME], "incomplete", [A, missing_layer(B.diff_id)], [digest(MANIFEST)])),
    )
    yield held(
        "blob-changed",
        "a layer's blob has other bytes",
        {**whole, blob_name(B.content): BAD.content},
        document(result(APP, [NAME], "corrupt", [A, corrupt_layer(B.diff_id, BAD)], [digest(MANIFEST)])),
    )
    yield held(
        "configuration-changed",
        "the configuration's blob has other bytes",
        {**whole, blob_name(APP.config): APP.config + b"\n"},
        document(result(Image(APP.layers, config=APP.config + b"\n"), [NAME], "corrupt", manifests=[digest(MANIFEST)])),
    )
    yield held(
        "manifest-missing",
        "the manifest's blob is not here",
        {k: v for k, v in whole.items() if k != blob_name(MANIFEST)},
        document(without_config("incomplete", [NAME])),
    )
    yield held(
        "without-marker",
        "a layout without `oci-layout`",
        {k: v for k, v in whole.items() if k != "oci-layout"},
        document(here),
    )
    yield held(
        "without-index",
        "`oci-layout` and blobs without index.json",
        {k: v for k, v in whole.items() if k != "index.json"},
        UNREADABLE,
    )
    yield held(
        "without-blobs",
        "a layout without its folder of blobs",
        {"oci-layout": LAYOUT, "index.json": whole["index.json"]},
        document(without_config("incomplete", [NAME])),
    )
    yield held("empty", "an empty folder", {}, UNREADABLE)
    yield held("of-other-files", "a folder of other files", {"etc/passwd": b"x"}, UNREADABLE)
    yield held(
        "index-key-repeated",
        "index.json repeats a key",
        {**whole, "index.json": whole["index.json"].replace(b'"manifests"', b'"manifests":[],"manifests"', 1)},
        error("archive-ambiguous"),
        False,
    )
    # A layout from a stranger must lead nowhere else on this machine: not through a link, and not into a pipe that
    # never ends.
    outside = ("link", "/dev/zero")
    for name, what, more in (
        ("blob-is-a-link-out", "a blob is a link to /dev/zero", {blob_name(B.content): outside}),
        (
            "unnamed-blob-is-a-link-out",
            "a blob that nothing names is a link to /dev/zero",
            {"blobs/sha256/" + "1" * 64: outside},
        ),
        ("index-is-a-link-out", "index.json is a link to /dev/zero", {"index.json": outside}),
        ("blob-is-a-pipe", "a blob is a pipe that nobody writes to", {blob_name(B.content): ("pipe",)}),
        ("blob-is-a-folder", "a blob is a folder", {blob_name(B.content): ("folder",)}),
    ):
        yield held(name, what, {**whole, **more}, REFUSED, False)
    moved = {path.replace("blobs/", "elsewhere/"): content for path, content in whole.items()}
    yield held(
        "blobs-is-a-link",
        "the folder of blobs is a link to another folder",
        {**moved, "blobs": ("link", "elsewhere")},
        REFUSED,
        False,
    )


def cases():
    yield from outer()
    yield from standard_input()
    yield from strangers()
    yield from folders()
