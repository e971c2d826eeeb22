"""Group `damage`: content that changed or is missing."""

from .case import Case
from .expect import ANY, corrupt_layer, document, measured_layer, missing_layer, result, without_config
from .fixtures import APP, BAD, EVIL, FULL, MANIFEST, NAME, A, B, classic, flipped, hybrid, layer_member
from .images import (
    OCI_CONFIG,
    OCI_MANIFEST,
    Image,
    Layer,
    blob_name,
    blobs,
    config_json,
    descriptor,
    digest,
    dump,
    image_blobs,
    layout,
    manifest,
    named,
    oci_archive,
    save_entry,
)
from .tarball import Pack

TWICE = Image([A, A])


def corrupt(name, what, pack, *layers, image=APP, **more):
    return Case(name, what, pack.tar(), document(result(image, [NAME], "corrupt", layers, **more)))


def changed():
    found = Layer(flipped(B.content))
    name = layer_member(APP, 1)
    yield corrupt(
        "layer-changed-byte",
        "one bit of a layer changed",
        classic().rewritten(name, found.content),
        A,
        corrupt_layer(B.diff_id, found),
    )
    yield corrupt(
        "layer-changed-in-hybrid",
        "one bit of a blob changed: both lists lead to it",
        hybrid().rewritten(blob_name(B.content), found.content),
        A,
        corrupt_layer(B.diff_id, found),
        manifests=[digest(MANIFEST)],
    )
    yield corrupt(
        "layer-replaced",
        "another layer under the same name",
        classic().rewritten(name, BAD.content),
        A,
        corrupt_layer(B.diff_id, BAD),
    )
    yield corrupt(
        "layer-longer",
        "bytes were added behind a layer's end marker",
        classic().rewritten(name, B.content + b"x"),
        A,
        corrupt_layer(B.diff_id, Layer(B.content + b"x")),
    )
    yield corrupt(
        "layer-shorter",
        "a layer lost its end marker",
        classic().rewritten(name, B.content[:-1024]),
        A,
        corrupt_layer(B.diff_id, Layer(B.content[:-1024])),
    )
    swapped = classic().rewritten(layer_member(APP, 0), B.content).rewritten(name, A.content)
    yield corrupt(
        "layers-swapped",
        "the right layers in the wrong order",
        swapped,
        corrupt_layer(A.diff_id, B),
        corrupt_layer(B.diff_id, A),
    )
    save = save_entry(APP, config_json(APP), [layer_member(APP, 1), layer_member(APP, 0)], [NAME])
    yield corrupt(
        "layers-swapped-in-the-list",
        "manifest.json lists the right layers in the wrong order",
        classic().rewritten("manifest.json", dump([save])),
        corrupt_layer(A.diff_id, B),
        corrupt_layer(B.diff_id, A),
    )
    # Every diffID is somewhere in the archive; `crane validate` and `skopeo copy` are content with that.
    pack = Pack().file("c.json", TWICE.config).file("a.tar", A.content).file("b.tar", B.content)
    yield corrupt(
        "layers-by-position",
        "the configuration says [A, A] and the archive holds [A, B]",
        pack.file("manifest.json", dump([save_entry(TWICE, "c.json", ["a.tar", "b.tar"], [NAME])])),
        A,
        corrupt_layer(A.diff_id, B),
        image=TWICE,
    )
    yield corrupt(
        "layers-by-position-the-other-way",
        "the configuration says [A, B] and the archive names A twice",
        Pack()
        .file("c.json", APP.config)
        .file("a.tar", A.content)
        .file("b.tar", B.content)
        .file("manifest.json", dump([save_entry(APP, "c.json", ["a.tar", "a.tar"], [NAME])])),
        A,
        corrupt_layer(B.diff_id, A),
    )
    one = save_entry(APP, config_json(APP), [layer_member(APP, 0)], [NAME])
    yield corrupt(
        "fewer-layers-than-diff-ids",
        "manifest.json names one layer of two",
        classic().rewritten("manifest.json", dump([one])),
        A,
        missing_layer(B.diff_id),
    )
    three = save_entry(APP, config_json(APP), [layer_member(APP, at) for at in (0, 1, 0)], [NAME])
    yield corrupt(
        "more-layers-than-diff-ids",
        "manifest.json names three layers for two diffIDs",
        classic().rewritten("manifest.json", dump([three])),
        A,
        B,
    )
    none = save_entry(APP, config_json(APP), [], [NAME])
    yield corrupt(
        "no-layers-for-diff-ids",
        "manifest.json names no layer for two diffIDs",
        classic().rewritten("manifest.json", dump([none])),
        missing_layer(A.diff_id),
        missing_layer(B.diff_id),
    )


