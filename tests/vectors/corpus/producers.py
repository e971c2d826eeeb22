"""Group `producers`: what sound programs write. One image, one configuration digest, whoever packed it."""

from .case import Case
from .expect import document, result
from .fixtures import APP, NAME, A, B, C, classic, hybrid
from .images import (
    DOCKER_CONFIG,
    DOCKER_GZIP,
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    OCI_MANIFEST,
    OCI_ZSTD,
    Image,
    attestation,
    blob_name,
    blobs,
    buildx_docker,
    buildx_oci,
    config_json,
    descriptor,
    digest,
    docker_1_10,
    docker_25,
    dump,
    go_containerregistry,
    index,
    layout,
    manifest,
    named,
    oci_archive,
    on,
    save_entry,
    skopeo_docker,
)
from .packing import zstd
from .tarball import GNU, OLD_REGULAR, USTAR, V7, Pack, header, padded

TWICE = Image([A, B, A, A])
OTHER = Image([A, C], created="2022-01-01T00:00:00Z")
GZIPPED = APP.stored_as(lambda it: it.as_gzip())
DOCKER_GZIPPED = APP.stored_as(lambda it: it.as_gzip(DOCKER_GZIP))


def measured(name, what, pack, *images, **more):
    absent = more.pop("absent", ())
    content = pack if isinstance(pack, (bytes, dict)) else pack.tar()
    return Case(name, what, content, document(*images, absent=absent), **more)


def docker():
    yield measured(
        "docker-1.10-save",
        "Docker 1.10 to 24: folders named by version 1 IDs, with VERSION, json and layer.tar",
        classic(),
        result(APP, [NAME]),
    )
    yield measured(
        "docker-1.10-repeated-layers",
        "layers that repeat are links `../<id>/layer.tar` to the first",
        docker_1_10((TWICE, [NAME])),
        result(TWICE, [NAME]),
    )
    yield measured(
        "docker-1.10-several-images",
        "two images, three names, a shared layer that is stored once",
        docker_1_10((APP, [NAME, "127.0.0.1:5000/acme/api:1"]), (OTHER, ["other:latest"])),
        result(APP, [NAME, "127.0.0.1:5000/acme/api:1"]),
        result(OTHER, ["other:latest"]),
    )
    yield measured(
        "docker-1.10-by-id", "an image saved by its ID has RepoTags null", docker_1_10((APP, None)), result(APP)
    )
    yield measured(
        "docker-25-save",
        "Docker 25 to 28, classic store: an OCI layout and manifest.json over the same blobs",
        hybrid(),
        result(APP, [NAME], manifests=[digest(manifest(APP))]),
    )
    yield measured(
        "docker-25-several-names",
        "index.json lists a manifest once for each of its names",
        docker_25((APP, [NAME, "acme/api:latest"])),
        result(APP, [NAME, "acme/api:latest"], manifests=[digest(manifest(APP))]),
    )
    yield measured(
        "docker-25-by-id",
        "neither list gives a name",
        docker_25((APP, None)),
        result(APP, manifests=[digest(manifest(APP))]),
    )
    yield measured(
        "docker-25-several-images",
        "two images share a blob",
        docker_25((APP, [NAME]), (OTHER, ["other:2"])),
        result(APP, [NAME], manifests=[digest(manifest(APP))]),
        result(OTHER, ["other:2"], manifests=[digest(manifest(OTHER))]),
    )
    # The containerd store saves the index that it pulled: one platform is here, one is not, and attestations are no
    # images.
    document_ = manifest(GZIPPED)
    proof, proof_document, proof_entry = attestation(document_)
    inner = index(
        descriptor(OCI_MANIFEST, document_, **on("linux/amd64")),
        descriptor(OCI_MANIFEST, b"never pulled", **on("linux/arm64/v8")),
        proof_entry,
    )
    pack = layout(
        blobs(inner, document_, GZIPPED.config, proof_document, *(it.stored for it in GZIPPED.layers)),
        descriptor("application/vnd.oci.image.index.v1+json", inner, **named("docker.io/acme/api:1")),
    ).file(
        "manifest.json",
        dump([save_entry(APP, blob_name(APP.config), [blob_name(it.stored) for it in GZIPPED.layers], [NAME])]),
    )
    yield measured(
        "docker-29-containerd-save",
        "the containerd store: gzip blobs, an index with an absent platform and an attestation",
        pack,
        result(APP, [NAME], manifests=[digest(document_), digest(inner)]),
        absent=["linux/arm64/v8"],
    )


