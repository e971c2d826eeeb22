"""Group `layers`: how a layer may be stored, and images without any."""

from . import samples
from .case import Case
from .expect import corrupt_layer, document, missing_layer, result
from .fixtures import NAME, A, B, classic
from .images import (
    FOREIGN_DOCKER,
    FOREIGN_OCI,
    OCI_CONFIG,
    OCI_GZIP,
    OCI_MANIFEST,
    OCI_ZSTD,
    Image,
    Layer,
    blob_name,
    config_json,
    descriptor,
    digest,
    docker_1_10,
    dump,
    image_blobs,
    layout,
    manifest,
    named,
    oci_archive,
    save_entry,
    text,
)
from .packing import gzip, skippable, window, zstd
from .tarball import Pack, member

OTHER = Image([B], created="2022-01-01T00:00:00Z")


def stored(name, what, *layers, **more):
    """A sound image of these layers, by their names in manifest.json alone."""
    image = Image(layers)
    return Case(name, what, classic(image).tar(), document(result(image, [NAME])), **more)


def compressions():
    first, second = A.content[:600], A.content[600:]
    yield stored("layer-gzip", "a gzip layer inside a docker-archive is told by its content", A.as_gzip(), B)
    yield stored(
        "layer-gzip-several-members",
        "two gzip members follow each other, as pigz and bgzip make them",
        A.as_stored(gzip(first) + gzip(second) + gzip(b"")),
        B,
    )
    yield stored(
        "layer-gzip-header-fields",
        "a gzip header with name, comment, extra field and checksum",
        A.as_stored(gzip(A.content, name=b"layer.tar", extra=b"ab\x04\x00abcd", comment=b"c", header_sum=True)),
    )
    yield stored("layer-gzip-of-the-real-tool", "gzip -9: dynamic Huffman codes", samples.LAYER.as_stored(samples.GZIP))
    yield stored("layer-zstd", "a zstd layer", A.as_stored(zstd(A.content), OCI_ZSTD), B)
    yield stored(
        "layer-zstd-several-frames",
        "frames with and without size, checksum and single segment",
        A.as_stored(zstd(first, content_size=len(first), single_segment=True) + zstd(second, checked=True)),
        B,
    )
    yield stored(
        "layer-zstd-skippable-first",
        "a skippable frame before the data (as zstd:chunked and pzstd have them)",
        A.as_stored(skippable() + zstd(A.content)),
    )
    yield stored(
        "layer-zstd-skippable-between-and-last",
        "skippable frames of all sixteen magic numbers, one of them empty",
        A.as_stored(zstd(first) + b"".join(skippable(number=at) for at in range(16)) + zstd(second) + skippable(b"")),
    )
    yield stored(
        "layer-zstd-skippable-only", "nothing but a skippable frame: a layer of no bytes", Layer(b"", skippable())
    )
    yield stored(
        "layer-zstd-of-the-real-tool",
        "zstd -19 --check: compressed blocks, which the oracle does not read",
        samples.LAYER.as_stored(samples.ZSTD),
        read_back=False,
    )
    yield stored(
        "layer-zstd-window-8-mib",
        "the largest window that every decoder must take",
        A.as_stored(zstd(A.content, window_byte=window(23))),
    )
    yield stored(
        "layers-mixed",
        "plain, gzip and zstd layers in one image",
        A,
        B.as_gzip(),
        samples.LAYER.as_stored(samples.GZIP),
        A.as_stored(zstd(A.content)),
    )
    plain, packed = Image([A, B]), OTHER.stored_as(lambda it: it.as_gzip())
    yield Case(
        "layer-stored-in-two-ways",
        "two images share a layer, stored plain for one and gzip for the other",
        docker_1_10((plain, [NAME]))
        .join(docker_1_10((packed, ["other:1"])).without("manifest.json", "repositories"))
        .rewritten(
            "manifest.json",
            dump(
                [
                    save_entry(plain, config_json(plain), list_layers(plain), [NAME]),
                    save_entry(packed, config_json(packed), list_layers(packed), ["other:1"]),
                ]
            ),
        )
        .tar(),
        document(result(plain, [NAME]), result(packed, ["other:1"])),
    )


def list_layers(image):
    return [name for name, _ in docker_1_10((image, None)).members if name.endswith("layer.tar")]


