"""Group `indexes`: nested indexes, platforms, attestations and artifacts."""

from .case import Case
from .expect import AMBIGUOUS, UNREADABLE, document, missing_layer, result, without_config
from .fixtures import APP, BAD, EVIL, FULL, MANIFEST, NAME, A, B, C
from .images import (
    OCI_INDEX,
    OCI_MANIFEST,
    Image,
    attestation,
    blob_name,
    blobs,
    descriptor,
    digest,
    dump,
    image_blobs,
    index,
    layout,
    manifest,
    named,
    on,
)

ARM = Image([B, C], architecture="arm64", variant="v8")


def nest(content, levels):
    """`content` inside so many indexes, innermost first; the media type and bytes of the outermost, and all of them."""
    kind, inner = OCI_MANIFEST, []
    for _ in range(levels):
        content = index(descriptor(kind, content))
        kind = OCI_INDEX
        inner.append(content)
    return kind, content, inner


def nested():
    for levels in (2, 8):
        kind, outermost, inner = nest(MANIFEST, levels)
        pack = layout(image_blobs(APP, MANIFEST, *inner), descriptor(kind, outermost, **named(FULL)))
        yield Case(
            f"index-nested-{levels}",
            f"a manifest inside {levels} indexes; each of their digests is recorded",
            pack.tar(),
            document(result(APP, [NAME], manifests=[digest(it) for it in [MANIFEST, *inner]])),
        )
    kind, outermost, inner = nest(MANIFEST, 2)
    pack = layout(image_blobs(APP, MANIFEST, *inner), descriptor(kind, outermost, **named(FULL)))
    yield Case(
        "index-nested-missing",
        "the inner of two indexes is not here",
        pack.without(blob_name(inner[0])).tar(),
        document(without_config("incomplete", [NAME])),
    )
    # The blob of the right name has other bytes.
    yield Case(
        "index-nested-changed",
        "a byte of the inner index changed",
        pack.rewritten(blob_name(inner[0]), inner[0].replace(b":2", b":3", 1)).tar(),
        document(without_config("corrupt", [NAME])),
    )
    inner = index(descriptor(OCI_MANIFEST, MANIFEST, **on("linux/amd64")))
    entries = [descriptor(OCI_INDEX, inner, **named(name)) for name in (FULL, "docker.io/acme/api:latest")]
    yield Case(
        "index-of-two-names",
        "one index under two names is one image with two names",
        layout(image_blobs(APP, MANIFEST, inner), *entries).tar(),
        document(result(APP, [NAME, "acme/api:latest"], manifests=[digest(MANIFEST), digest(inner)])),
    )
    # `index.json` may list what neither store's loader takes: entries of unknown types are passed over by all of them.
    yield Case(
        "index-entry-of-unknown-type",
        "an entry whose media type nobody knows is no image",
        layout(
            image_blobs(APP, MANIFEST, b"{}"),
            descriptor("application/vnd.acme.thing", b"{}"),
            descriptor(OCI_MANIFEST, MANIFEST, **named(FULL)),
        ).tar(),
        document(result(APP, [NAME], manifests=[digest(MANIFEST)])),
    )


def platforms():
    gone = descriptor(OCI_MANIFEST, b"never pulled", **on("linux/arm64/v8"))
    two = index(
        descriptor(OCI_MANIFEST, MANIFEST, **on("linux/amd64")),
        gone,
        descriptor(OCI_MANIFEST, b"nor this", **on("linux/arm/v7")),
    )
    pack = layout(image_blobs(APP, MANIFEST, two), descriptor(OCI_INDEX, two, **named(FULL)))
    here = result(APP, [NAME], manifests=[digest(MANIFEST), digest(two)])
    yield Case(
        "absent-platforms",
        "platforms of the index that were never pulled are listed, and are no failure",
        pack.tar(),
        document(here, absent=["linux/arm64/v8", "linux/arm/v7"]),
    )
    only = index(gone)
    yield Case(
        "absent-platforms-only",
        "an index none of whose platforms is here: the engine lists an image that it does not hold",
        layout(blobs(only), descriptor(OCI_INDEX, only, **named(FULL))).tar(),
        document(without_config("incomplete", [NAME]), absent=["linux/arm64/v8"]),
    )
    body = manifest(ARM)
    both = index(
        descriptor(OCI_MANIFEST, MANIFEST, **on("linux/amd64")), descriptor(OCI_MANIFEST, body, **on("linux/arm64/v8"))
    )
    pack = layout(image_blobs(APP, MANIFEST, both, body), descriptor(OCI_INDEX, both, **named(FULL)))
    here = result(APP, [NAME], manifests=[digest(MANIFEST), digest(both)])
    apart = Image([C], architecture="arm64", variant="v8")
    other = index(
        descriptor(OCI_MANIFEST, MANIFEST, **on("linux/amd64")),
        descriptor(OCI_MANIFEST, manifest(apart), **on("linux/arm64/v8")),
    )
    yield Case(
        "absent-platform-with-manifest",
        "of one platform only the manifest is here",
        layout(image_blobs(APP, MANIFEST, other, manifest(apart)), descriptor(OCI_INDEX, other, **named(FULL))).tar(),
        document(result(APP, [NAME], manifests=[digest(MANIFEST), digest(other)]), absent=["linux/arm64/v8"]),
    )
    # "Does not hold" could mean either; the platform that is here is measured in both readings.
    yield Case(
        "absent-platform-with-a-shared-layer",
        "the same, and a layer that the platforms share is here",
        pack.tar(),
        [
            document(here, absent=["linux/arm64/v8"]),
            document(here, without_config("incomplete", [NAME], [digest(body), digest(both)])),
        ],
        read_back=False,
    )
    # With its configuration here the image can be told, and what can be told and is not whole is incomplete.
    states = [
        {
            "diff_id": it.diff_id,
            "bytes": it.bytes if it in APP.layers else 0,
            "state": "measured" if it in APP.layers else "missing",
            "found": None,
        }
        for it in ARM.layers
    ]
    yield Case(
        "platform-without-its-layers",
        "of one platform manifest and configuration are here, and not all layers",
        pack.join(blobs(ARM.config)).tar(),
        document(here, result(ARM, [NAME], "incomplete", states, [digest(body), digest(both)])),
    )
    # Windows images of several releases share os and architecture and differ in os.version (image-spec, image-index).
    old, new = (
        Image([it], "windows", "amd64", **{"os.version": version})
        for it, version in ((A, "10.0.17763.1"), (B, "10.0.20348.1"))
    )
    entries = []
    for image, version in ((old, "10.0.17763.1"), (new, "10.0.20348.1")):
        platform = {"architecture": "amd64", "os": "windows", "os.version": version}
        entries.append(descriptor(OCI_MANIFEST, manifest(image), platform=platform))
    inner = index(*entries)
    pack = layout(
        image_blobs(old, manifest(old)).join(image_blobs(new, manifest(new), inner)),
        descriptor(OCI_INDEX, inner, **named(FULL)),
    )
    yield Case(
        "windows-os-versions",
        "two Windows releases in one index are two images of one name",
        pack.once().tar(),
        document(*(result(it, [NAME], manifests=[digest(manifest(it)), digest(inner)]) for it in (old, new))),
    )
    inner = index(
        descriptor(OCI_MANIFEST, MANIFEST, **on("linux/amd64")),
        descriptor(OCI_MANIFEST, manifest(EVIL), **on("linux/amd64")),
    )
    pack = layout(
        image_blobs(APP, MANIFEST, inner, manifest(EVIL), EVIL.config, BAD.content),
        descriptor(OCI_INDEX, inner, **named(FULL)),
    )
    # "Two different configurations claiming one tag" : here for one and the same platform, of which
    # engines take the first and others may take the last.
    yield Case(
        "same-platform-twice",
        "an index with two different images for one platform",
        pack.tar(),
        AMBIGUOUS,
        read_back=False,
    )


