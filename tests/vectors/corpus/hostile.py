"""Group `hostile`: archives made to show one image here and another to an engine.

The rule: ambiguity is refused. The engines' readings that the comments name are those of Go's
archive/tar and encoding/json, of moby's image/tarexport/load.go (classic store) and of containerd's import (containerd
store). They were tried: what the comments here, in `documents.py` and in `readers.py` say an engine loads instead, Docker
20.10 (classic store) or 28.5 (containerd store) did load. None is read back: the oracle believes what it reads.
"""

from .expect import AMBIGUOUS, NOT_BELIEVED, REFUSED, UNREADABLE, document, result, without_config
from .fixtures import APP, BAD, EVIL, EVIL_MANIFEST, FULL, MANIFEST, NAME, SOUND, A, B, case, flat, hybrid
from .images import (
    DOCKER_INDEX,
    IMAGE_NAME,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
    REF_NAME,
    Image,
    blob_name,
    blobs,
    config_json,
    descriptor,
    digest,
    dump,
    image_blobs,
    index,
    layout,
    manifest,
    named,
    on,
    save_entry,
)
from .tarball import SYMLINK, Pack, header


def repeated():
    evil_list = dump([save_entry(EVIL, "e.json", ["a.tar", "e.tar"], [NAME])])
    evil = Pack().file("e.json", EVIL.config).file("e.tar", BAD.content)
    yield case(
        "manifest-json-twice",
        "two members manifest.json: the last wins when an engine unpacks",
        flat().join(evil).file("manifest.json", evil_list),
    )
    yield case(
        "manifest-json-twice-in-two-spellings",
        "manifest.json and ./x/../manifest.json",
        flat().join(evil).file("./x/../manifest.json", evil_list),
    )
    yield case(
        "manifest-json-twice-absolute",
        "manifest.json and /manifest.json",
        flat().join(evil).file("/manifest.json", evil_list),
    )
    yield case("layer-twice", "two members of a layer's name that differ", flat().file("b.tar", BAD.content))
    yield case(
        "layer-twice-the-first-is-bad", "the same, the attacker's first", Pack().file("b.tar", BAD.content).join(flat())
    )
    yield case(
        "blob-twice", "two blobs of one digest's name that differ", hybrid().file(blob_name(B.content), BAD.content)
    )
    yield case(
        "configuration-twice", "two members of the configuration's name that differ", flat().file("c.json", EVIL.config)
    )
    yield case(
        "index-json-twice",
        "two members index.json",
        hybrid()
        .join(image_blobs(EVIL, EVIL_MANIFEST))
        .once()
        .file("index.json", index(descriptor(OCI_MANIFEST, EVIL_MANIFEST, **named(FULL)))),
    )
    yield case("same-content-twice", "every member twice with the same content: no harm", flat().join(flat()), SOUND)
    yield case("layer-and-link-of-one-name", "a layer and a link of one name", flat().symlink("b.tar", "a.tar"))
    yield case("layer-and-pipe-of-one-name", "a layer and a pipe of one name", flat().special("b.tar", b"6"))
    yield case(
        "two-links-of-one-name",
        "two links of one name that lead elsewhere",
        flat()
        .without("b.tar")
        .file("good", B.content)
        .file("bad", BAD.content)
        .symlink("b.tar", "good")
        .symlink("b.tar", "bad"),
    )
    yield case(
        "manifest-json-is-a-link",
        "manifest.json is a link to another member: whoever follows it reads the same list",
        flat()
        .without("manifest.json")
        .symlink("manifest.json", "list.json")
        .file("list.json", dump([save_entry(APP, "c.json", ["a.tar", "b.tar"], [NAME])])),
        [SOUND, AMBIGUOUS],
    )
    for name, target in (("itself", "manifest.json"), ("the-outside", "../../etc/passwd"), ("nothing", "gone.json")):
        yield case(
            f"manifest-json-is-a-link-to-{name}",
            f"manifest.json is a link to `{target}`",
            flat().without("manifest.json").symlink("manifest.json", target),
            UNREADABLE,
        )
    yield case(
        "manifest-json-is-a-link-beside-a-file",
        "manifest.json is first a list and then a link to the attacker's",
        flat().join(evil).file("list.json", evil_list).symlink("manifest.json", "list.json"),
    )


