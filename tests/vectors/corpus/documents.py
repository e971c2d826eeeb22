"""Group `documents`: JSON that programs read differently, or not at all."""

import json

from .expect import ALGORITHM, AMBIGUOUS, ANY, UNREADABLE, document, result
from .fixtures import APP, BAD, EVIL, EVIL_MANIFEST, FULL, MANIFEST, NAME, SOUND, A, B, case, flat
from .images import (
    OCI_INDEX,
    OCI_MANIFEST,
    Image,
    descriptor,
    digest,
    dump,
    image_blobs,
    index,
    layout,
    named,
    on,
    save_entry,
)
from .tarball import Pack

LIST = dump([save_entry(APP, "c.json", ["a.tar", "b.tar"], [NAME])])


def listed(name, what, text, expected=AMBIGUOUS, *more):
    """The image with this text as manifest.json; the attacker's members are there too."""
    pack = flat().rewritten("manifest.json", text).file("e.json", EVIL.config).file("e.tar", BAD.content)
    return case(f"manifest-json-{name}", f"manifest.json {what}", pack, expected, *more)


def configured(name, what, text, expected=AMBIGUOUS):
    """The image with this text as its configuration. Its layers are those of the publisher's."""
    image = Image(APP.layers, config=text)
    return case(
        f"configuration-{name}",
        f"a configuration {what}",
        flat(image),
        expected(image) if callable(expected) else expected,
    )


def changed(text, old, new):
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


def no_configuration(image):
    """Its bytes are known and its digest is; that they are no configuration is the image's own fault (exit 3)."""
    return document(result(image, [NAME], "corrupt", [], platform=None))


def lists():
    yield listed(
        "key-repeated", "repeats a key", changed(LIST, b'"Config":"c.json"', b'"Config":"c.json","Config":"e.json"')
    )
    yield listed(
        "key-repeated-by-case",
        "has `Config` and `config`, one field to Go",
        changed(LIST, b'"Config":"c.json"', b'"Config":"c.json","config":"e.json"'),
    )
    yield listed(
        "key-repeated-by-escape",
        "repeats a key as an escape",
        changed(LIST, b'"Config":"c.json"', b'"Config":"c.json","\\u0043onfig":"e.json"'),
    )
    yield listed(
        "key-repeated-by-folding",
        "has a long s in `Layers`, which Go folds to s",
        changed(LIST, b'"Layers":', '"Layer\u017f":["a.tar","e.tar"],"Layers":'.encode()),
    )
    evil = dump(
        [save_entry(APP, "c.json", ["a.tar", "b.tar"], [NAME]), save_entry(EVIL, "e.json", ["a.tar", "e.tar"], [NAME])]
    )
    at = evil.rindex(b'"RepoTags"')
    # Go reads `repotags` as RepoTags: it would give the name to the second image. Who compares exactly sees no name
    # there.
    yield listed(
        "other-case",
        "hides a second image's name in `repotags`",
        evil[:at] + evil[at:].replace(b"RepoTags", b"repotags"),
    )
    yield listed(
        "other-folding", "hides it in `RepoTagſ`", evil[:at] + evil[at:].replace(b"RepoTags", "RepoTag\u017f".encode())
    )
    yield listed("with-bom", "begins with a byte order mark", b"\xef\xbb\xbf" + LIST, UNREADABLE)
    yield listed("two-values", "is followed by a second list", LIST + LIST, UNREADABLE)
    yield listed("cut", "ends inside", LIST[:-3], UNREADABLE)
    yield listed("empty", "has no bytes", b"", UNREADABLE)
    yield listed("null", "is null", b"null", UNREADABLE)
    yield listed("empty-list", "lists nothing", b"[]", UNREADABLE)
    yield listed("object", "is an object", LIST[1:-1], UNREADABLE)
    yield listed("of-numbers", "is a list of numbers", b"[1,2]", UNREADABLE)
    yield listed("not-utf-8", "is not UTF-8", changed(LIST, b"acme", b"acm\xff"), UNREADABLE)
    yield listed("lone-surrogate", "has half a surrogate pair", changed(LIST, b"acme", b"\\ud800"), UNREADABLE)
    yield listed(
        "with-spaces",
        "is indented and ends with a line end",
        b" \r\n\t" + LIST.replace(b",", b" ,\n  ") + b"\n\n",
        SOUND,
    )