def others():
    yield measured(
        "skopeo-docker-archive",
        "skopeo copy … docker-archive: layers at the top, by diffID",
        skopeo_docker((APP, [NAME])),
        result(APP, [NAME]),
    )
    yield measured(
        "skopeo-docker-archive-links",
        "manifest.json names the links `<id>/layer.tar` → `../<diffid>.tar`",
        skopeo_docker((TWICE, [NAME]), listed_links=True),
        result(TWICE, [NAME]),
    )
    pack, document_ = oci_archive(GZIPPED, "docker.io/acme/api:1")
    yield measured(
        "skopeo-oci-archive",
        "skopeo copy … oci-archive:FILE:NAME, gzip layers",
        pack,
        result(APP, [NAME], manifests=[digest(document_)]),
    )
    pack, document_ = oci_archive(GZIPPED, "1")
    yield measured(
        "oci-archive-bare-tag",
        "org.opencontainers.image.ref.name is a tag alone, which names no repository",
        pack,
        result(APP, manifests=[digest(document_)]),
    )
    pack, document_ = oci_archive(GZIPPED, None)
    yield measured("oci-archive-nameless", "no annotation at all", pack, result(APP, manifests=[digest(document_)]))
    zstded = APP.stored_as(lambda it: it.as_stored(zstd(it.content), OCI_ZSTD))
    pack, document_ = oci_archive(zstded, "localhost/acme/api:1")
    yield measured(
        "buildah-oci-archive-zstd",
        "buildah push --compression-format zstd oci-archive:, an unqualified name",
        pack,
        result(APP, ["localhost/acme/api:1"], manifests=[digest(document_)]),
    )
    pack, document_ = oci_archive(DOCKER_GZIPPED, "quay.io/acme/api:1", DOCKER_MANIFEST, DOCKER_CONFIG)
    yield measured(
        "buildah-oci-archive-docker-types",
        "an OCI archive with Docker's media types inside",
        pack,
        result(APP, ["quay.io/acme/api:1"], manifests=[digest(document_)]),
    )
    yield measured(
        "podman-save-multi",
        "podman save -m: several images in one docker-archive",
        skopeo_docker((APP, [NAME, "localhost/two:2"]), (OTHER, ["localhost/other:1"])),
        result(APP, [NAME, "localhost/two:2"]),
        result(OTHER, ["localhost/other:1"]),
    )
    yield measured(
        "kaniko-tar",
        "kaniko --tar-path: the configuration is `sha256:X`, layers are `X.tar.gz`",
        go_containerregistry((GZIPPED, ["gcr.io/acme/api:1"])),
        result(APP, ["gcr.io/acme/api:1"]),
    )
    other = OTHER.stored_as(lambda it: it.as_gzip())
    yield measured(
        "crane-pull",
        "crane pull of two images into one file: shared layers come once",
        go_containerregistry((GZIPPED, [NAME]), (other, ["ghcr.io/acme/other:1"])),
        result(APP, [NAME]),
        result(OTHER, ["ghcr.io/acme/other:1"]),
    )
    jib = Pack().file("config.json", APP.config)
    for it in GZIPPED.layers:
        jib = jib.file(f"{it.diff_id[7:]}.tar.gz", it.stored)
    jib = jib.file(
        "manifest.json",
        dump([save_entry(APP, "config.json", [f"{it.diff_id[7:]}.tar.gz" for it in APP.layers], [NAME])]),
    )
    yield measured(
        "jib-build-tar", "jib buildTar: a configuration whose name promises no digest", jib, result(APP, [NAME])
    )
    pack, documents, inner = buildx_oci([GZIPPED], NAME)
    yield measured(
        "buildx-type-oci",
        "buildx --output type=oci: one platform and its provenance in an index",
        pack,
        result(APP, [NAME], manifests=[digest(documents[0]), digest(inner)]),
    )
    pack, document_ = buildx_docker(DOCKER_GZIPPED, NAME)
    yield measured(
        "buildx-type-docker",
        "buildx --output type=docker: gzip blobs that both lists name",
        pack,
        result(APP, [NAME], manifests=[digest(document_)]),
    )
    arm64, arm = (
        Image([B, C], architecture=arch, variant=variant)
        .stored_as(lambda it: it.as_gzip())
        .on(f"linux/{arch}/{variant}")
        for arch, variant in (("arm64", "v8"), ("arm", "v7"))
    )
    pack, documents, inner = buildx_oci([GZIPPED, arm64, arm], NAME)
    yield measured(
        "buildx-type-oci-three-platforms",
        "every platform is one image of the same name",
        pack,
        *(
            result(image, [NAME], manifests=[digest(document_), digest(inner)])
            for image, document_ in zip((GZIPPED, arm64, arm), documents)
        ),
    )
    document_ = manifest(DOCKER_GZIPPED, DOCKER_MANIFEST, DOCKER_CONFIG)
    inner = index(descriptor(DOCKER_MANIFEST, document_, **on("linux/amd64")), media_type=DOCKER_INDEX)
    pack = layout(
        blobs(inner, document_, APP.config, *(it.stored for it in DOCKER_GZIPPED.layers)),
        descriptor(DOCKER_INDEX, inner, **named("docker.io/acme/api:1")),
    )
    yield measured(
        "docker-manifest-list",
        "Docker's manifest list and manifest in a layout",
        pack,
        result(APP, [NAME], manifests=[digest(document_), digest(inner)]),
    )