def insides():
    yield case("member-inside-a-file", "a member `a.tar/x` inside the file `a.tar`", flat().file("a.tar/x", b"x"))
    yield case(
        "member-through-a-link",
        "`dir` leads to the root, and `dir/b.tar` to another layer",
        flat().symlink("dir", ".").file("dir/b.tar", BAD.content),
    )
    yield case(
        "layer-through-a-folder-link",
        "a layer's name leads through a linked folder: an engine would follow it",
        flat(layers=("a.tar", "d/b.tar")).without("d/b.tar").file("e/b.tar", B.content).symlink("d", "e"),
        [
            AMBIGUOUS,
            document(
                result(
                    APP,
                    [NAME],
                    "incomplete",
                    [A, {"diff_id": B.diff_id, "bytes": 0, "state": "missing", "found": None}],
                )
            ),
            SOUND,
        ],
    )
    yield case(
        "link-with-content",
        "a link that has content: programs disagree where the next member begins",
        flat().raw(header(b"link", 512, SYMLINK, b"a.tar") + bytes(512)),
    )
    yield case("name-leads-out", "a member `../../etc/cron.d/x`", flat().file("../../etc/cron.d/x", b"x"), REFUSED)
    yield case("name-leads-out-and-back", "a member `x/../../x/c.json`", flat().file("x/../../x/c.json", b"x"), REFUSED)
    yield case(
        "listed-name-leads-out",
        "manifest.json names `../c.json`",
        flat().rewritten("manifest.json", dump([save_entry(APP, "../c.json", ["a.tar", "b.tar"], [NAME])])),
        REFUSED,
    )
    # A hard link to a symbolic link is that link once more, and leads elsewhere from its own folder. Docker 20.10
    # loads the attacker's; whoever reads it so too says what it is, and containerd passes hard links over.
    twin = (
        Pack()
        .file("a.tar", A.content)
        .file("s/x.json", APP.config)
        .file("s/x.tar", B.content)
        .file("t/x.json", EVIL.config)
        .file("t/x.tar", BAD.content)
        .symlink("s/c", "x.json")
        .symlink("s/l", "x.tar")
        .hard_link("t/c", "s/c")
        .hard_link("t/l", "s/l")
    )
    yield case(
        "hard-link-to-a-link",
        "hard links, in another folder, to links with relative targets",
        twin.file("manifest.json", dump([save_entry(APP, "t/c", ["a.tar", "t/l"], [NAME])])),
        [NOT_BELIEVED, document(result(EVIL, [NAME])), document(without_config("incomplete", [NAME]))],
    )
    # `d/..` is the parent of what `d` leads to, for a file system, and nothing at all in a text. Docker 20.10 loads the
    # attacker's.
    winding = (
        Pack()
        .file("a.tar", A.content)
        .file("c.json", APP.config)
        .file("b.tar", B.content)
        .folder("e/f/")
        .file("e/c.json", EVIL.config)
        .file("e/b.tar", BAD.content)
        .symlink("d", "e/f")
        .symlink("cfg", "d/../c.json")
        .symlink("lay", "d/../b.tar")
    )
    yield case(
        "link-through-a-link",
        "links whose targets lead through a linked folder and back",
        winding.file("manifest.json", dump([save_entry(APP, "cfg", ["a.tar", "lay"], [NAME])])),
        [NOT_BELIEVED, document(result(EVIL, [NAME])), document(without_config("incomplete", [NAME]))],
    )
    # containerd joins a link's target to the link's folder even when it is absolute, moby starts at the archive's root.
    inside = (
        Pack()
        .file("x.json", APP.config)
        .file("x.tar", B.content)
        .file("p/x.json", EVIL.config)
        .file("p/x.tar", BAD.content)
    )
    inside = inside.file("a.tar", A.content).symlink("p/c.json", "/x.json").symlink("p/l.tar", "/x.tar")
    yield case(
        "absolute-links",
        "absolute links lead to one image from the root and to another from their folder",
        inside.file("manifest.json", dump([save_entry(APP, "p/c.json", ["a.tar", "p/l.tar"], [NAME])])),
        NOT_BELIEVED,
    )


