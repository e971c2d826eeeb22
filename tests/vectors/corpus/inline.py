"""Group `inline`: descriptors that carry their content, and the sizes that descriptors promise."""

import base64

from .case import Case
from .expect import AMBIGUOUS, ANY, UNREADABLE, document, result, without_config
from .fixtures import APP, EVIL, FULL, MANIFEST, NAME, A, B, C
from .images import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
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
from .indexes import ARM


def inline(content):
    return {"data": base64.b64encode(content).decode()}


def inline_data():
    """Descriptors may carry their content (image-spec, descriptor, `data`): it stands for the blob, and is checked like it.

    None of these is read back: the oracle knows no inline data.
    """

    def body(config=None, layers=None):
        layers = [descriptor(OCI_LAYER, it.content) for it in APP.layers] if layers is None else layers
        return dump({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers})

    def packed(manifest_bytes, *more, entry=None, without=()):
        entry = {**descriptor(OCI_MANIFEST, manifest_bytes, **named(FULL)), **(entry or {})}
        contents = [it for it in (manifest_bytes, *(it.content for it in APP.layers), *more) if it not in without]
        return layout(blobs(*contents), entry).tar()

    good = descriptor(OCI_CONFIG, APP.config)
    whole = body({**good, **inline(APP.config)})
    measured = document(result(APP, [NAME], manifests=[digest(whole)]))
    yield Case(
        "inline-config",
        "the configuration is in its descriptor and nowhere else",
        packed(whole),
        measured,
        read_back=False,
    )
    yield Case(
        "inline-config-and-blob",
        "the configuration is in its descriptor and a blob",
        packed(whole, APP.config),
        measured,
    )
    plain = body(good)
    for name, where in (("inline-manifest", "index.json"), ("inline-manifest-and-blob", "index.json and a blob")):
        yield Case(
            name,
            f"the manifest is in {where}",
            packed(plain, APP.config, entry=inline(plain), without=[plain] if name == "inline-manifest" else []),
            document(result(APP, [NAME], manifests=[digest(plain)])),
            read_back="blob" in name,
        )
    yield Case(
        "inline-everything",
        "manifest, configuration and layers are all inline: an archive without blobs",
        layout(
            blobs(),
            {
                **descriptor(
                    OCI_MANIFEST,
                    both := body(
                        {**good, **inline(APP.config)},
                        [{**descriptor(OCI_LAYER, it.content), **inline(it.content)} for it in APP.layers],
                    ),
                    **named(FULL),
                ),
                **inline(both),
            },
        ).tar(),
        document(result(APP, [NAME], manifests=[digest(both)])),
        read_back=False,
    )
    arm_body = manifest(ARM)
    both = index(
        descriptor(OCI_MANIFEST, MANIFEST, **on("linux/amd64")),
        descriptor(OCI_MANIFEST, arm_body, **on("linux/arm64/v8"), **inline(arm_body)),
    )
    yield Case(
        "inline-manifest-of-one-platform",
        "a platform whose manifest is inline is here, not absent",
        layout(
            image_blobs(APP, MANIFEST, both, ARM.config, C.content), descriptor(OCI_INDEX, both, **named(FULL))
        ).tar(),
        document(*(result(it, [NAME], manifests=[digest(manifest(it)), digest(both)]) for it in (APP, ARM))),
        read_back=False,
    )
    # Content that is not what its descriptor says is what a blob under a wrong name is: corrupt.
    bad = body({**good, **inline(EVIL.config)})
    changed = result(APP, [NAME], "corrupt", manifests=[digest(bad)], config_digest=EVIL.digest)
    yield Case(
        "inline-config-of-another-digest",
        "the inline configuration has another digest than its descriptor says",
        packed(bad),
        document({**changed, "layers": ANY, "platform": ANY}),
        read_back=False,
    )
    # A program that trusts `data` loads one configuration, one that reads the blob another (containerd's ReadBlob
    # falls back to the blob): two contents for one name, which is refused.
    yield Case(
        "inline-config-against-its-blob",
        "inline data and blob of one digest differ",
        packed(bad, APP.config),
        AMBIGUOUS,
        read_back=False,
    )
    short = body({**good, "size": len(APP.config) - 1, **inline(APP.config)})
    # "If the length … does not match the specified length, the content SHOULD NOT be trusted" (image-spec,
    # descriptor, size).
    yield Case(
        "inline-config-of-another-size",
        "inline data of the right digest and another size than its descriptor says",
        packed(short),
        document(result(APP, [NAME], "corrupt", layers=ANY, manifests=[digest(short)], platform=ANY)),
        read_back=False,
    )
    yield Case(
        "inline-manifest-of-another-digest",
        "the inline manifest has another digest than index.json says",
        packed(plain, APP.config, entry=inline(manifest(EVIL)), without=[plain]),
        document(without_config("corrupt", [NAME])),
        read_back=False,
    )
    yield Case(
        "inline-data-is-no-base64",
        "inline data that no program can decode",
        packed(broken := body({**good, "data": "***"}), APP.config),
        [
            UNREADABLE,
            document(
                result(APP, [NAME], "corrupt", layers=ANY, manifests=[digest(broken)], platform=ANY, config_digest=ANY)
            ),
        ],
        read_back=False,
    )


def sizes():
    """A descriptor's size is part of what it promises, whether or not the digest is right."""
    layers = [{**descriptor(OCI_LAYER, A.content), "size": A.bytes + 1}, descriptor(OCI_LAYER, B.content)]
    body = manifest(APP, layers=layers)
    # The text fixes that such content is not to be trusted, not how each layer is then called.
    yield Case(
        "descriptor-size-of-a-layer",
        "a layer's descriptor says one byte more than the layer has",
        layout(image_blobs(APP, body), descriptor(OCI_MANIFEST, body, **named(FULL))).tar(),
        document(result(APP, [NAME], "corrupt", layers=ANY, manifests=[digest(body)])),
        read_back=False,
    )
    entry = {**descriptor(OCI_MANIFEST, MANIFEST, **named(FULL)), "size": len(MANIFEST) - 1}
    yield Case(
        "descriptor-size-of-a-manifest",
        "index.json says one byte less than the manifest has",
        layout(image_blobs(APP, MANIFEST), entry).tar(),
        document(result(APP, [NAME], "corrupt", layers=ANY, manifests=ANY, config_digest=ANY, platform=ANY)),
        read_back=False,
    )


def cases():
    yield from inline_data()
    yield from sizes()