def configurations():
    yield configured(
        "key-repeated", "repeats `rootfs`", changed(APP.config, b'"rootfs":', b'"rootfs":{"diff_ids":[]},"rootfs":')
    )
    yield configured(
        "key-repeated-by-case",
        "has `rootfs` and `RootFS`",
        changed(APP.config, b'"rootfs":', b'"RootFS":{"diff_ids":[]},"rootfs":'),
    )
    yield configured(
        "key-repeated-by-escape",
        "repeats `diff_ids` as an escape",
        changed(APP.config, b'"diff_ids":', b'"\\u0064iff_ids":[],"diff_ids":'),
    )
    yield configured(
        "key-repeated-deep",
        "repeats a key that nothing here uses",
        changed(APP.config, b'"created_by":', b'"created_by":"x","created_by":'),
    )
    yield configured(
        "label-repeated", "has one label twice", changed(APP.config, b'{"a":"1","A":"2"}', b'{"a":"1","a":"2"}')
    )
    yield configured(
        "other-case",
        "calls its layers `RootFS`, which engines read as `rootfs`",
        changed(APP.config, b'"rootfs":', b'"RootFS":'),
    )
    yield configured("with-bom", "begins with a byte order mark", b"\xef\xbb\xbf" + APP.config, no_configuration)
    yield configured("cut", "ends inside", APP.config[:-4], no_configuration)
    yield configured("empty", "has no bytes", b"", no_configuration)
    yield configured("a-list", "is a list", b"[]", no_configuration)
    yield configured("without-rootfs", "has no rootfs", b'{"architecture":"amd64","os":"linux"}', no_configuration)
    yield configured("of-a-number", "has a number for a diffID", b'{"rootfs":{"diff_ids":[5]}}', no_configuration)
    # Whoever reads a platform obeys no terminal's commands. How it is then shown is not fixed.
    spoken = changed(APP.config, b'"os":"linux"', b'"os":"lin\\u001b[2Jux\\u202e"')
    yield configured(
        "speaks-to-the-terminal",
        "has an escape sequence in its platform",
        spoken,
        lambda image: document(result(image, [NAME], platform=ANY)),
    )


def indexes():
    def indexed(name, what, text, expected=AMBIGUOUS, *more):
        pack = layout(image_blobs(APP, MANIFEST, EVIL_MANIFEST, EVIL.config, BAD.content, *more)).rewritten(
            "index.json", text
        )
        return case(f"index-{name}", what, pack, expected)

    good = index(descriptor(OCI_MANIFEST, MANIFEST, **named(FULL)))
    evil = descriptor(OCI_MANIFEST, EVIL_MANIFEST, **named(FULL))
    here = document(result(APP, [NAME], manifests=[digest(MANIFEST)]))
    yield indexed(
        "key-repeated",
        "index.json repeats `manifests`",
        changed(good, b'"manifests":', b'"manifests":%s,"manifests":' % dump([evil])),
    )
    yield indexed(
        "key-repeated-by-case",
        "index.json has `manifests` and `Manifests`",
        changed(good, b'"manifests":', b'"Manifests":%s,"manifests":' % dump([evil])),
    )
    yield indexed(
        "digest-repeated",
        "a descriptor has two digests",
        changed(good, b'"digest":', b'"digest":"%s","digest":' % digest(EVIL_MANIFEST).encode()),
    )
    both = index(descriptor(OCI_MANIFEST, MANIFEST, **named(FULL)), evil)
    at = both.rindex(b'"annotations"')
    # As with `repotags`: Go reads the name, who compares exactly does not.
    yield indexed(
        "annotations-of-other-case",
        "index.json hides a second image's name in `Annotations`",
        both[:at] + both[at:].replace(b"annotations", b"Annotations"),
    )
    inner = index(
        descriptor(OCI_MANIFEST, MANIFEST, **on("linux/amd64")),
        descriptor(OCI_MANIFEST, EVIL_MANIFEST, **on("linux/arm64")),
    )
    at = inner.rindex(b'"mediaType"')
    hidden = inner[:at] + inner[at:].replace(b"mediaType", b"mediatype")
    # On arm64 an engine would run the second; who compares exactly passes an entry without media type over.
    yield indexed(
        "media-type-of-other-case",
        "an index hides its arm64 image behind `mediatype`",
        index(descriptor(OCI_INDEX, hidden, **named(FULL))),
        AMBIGUOUS,
        hidden,
    )
    yield indexed("without-manifests", "index.json lists no manifests", b'{"schemaVersion":2}', UNREADABLE)
    yield indexed("empty", "index.json lists an empty list", index(), UNREADABLE)
    yield indexed("with-bom", "index.json begins with a byte order mark", b"\xef\xbb\xbf" + good, UNREADABLE)
    yield indexed(
        "labels-of-both-cases",
        "annotations are data: `k` and `K` are two keys",
        changed(good, b'"annotations":{', b'"annotations":{"k":"1","K":"2",'),
        here,
    )
    repeated = changed(MANIFEST, b'"layers":', b'"layers":[],"layers":')
    yield indexed(
        "manifest-key-repeated",
        "a manifest repeats `layers`",
        index(descriptor(OCI_MANIFEST, repeated, **named(FULL))),
        AMBIGUOUS,
        repeated,
    )
    cut = MANIFEST[:-3]
    yield indexed(
        "manifest-cut",
        "a manifest of the right digest is no JSON",
        index(descriptor(OCI_MANIFEST, cut, **named(FULL))),
        UNREADABLE,
        cut,
    )
    # "As soon as one image can be told, it is daochain.hash/1 with the states". What state the other has is
    # open, save that it is not measured.
    other = {
        "state": "!measured",
        "references": ["docker.io/acme/other:1"],
        "config_digest": ANY,
        "platform": ANY,
        "manifest_digests": ANY,
        "layers": ANY,
    }
    both = index(
        descriptor(OCI_MANIFEST, MANIFEST, **named(FULL)),
        descriptor(OCI_MANIFEST, cut, **named("docker.io/acme/other:1")),
    )
    yield indexed(
        "one-of-two-manifests-cut",
        "one image can be told, the other's manifest is no JSON",
        both,
        {**here, "images": [*here["images"], other], "exit": "!0"},
        cut,
    )