def claims():
    both = (
        Pack()
        .file("c.json", APP.config)
        .file("e.json", EVIL.config)
        .file("a.tar", A.content)
        .file("b.tar", B.content)
        .file("e.tar", BAD.content)
    )
    good, evil = save_entry(APP, "c.json", ["a.tar", "b.tar"], [NAME]), save_entry(
        EVIL, "e.json", ["a.tar", "e.tar"], [NAME]
    )
    yield case(
        "one-name-two-images",
        "manifest.json gives one name to two images",
        both.file("manifest.json", dump([good, evil])),
    )
    other = {**evil, "RepoTags": ["docker.io/acme/api:1"]}
    yield case(
        "one-name-two-images-in-two-spellings",
        "`acme/api:1` and `docker.io/acme/api:1` are one name",
        both.file("manifest.json", dump([good, other])),
    )
    missing = both.without("e.json")
    yield case(
        "one-name-two-images-one-missing",
        "the second image's configuration is missing: its name promises another digest",
        missing.without("c.json")
        .file(config_json(APP), APP.config)
        .file("manifest.json", dump([{**good, "Config": config_json(APP)}, {**evil, "Config": config_json(EVIL)}])),
    )
    lists = hybrid().join(image_blobs(EVIL, EVIL_MANIFEST)).once()
    yield case(
        "lists-name-two-images",
        "manifest.json gives a name to one image, index.json to another",
        lists.rewritten("index.json", index(descriptor(OCI_MANIFEST, EVIL_MANIFEST, **named(FULL)))),
    )
    yield case(
        "index-names-two-images",
        "index.json gives one name to two manifests",
        lists.without("manifest.json").rewritten(
            "index.json",
            index(
                descriptor(OCI_MANIFEST, MANIFEST, **named(FULL)),
                descriptor(OCI_MANIFEST, EVIL_MANIFEST, **named(FULL)),
            ),
        ),
    )
    chart = dump(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor("application/vnd.acme.chart", b"{}"),
            "layers": [],
        }
    )
    yield case(
        "artifact-takes-an-images-name",
        "index.json gives the image's name to an artifact as well",
        hybrid()
        .join(blobs(chart, b"{}"))
        .rewritten(
            "index.json",
            index(descriptor(OCI_MANIFEST, MANIFEST, **named(FULL)), descriptor(OCI_MANIFEST, chart, **named(FULL))),
        ),
    )
    yield case(
        "two-names-two-images",
        "two images under two names are two images",
        both.file("manifest.json", dump([good, {**evil, "RepoTags": ["acme/api:2"]}])),
        document(result(APP, [NAME]), result(EVIL, ["acme/api:2"])),
    )
    # containerd and moby take `org.opencontainers.image.ref.name` where the image name is empty (Go's zero value).
    empty = {"annotations": {IMAGE_NAME: "", REF_NAME: FULL}}
    yield case(
        "name-annotation-empty",
        "an empty io.containerd.image.name lets the other annotation name the image",
        lists.without("manifest.json").rewritten(
            "index.json",
            index(descriptor(OCI_MANIFEST, MANIFEST, **named(FULL)), descriptor(OCI_MANIFEST, EVIL_MANIFEST, **empty)),
        ),
    )
    # Docker before 25 falls back to `repositories` where manifest.json is absent, and makes an image of every folder
    # at the top: so that of the blobs holds a version 1 image too. Docker 20.10 loads that one under the name.
    legacy = (
        layout(image_blobs(APP, MANIFEST), descriptor(OCI_MANIFEST, MANIFEST, **named(FULL)))
        .file("blobs/VERSION", b"1.0")
        .file(
            "blobs/json",
            dump({"id": "e" * 64, "os": "linux", "architecture": "amd64", "created": "2023-11-14T22:13:20Z"}),
        )
        .file("blobs/layer.tar", BAD.content)
        .file("repositories", dump({"acme/api": {"1": "blobs"}}))
    )
    yield case(
        "legacy-list-beside-index",
        "index.json names one image, `repositories` (which Docker before 25 loads) another",
        legacy,
    )
    # containerd takes a manifest without platform for the platform of its configuration, whatever the configuration
    # is called.
    foreign = manifest(Image([A, BAD], architecture="arm64"), config_type="application/vnd.acme.config")
    arm = Image([A, BAD], architecture="arm64")
    inner = index(descriptor(OCI_MANIFEST, foreign), descriptor(OCI_MANIFEST, MANIFEST, **on("linux/amd64")))
    yield case(
        "image-dressed-as-an-artifact",
        "in one index: the image, and an arm64 image whose configuration has an artifact's type",
        layout(
            image_blobs(APP, MANIFEST, inner, foreign, arm.config, BAD.content),
            descriptor(OCI_INDEX, inner, **named(FULL)),
        ),
        [
            AMBIGUOUS,
            document(
                result(arm, [NAME], manifests=[digest(foreign), digest(inner)]),
                result(APP, [NAME], manifests=[digest(MANIFEST), digest(inner)]),
            ),
        ],
    )


def kinds():
    """CVE-2021-41190: one document that is a manifest to some and an index to others."""
    both = dump(
        {
            "schemaVersion": 2,
            "config": descriptor(OCI_CONFIG, APP.config),
            "layers": [descriptor(it.media_type, it.content) for it in APP.layers],
            "manifests": [descriptor(OCI_MANIFEST, EVIL_MANIFEST, **on("linux/amd64"))],
        }
    )
    blobs_ = image_blobs(APP, both, EVIL_MANIFEST, EVIL.config, BAD.content)
    for kind, name in ((OCI_MANIFEST, "manifest"), (OCI_INDEX, "index")):
        yield case(
            f"polyglot-as-{name}",
            f"a document with `manifests` and `layers`, referred to as a {name}",
            layout(blobs_, descriptor(kind, both, **named(FULL))),
        )
    yield case(
        "manifest-called-index",
        "index.json calls a manifest an index",
        layout(image_blobs(APP, MANIFEST), descriptor(OCI_INDEX, MANIFEST, **named(FULL))),
    )
    inner = index(descriptor(OCI_MANIFEST, MANIFEST, **on("linux/amd64")))
    yield case(
        "index-called-manifest",
        "index.json calls an index a manifest",
        layout(image_blobs(APP, MANIFEST, inner), descriptor(OCI_MANIFEST, inner, **named(FULL))),
    )
    # "When used, this field MUST contain the media type application/vnd.oci.image.manifest.v1+json" (image-spec,
    # manifest).
    body = manifest(APP, DOCKER_INDEX)
    yield case(
        "manifest-says-it-is-an-index",
        "a manifest whose own mediaType is an index's",
        layout(image_blobs(APP, body), descriptor(OCI_MANIFEST, body, **named(FULL))),
        NOT_BELIEVED,
    )


def cases():
    yield from repeated()
    yield from insides()
    yield from claims()
    yield from kinds()