def attestations():
    image, proof_document, entry = attestation(MANIFEST)
    inner = index(descriptor(OCI_MANIFEST, MANIFEST, **on("linux/amd64")), entry)
    pack = layout(
        image_blobs(APP, MANIFEST, inner, proof_document, image.config, *(it.stored for it in image.layers)),
        descriptor(OCI_INDEX, inner, **named(FULL)),
    )
    here = result(APP, [NAME], manifests=[digest(MANIFEST), digest(inner)])
    yield Case(
        "attestation",
        "a provenance attestation (platform unknown/unknown, in-toto layers) is no image",
        pack.tar(),
        document(here),
    )
    yield Case(
        "attestation-absent",
        "an attestation that is not here is no absent platform",
        pack.without(blob_name(proof_document)).tar(),
        document(here),
    )
    # A statement that is not here may have been a layer: what is marked as an attestation is not believed to be one.
    missing = [missing_layer(image.layers[0].diff_id)]
    manifests = [digest(proof_document), digest(inner)]
    half = result(image, [NAME], "incomplete", missing, manifests, platform=None)
    yield Case(
        "attestation-without-its-statement",
        "an attestation whose statement is not here may be anything",
        pack.without(blob_name(image.layers[0].stored)).tar(),
        document(here, half),
        read_back=False,
    )
    alone = index(entry)
    yield Case(
        "attestation-alone",
        "an index of an attestation and nothing else holds no image",
        layout(
            blobs(alone, proof_document, image.config, *(it.stored for it in image.layers)),
            descriptor(OCI_INDEX, alone, **named(FULL)),
        ).tar(),
        UNREADABLE,
    )
    chart = dump(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor("application/vnd.cncf.helm.config.v1+json", b"{}"),
            "layers": [descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip", b"chart")],
        }
    )
    chart_entry = descriptor(OCI_MANIFEST, chart, **named("docker.io/acme/chart:1"))
    yield Case(
        "artifact",
        "a Helm chart in a layout is no image",
        layout(blobs(chart, b"{}", b"chart"), chart_entry).tar(),
        UNREADABLE,
    )
    yield Case(
        "artifact-beside-an-image",
        "an artifact beside an image is passed over",
        layout(
            image_blobs(APP, MANIFEST, chart, b"{}", b"chart"),
            chart_entry,
            descriptor(OCI_MANIFEST, MANIFEST, **named(FULL)),
        ).tar(),
        document(result(APP, [NAME], manifests=[digest(MANIFEST)])),
    )
    sbom = dump(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": "application/spdx+json",
            "subject": descriptor(OCI_MANIFEST, MANIFEST),
            "config": descriptor("application/vnd.oci.empty.v1+json", b"{}"),
            "layers": [descriptor("application/spdx+json", b"{}")],
        }
    )
    yield Case(
        "artifact-referrer",
        "an SBOM that refers to the image (artifactType, subject, empty configuration)",
        layout(
            image_blobs(APP, MANIFEST, sbom, b"{}"),
            descriptor(OCI_MANIFEST, MANIFEST, **named(FULL)),
            descriptor(OCI_MANIFEST, sbom),
        ).tar(),
        document(result(APP, [NAME], manifests=[digest(MANIFEST)])),
    )


def cases():
    yield from nested()
    yield from platforms()
    yield from attestations()