def identities():
    """A name that is a digest, over bytes that are not its own."""
    other = APP.config.replace(b"/bin/sh", b"/bin/su")
    renamed = Image([A, B], config=other)
    yield corrupt(
        "configuration-changed",
        "`X.json` does not have the digest X; its layers are right",
        classic().rewritten(config_json(APP), other),
        A,
        B,
        image=renamed,
    )
    yield corrupt(
        "configuration-changed-in-hybrid",
        "the blob of the configuration does not have its digest",
        hybrid().rewritten(blob_name(APP.config), other),
        A,
        B,
        image=renamed,
        manifests=[digest(MANIFEST)],
    )
    save = save_entry(APP, APP.digest, ["a.tar", "b.tar"], [NAME])
    yield corrupt(
        "configuration-changed-kaniko",
        "`sha256:X` does not have the digest X",
        Pack()
        .file(APP.digest, other)
        .file("a.tar", A.content)
        .file("b.tar", B.content)
        .file("manifest.json", dump([save])),
        A,
        B,
        image=renamed,
    )
    yield corrupt(
        "configuration-replaced",
        "another image's configuration and layers under this one's name",
        classic().rewritten(config_json(APP), EVIL.config).rewritten(layer_member(APP, 1), BAD.content),
        A,
        BAD,
        image=EVIL,
    )
    plain, gzipped = A, A.as_gzip()
    image = Image([plain, B])
    pack = (
        Pack()
        .file("c.json", image.config)
        .file(blob_name(gzipped.stored), A.content)
        .file(blob_name(B.content), B.content)
    )
    save = save_entry(image, "c.json", [blob_name(gzipped.stored), blob_name(B.content)], [NAME])
    # The content is right; the name promises other bytes, so the manifest that names it is not this image's.
    yield corrupt(
        "layer-under-another-blobs-name",
        "the right layer, unpacked, under the digest of its gzip form",
        pack.file("manifest.json", dump([save])),
        {**measured_layer(A), "state": "corrupt", "found": ANY},
        B,
        image=image,
    )
    for name, bytes_ in (
        ("manifest-changed", MANIFEST.replace(b"oci.image.layer", b"oci.image.Layer")),
        ("manifest-replaced", manifest(EVIL)),
    ):
        pack, _ = oci_archive(APP, FULL)
        yield Case(
            name,
            "the blob of a manifest does not have its digest: nothing that it says is this image's",
            pack.rewritten(blob_name(MANIFEST), bytes_).join(blobs(EVIL.config, BAD.content)).tar(),
            document(without_config("corrupt", [NAME])),
        )
    pack = hybrid().rewritten(blob_name(MANIFEST), flipped(MANIFEST))
    yield Case(
        "manifest-changed-in-hybrid",
        "manifest.json is sound, and the manifest that index.json names is not",
        pack.tar(),
        document(result(APP, [NAME], "corrupt")),
    )
    # Engines with the classic store load what manifest.json says, those with the containerd store what index.json says.
    body = manifest(EVIL, config=descriptor(OCI_CONFIG, APP.config))
    both = layout(image_blobs(APP, body, BAD.content), descriptor(OCI_MANIFEST, body, **named(FULL)))
    both = both.file(
        "manifest.json",
        dump([save_entry(APP, blob_name(APP.config), [blob_name(it.content) for it in APP.layers], [NAME])]),
    )
    yield corrupt(
        "lists-with-different-layers",
        "one configuration; manifest.json names its layers, index.json others",
        both,
        A,
        corrupt_layer(B.diff_id, BAD),
        manifests=[digest(body)],
    )