def contents():
    yield stored(
        "layer-bytes-behind-the-end",
        "bytes behind a layer's end-of-tar marker count in its diffID",
        Layer(A.content + b"behind the marker"),
        B,
    )
    yield stored(
        "layer-without-end-marker",
        "a layer without end-of-tar marker, as some builders write it",
        Layer(A.content[:-1024]),
        B,
    )
    yield stored(
        "layer-empty-tar", "the empty layer that Docker builds for metadata: 1024 zeros", Layer(bytes(1024)), A
    )
    yield stored("layer-of-no-bytes", "a member of no bytes", Layer(b""), A)
    yield stored("layer-of-three-bytes", "fewer bytes than any magic number", Layer(b"abc"))
    yield stored(
        "layer-begins-like-json",
        "the first name in the layer makes it look like a document",
        Layer(member(b'{"rootfs":{}}', text("j", 100)) + bytes(1024)),
        Layer(member(b"[]", b"") + bytes(1024)),
    )
    long = Layer(member(b"{", bytes(9 << 20)) + bytes(1024))
    yield stored(
        "layer-begins-like-json-9-mib",
        "a layer that looks like a document above the bound of documents",
        long.as_gzip(),
    )
    yield stored("layer-shared-by-position", "one member is three layers", A, A, A)
    names = ["a.tar", "./a.tar", "x/../a.tar"]
    image = Image([A, A, A])
    yield Case(
        "layer-named-in-three-ways",
        "manifest.json names one member in three spellings",
        Pack()
        .file("c.json", image.config)
        .file("a.tar", A.content)
        .file("manifest.json", dump([save_entry(image, "c.json", names, [NAME])]))
        .tar(),
        document(result(image, [NAME])),
    )
    # Engines unpack once. What is below must be named by the configuration as it is.
    twice = A.as_stored(gzip(gzip(A.content)))
    once = Layer(gzip(A.content))
    yield Case(
        "layer-gzip-twice",
        "gzip in gzip: engines unpack once, so the layer is another one",
        classic(Image([twice, B])).tar(),
        document(result(Image([twice, B]), [NAME], "corrupt", [corrupt_layer(A.diff_id, once), B])),
    )
    claimed = dump(
        {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [digest(gzip(A.content))]}}
    )
    wrong = Image([A.as_gzip()], config=claimed)
    yield Case(
        "diff-id-of-the-gzip-form",
        "a configuration that lists the digest of the compressed layer",
        classic(wrong).tar(),
        document(result(wrong, [NAME], "corrupt", [corrupt_layer(digest(gzip(A.content)), A)])),
    )


def without_layers():
    for name, what, rootfs in (
        ("no-layers-absent", "diff_ids is absent", {"type": "layers"}),
        ("no-layers-null", "diff_ids is null", {"type": "layers", "diff_ids": None}),
        ("no-layers-empty", "diff_ids is empty", {"type": "layers", "diff_ids": []}),
    ):
        image = Image([], rootfs=rootfs)
        pack = Pack().file(config_json(image), image.config)
        save = save_entry(image, config_json(image), None if "null" in name else [], [NAME])
        yield Case(
            name,
            f"an image without layers: {what}",
            pack.file("manifest.json", dump([save])).tar(),
            document(result(image, [NAME])),
        )
    image = Image([], rootfs={"type": "layers", "diff_ids": None})
    # BuildKit writes null for a build `FROM scratch` without files (exporter/containerimage/writer.go: a nil slice).
    for name, layers in (("no-layers-oci-null", None), ("no-layers-oci-empty", [])):
        body = dump(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": descriptor(OCI_CONFIG, image.config),
                "layers": layers,
            }
        )
        pack = layout(image_blobs(image, body), descriptor(OCI_MANIFEST, body, **named("docker.io/acme/api:1")))
        yield Case(
            name,
            f"an OCI manifest whose layers are {dump(layers).decode()}",
            pack.tar(),
            document(result(image, [NAME], manifests=[digest(body)])),
        )


def non_distributable():
    for name, kind in (("foreign-layer-present", FOREIGN_OCI), ("foreign-layer-present-docker", FOREIGN_DOCKER)):
        image = Image([A.as_gzip(kind), B.as_gzip()])
        pack, body = oci_archive(image, "docker.io/acme/api:1")
        yield Case(
            name,
            f"a layer of the type {kind.rsplit('.', 2)[0]}… that is here is measured like any other",
            pack.tar(),
            document(result(image, [NAME], manifests=[digest(body)])),
        )
    image = Image([A.as_gzip(FOREIGN_DOCKER), B.as_gzip()])
    layers = [
        descriptor(FOREIGN_DOCKER, image.layers[0].stored, urls=["https://example.invalid/layer"]),
        descriptor(OCI_GZIP, image.layers[1].stored),
    ]
    body = manifest(image, layers=layers)
    pack = layout(image_blobs(image, body), descriptor(OCI_MANIFEST, body, **named("docker.io/acme/api:1")))
    # It may be had from its address, but it was not measured: each member that is referred to must be present.
    yield Case(
        "foreign-layer-absent",
        "a non-distributable layer that is elsewhere: what was not hashed is not measured",
        pack.without(blob_name(image.layers[0].stored)).tar(),
        document(result(image, [NAME], "incomplete", [missing_layer(A.diff_id), B], [digest(body)])),
    )


def cases():
    yield from compressions()
    yield from contents()
    yield from without_layers()
    yield from non_distributable()