def spellings():
    links = docker_1_10((TWICE, [NAME]))
    names = [name for name, _ in links.members if name.endswith("layer.tar")]
    hard = links.replaced(names[2], Pack().hard_link(names[2], names[0]).unended()).replaced(
        names[3], Pack().hard_link(names[3], names[0]).unended()
    )
    yield measured("hard-links", "repeated layers as hard links", hard, result(TWICE, [NAME]))
    chain = links.replaced(names[3], Pack().symlink(names[3], f"../{names[2]}").unended())
    yield measured("link-to-a-link", "a link to a link to a layer", chain, result(TWICE, [NAME]))
    yield measured(
        "links-before-their-target", "links come before what they lead to", links.reversed(), result(TWICE, [NAME])
    )
    odd = (
        Pack()
        .folder("./")
        .file("./c.json", APP.config)
        .file("layers//./a.tar", A.content)
        .file("x/../layers/b.tar", B.content)
    )
    odd = odd.file("./manifest.json", dump([save_entry(APP, "./c.json", ["layers/a.tar", "layers/./b.tar"], [NAME])]))
    yield measured(
        "names-with-dots",
        "`./`, `//` and `..` inside names mean what they mean to a file system",
        odd,
        result(APP, [NAME]),
    )
    absolute = Pack().file("/c.json", APP.config).file("/a.tar", A.content).file("/b.tar", B.content)
    absolute = absolute.file("/manifest.json", dump([save_entry(APP, "c.json", ["a.tar", "b.tar"], [NAME])]))
    yield measured(
        "absolute-names", "engines unpack `/a` below the folder that they unpack into", absolute, result(APP, [NAME])
    )
    for name, magic, kind in (("tar-v7", V7, OLD_REGULAR), ("tar-gnu", GNU, b"0"), ("tar-ustar", USTAR, b"0")):
        pack = Pack()
        for member, raw in classic().members:
            content = raw[512 : 512 + int(raw[124:135], 8)]
            if not member.endswith("/"):
                # Names of 64 digits and more fit the old field of 100 bytes.
                pack = pack.raw(header(member.encode(), len(content), kind, magic=magic) + padded(content))
        yield measured(
            name,
            f"the same archive with headers of the magic {magic!r} and members of type {kind!r}",
            pack,
            result(APP, [NAME]),
        )
    invalid = [
        "<none>:<none>",
        "acme/UPPER:1",
        "untagged",
        "localhost:5000/untagged",
        "a b:1",
        "x\x1b[2J:1",
        "acme/api:1",
        "acme/api@sha256:" + "0" * 64,
    ]
    # Another spelling of a name that is there: a reference is one name, so it is said once.
    invalid.append("index.docker.io/acme/api:1")
    yield measured(
        "names-that-are-none",
        "what is no reference is left out; two spellings of one are one; without a tag it is `latest`, as for containerd",
        docker_1_10((APP, invalid)),
        result(APP, [NAME, "docker.io/library/untagged:latest", "localhost:5000/untagged:latest"]),
        read_back=False,
    )
    pack = hybrid().without("oci-layout")
    # Without the marker containerd reads manifest.json, with it index.json: both lead to one image here.
    yield measured(
        "no-layout-marker",
        "index.json without `oci-layout`",
        pack,
        result(APP, [NAME], manifests=[digest(manifest(APP))]),
    )
    huge = Image(
        [A, B],
        config=dump(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {
                    "Labels": {"k": "1", "K": "2"},
                    "Volumes": {"/d": {}, "/D": {}},
                    "ExposedPorts": {"1/tcp": {}, "1/TCP": {}},
                },
                "rootfs": {"type": "layers", "diff_ids": [A.diff_id, B.diff_id]},
            }
        ),
    )
    yield measured(
        "maps-with-keys-of-both-cases",
        "labels, volumes and ports are data: `k` and `K` are two keys",
        classic(huge),
        result(huge, [NAME]),
    )
    yield measured(
        "unreferenced-members",
        "members that nothing names do no harm, whatever they hold",
        classic()
        .file("notes.json", b'{"a":1,"a":2}')
        .file("broken.gz", b"\x1f\x8b\x08garbage")
        .file("x.bz2", b"BZh91AY&SY")
        .symlink("out", "../../etc/passwd")
        .special("null", b"3")
        .special("pipe", b"6"),
        result(APP, [NAME]),
    )


def order():
    for name, what, pack in (
        ("config-first", "the configuration comes first", classic().first(config_json(APP))),
        ("config-last", "the configuration comes last", classic().last(config_json(APP))),
        ("manifest-first", "manifest.json comes first", classic().first("manifest.json")),
        ("manifest-last", "manifest.json comes last", classic().last("manifest.json")),
        ("reversed", "everything in the opposite order", classic().reversed()),
    ):
        yield measured(name, what, pack, result(APP, [NAME]))
    yield measured(
        "hybrid-reversed",
        "a hybrid archive in the opposite order",
        hybrid().reversed(),
        result(APP, [NAME], manifests=[digest(manifest(APP))]),
    )


def cases():
    yield from docker()
    yield from others()
    yield from spellings()
    yield from order()