def missing():
    name = layer_member(APP, 1)
    half = document(result(APP, [NAME], "incomplete", [A, missing_layer(B.diff_id)]))
    yield Case("layer-missing", "a layer that manifest.json names is not here", classic().without(name).tar(), half)
    yield Case(
        "layer-missing-in-hybrid",
        "a blob that both lists name is not here",
        hybrid().without(blob_name(B.content)).tar(),
        document(result(APP, [NAME], "incomplete", [A, missing_layer(B.diff_id)], [digest(MANIFEST)])),
    )
    # A containerd engine saves such an image without a word.
    pack, _ = oci_archive(APP, FULL)
    yield Case(
        "all-layers-missing",
        "a manifest and a configuration without layers",
        pack.without(blob_name(A.content), blob_name(B.content)).tar(),
        document(
            result(APP, [NAME], "incomplete", [missing_layer(A.diff_id), missing_layer(B.diff_id)], [digest(MANIFEST)])
        ),
    )
    gone = document(without_config("incomplete", [NAME]))
    yield Case(
        "configuration-missing",
        "manifest.json names a configuration that is not here",
        classic().without(config_json(APP)).tar(),
        gone,
    )
    yield Case(
        "configuration-missing-in-layout",
        "a manifest whose configuration is not here",
        pack.without(blob_name(APP.config)).tar(),
        document(without_config("incomplete", [NAME], [digest(MANIFEST)])),
    )
    yield Case(
        "manifest-missing",
        "index.json names a manifest that is not here",
        pack.without(blob_name(MANIFEST)).tar(),
        gone,
    )
    yield Case(
        "corrupt-outweighs-missing",
        "one layer is missing and one is another: the contradiction is said",
        classic().without(name).rewritten(layer_member(APP, 0), BAD.content).tar(),
        document(result(APP, [NAME], "corrupt", [corrupt_layer(A.diff_id, BAD), missing_layer(B.diff_id)])),
    )
    other = Image([B], created="2022-01-01T00:00:00Z")
    two = (
        Pack().file("1.json", APP.config).file("2.json", other.config).file("a.tar", A.content).file("b.tar", B.content)
    )
    saves = [save_entry(APP, "1.json", ["a.tar", "b.tar"], [NAME]), save_entry(other, "2.json", ["c.tar"], ["other:1"])]
    yield Case(
        "one-of-two-images-incomplete",
        "one image is whole and one is not",
        two.file("manifest.json", dump(saves)).tar(),
        document(result(APP, [NAME]), result(other, ["other:1"], "incomplete", [missing_layer(B.diff_id)])),
    )
    links = [
        ("layer-link-to-itself", "a link to itself", Pack().symlink("b.tar", "b.tar")),
        ("layer-link-loop", "two links to each other", Pack().symlink("b.tar", "c.tar").symlink("c.tar", "b.tar")),
        ("layer-link-to-nothing", "a link to a member that is not here", Pack().symlink("b.tar", "gone.tar")),
        ("layer-link-out", "a link that leaves the archive", Pack().symlink("b.tar", "../../../etc/passwd")),
        ("layer-is-a-device", "a character device", Pack().special("b.tar", b"3")),
        ("layer-is-a-pipe", "a pipe", Pack().special("b.tar", b"6")),
        ("layer-is-a-folder", "a folder", Pack().folder("b.tar/")),
    ]
    save = save_entry(APP, "c.json", ["a.tar", "b.tar"], [NAME])
    base = Pack().file("c.json", APP.config).file("a.tar", A.content).file("manifest.json", dump([save]))
    for name, what, pack in links:
        yield Case(name, f"a layer's member is {what}: it has no content here", base.join(pack).tar(), half)


def cases():
    yield from changed()
    yield from identities()
    yield from missing()