SHA512 = "sha512:" + "0" * 128


def algorithms():
    """Only SHA-256 can be published, so only SHA-256 is compared."""
    config = dump(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [A.diff_id, SHA512]}}
    )
    wide = Image(APP.layers, config=config)
    yield case("sha512-diff-id", "a configuration with a SHA-512 diffID", flat(wide), ALGORITHM)
    yield case(
        "sha512-configuration",
        "manifest.json names its configuration `blobs/sha512/…`",
        flat(config="blobs/sha512/" + "0" * 128),
        ALGORITHM,
    )
    yield case(
        "sha512-manifest",
        "index.json names a manifest by SHA-512",
        layout(image_blobs(APP, MANIFEST), {**descriptor(OCI_MANIFEST, MANIFEST, **named(FULL)), "digest": SHA512}),
        ALGORITHM,
    )
    for name, change in (
        ("configuration-descriptor", lambda it: {**it, "config": {**it["config"], "digest": SHA512}}),
        ("layer-descriptor", lambda it: {**it, "layers": [{**it["layers"][0], "digest": SHA512}, *it["layers"][1:]]}),
    ):
        body = dump(change(json.loads(MANIFEST)))
        yield case(
            f"sha512-{name}",
            f"a manifest names a {name.split('-')[0]} by SHA-512",
            layout(image_blobs(APP, body), descriptor(OCI_MANIFEST, body, **named(FULL))),
            ALGORITHM,
        )
    upper = {
        **descriptor(OCI_MANIFEST, MANIFEST, **named(FULL)),
        "digest": digest(MANIFEST).upper().replace("SHA", "sha"),
    }
    yield case(
        "sha256-in-capitals",
        "a digest in capitals names nothing (image-spec: lower case)",
        layout(image_blobs(APP, MANIFEST), upper),
        UNREADABLE,
    )
    chart = dump(
        {"schemaVersion": 2, "config": {**descriptor("application/vnd.acme", b"{}"), "digest": SHA512}, "layers": []}
    )
    yield case(
        "sha512-of-an-artifact",
        "SHA-512 where no image is meant is no failure",
        layout(
            image_blobs(APP, MANIFEST, chart),
            descriptor(OCI_MANIFEST, MANIFEST, **named(FULL)),
            descriptor(OCI_MANIFEST, chart),
        ),
        document(result(APP, [NAME], manifests=[digest(MANIFEST)])),
    )
    two = Pack().file("1.json", APP.config).file("2.json", config).file("a.tar", A.content).file("b.tar", B.content)
    saves = [
        save_entry(APP, "1.json", ["a.tar", "b.tar"], [NAME]),
        save_entry(wide, "2.json", ["a.tar", "b.tar"], ["acme/other:1"]),
    ]
    expected = document(
        result(APP, [NAME]), result(wide, ["acme/other:1"], "incomplete", layers=ANY, config_digest=ANY, platform=ANY)
    )
    expected["images"][1]["state"], expected["exit"] = "!measured", "!0"
    # The same rule as for one manifest of two that is cut.
    yield case(
        "sha512-of-one-image-of-two",
        "one image can be told, the other has a SHA-512 diffID",
        two.file("manifest.json", dump(saves)),
        expected,
    )


def cases():
    yield from lists()
    yield from configurations()
    yield from indexes()
    yield from algorithms()
