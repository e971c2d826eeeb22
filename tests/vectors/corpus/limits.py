"""Group `limits`: at each bound that the README states, and one beyond. The archives are large, so they are made piece by piece."""

from .case import Case
from .expect import REFUSED, UNREADABLE, corrupt_layer, document, result
from .fixtures import APP, FULL, MANIFEST, NAME, SOUND, A, B, case, classic, flat
from .images import (
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Image,
    Layer,
    blobs,
    descriptor,
    dump,
    image_blobs,
    index,
    layout,
    manifest,
    named,
    save_entry,
)
from .indexes import nest
from .packing import gzip, window, zstd
from .tarball import END, Pack, header, member

MEMBERS, LAYERS, NAMES, JSON_BYTES, JSON_DEPTH = 100_000, 4096, 4096, 8 << 20, 64
BOMB = 200 << 20


def members():
    for name, more, expected in (("at", 0, SOUND), ("beyond", 1, REFUSED)):
        base = flat()
        extra = MEMBERS - len(base.members) + more
        content = [base.unended(), *empty_members(extra), END]
        yield case(f"members-{name}-the-bound", f"{MEMBERS + more} members", content, expected)


def empty_members(count):
    """Members of no bytes, each with its own name, a thousand to a piece. Only the digits and the checksum differ."""
    name = b"m/%06d"
    block = header(name % 0)
    zero_sum = int(block[148:154], 8)
    for start in range(0, count, 1000):
        yield b"".join(
            b"%b%b%06o%b" % (name % at, block[8:148], zero_sum + sum(b"%06d" % at) - 6 * 48, block[154:])
            for at in range(start, min(start + 1000, count))
        )


def layers():
    for name, count in (("at", LAYERS), ("beyond", LAYERS + 1)):
        image = Image([A] * count)
        pack = (
            Pack()
            .file("c.json", image.config)
            .file("a.tar", A.content)
            .file("manifest.json", dump([save_entry(image, "c.json", ["a.tar"] * count, [NAME])]))
        )
        one = document(result(Image([A], config=image.config), [NAME]))
        one["images"][0]["layers"][0]["times"] = count
        yield Case(
            f"layers-{name}-the-bound",
            f"an image of {count} layers",
            pack.tar(),
            one if name == "at" else REFUSED,
            read_back=False,
        )
        body = manifest(image, layers=[descriptor(OCI_LAYER, A.content)] * count)
        if name == "beyond":
            yield case(
                "layers-beyond-the-bound-in-layout",
                f"an OCI manifest of {count} layers",
                layout(blobs(body, image.config, A.content), descriptor(OCI_MANIFEST, body, **named(FULL))),
                REFUSED,
            )


def names():
    for name, count in (("at", NAMES), ("beyond", NAMES + 1)):
        all_names = [f"docker.io/acme/api:{number}" for number in range(count)]
        pack = (
            Pack()
            .file("c.json", APP.config)
            .file("a.tar", A.content)
            .file("b.tar", B.content)
            .file("manifest.json", dump([save_entry(APP, "c.json", ["a.tar", "b.tar"], all_names)]))
        )
        expected = document(result(APP, [it.removeprefix("docker.io/") for it in all_names]))
        yield Case(
            f"names-{name}-the-bound",
            f"an image of {count} names",
            pack.tar(),
            expected if name == "at" else REFUSED,
            read_back=False,
        )


def depths():
    """The configuration's own object is the first level."""
    for levels in (JSON_DEPTH, JSON_DEPTH + 1):
        nested = b"[" * (levels - 1) + b"]" * (levels - 1)
        image = Image(APP.layers, config=APP.config[:-1] + b',"x":' + nested + b"}")
        expected = document(result(image, [NAME])) if levels == JSON_DEPTH else REFUSED
        yield case(f"json-depth-{levels}", f"a configuration nested {levels} levels deep", flat(image), expected)
        text = dump([{**save_entry(APP, "c.json", ["a.tar", "b.tar"], [NAME]), "x": 0}]).replace(
            b'"x":0', b'"x":' + nested[1:-1]
        )
        expected = SOUND if levels == JSON_DEPTH else REFUSED
        yield case(
            f"json-depth-{levels}-in-the-list",
            f"manifest.json nested {levels} levels deep",
            flat().rewritten("manifest.json", text),
            expected,
        )
    yield case(
        "json-depth-100000",
        "manifest.json nested so deep that a recursive parser runs out of stack",
        flat().rewritten("manifest.json", b"[" * 100_000),
        [REFUSED, UNREADABLE],
    )
    for levels, expected in ((9, REFUSED),):
        kind, outermost, inner = nest(MANIFEST, levels)
        # The bound on nesting is the program's own (README): what lies deeper is refused, not passed over.
        yield case(
            f"index-nested-{levels}",
            f"a manifest inside {levels} indexes",
            layout(image_blobs(APP, MANIFEST, *inner), descriptor(kind, outermost, **named(FULL))),
            expected,
        )
    # 10^6 paths through six indexes of ten entries each.
    kind, content, inner = OCI_MANIFEST, MANIFEST, []
    for _ in range(6):
        content = index(*[descriptor(kind, content)] * 10)
        kind = OCI_INDEX
        inner.append(content)
    yield case(
        "index-of-a-million-paths",
        "six indexes, each of which names the next ten times",
        layout(image_blobs(APP, MANIFEST, *inner), descriptor(kind, content, **named(FULL))),
        REFUSED,
    )


def documents():
    for name, size in (("at", JSON_BYTES), ("beyond", JSON_BYTES + 1)):
        filler = b" " * (size - len(APP.config))
        image = Image(APP.layers, config=APP.config[:-1] + filler + b"}")
        yield case(
            f"json-size-{name}-the-bound",
            f"a configuration of {size} bytes",
            flat(image),
            document(result(image, [NAME])) if name == "at" else REFUSED,
        )
    text = dump([save_entry(APP, "c.json", ["a.tar", "b.tar"], [NAME])])
    yield case(
        "json-size-of-the-list",
        "manifest.json of more than 8 MiB",
        flat().rewritten("manifest.json", text + b" " * JSON_BYTES),
        REFUSED,
    )
    yield case(
        "json-size-unreferenced",
        "a document of more than 8 MiB that nothing names",
        flat().file("notes.json", b"{" + b" " * JSON_BYTES + b"}"),
        SOUND,
    )


def windows():
    """A window is memory that an archive asks for. RFC 8878 wants 8 MiB of every decoder; all extra memory together may be
    32 MiB, so what asks for more is refused. In between both are safe, and the program's own bound decides.
    """
    for name, log, eighths in (
        ("9-mib", 23, 1),
        ("16-mib", 24, 0),
        ("32-mib", 25, 0),
        ("36-mib", 25, 1),
        ("128-mib", 27, 0),
        ("2-gib", 31, 0),
    ):
        stored = A.as_stored(zstd(A.content, window_byte=window(log, eighths)))
        yield case(
            f"zstd-window-{name}",
            f"a zstd layer that asks for a window of {name.replace('-', ' ')}",
            classic(Image([stored, B])),
            REFUSED if (log, eighths) > (25, 0) else [REFUSED, SOUND],
        )
    for size in (9, 33):
        long = Layer(member(b"zeros", bytes(size << 20)) + bytes(1024))
        image = Image([long.as_stored(zstd(long.content, single_segment=True, content_size=long.bytes))])
        yield case(
            f"zstd-single-segment-{size}-mib",
            f"a zstd frame whose window is its content of {size} MiB",
            classic(image),
            REFUSED if size > 32 else [REFUSED, document(result(image, [NAME]))],
        )
    yield case(
        "zstd-window-outer",
        "a zstd archive that asks for a window of 128 MiB, as `zstd --long` does",
        zstd(classic().tar(), window_byte=window(27)),
        REFUSED,
    )
    yield case(
        "zstd-window-in-second-frame",
        "a zstd layer whose second frame asks for a window of 128 MiB",
        classic(Image([A.as_stored(zstd(A.content[:600]) + zstd(A.content[600:], window_byte=window(27)))])),
        REFUSED,
    )
    yield case(
        "zstd-dictionary",
        "a zstd layer that needs a dictionary, which nobody has",
        classic(Image([A, B.as_stored(zstd(B.content, dictionary=7))])),
        [REFUSED, document(result(APP, [NAME], "corrupt", [A, corrupt_layer(B.diff_id, None)]))],
    )


def bombs():
    """Content a thousand times its stored size is measured as it streams: 200 MiB of zeros in a layer, and around one."""
    zeros = Layer(bytes(BOMB))
    image = Image([zeros])
    expected = document(result(image, [NAME]))
    for name, stored in (("gzip", gzip(BOMB)), ("zstd", zstd(BOMB))):
        yield case(
            f"bomb-layer-{name}",
            f"a layer of 200 MiB of zeros in {len(stored) >> 10} KiB of {name}",
            classic(Image([zeros.as_stored(stored)])),
            expected,
        )
    head = Pack().file("c.json", image.config).unended() + header(b"a.tar", BOMB)
    tail = Pack().file("manifest.json", dump([save_entry(image, "c.json", ["a.tar"], [NAME])])).tar()
    for name, pack in (("gzip", gzip), ("zstd", zstd)):
        packed = pack(head, BOMB, tail)
        yield case(
            f"bomb-outer-{name}", f"an archive of 200 MiB in {len(packed) >> 10} KiB of {name}", packed, expected
        )
    yield case("bomb-of-nothing", "200 MiB of zeros instead of an archive", gzip(BOMB), UNREADABLE)
    yield case(
        "bomb-behind-the-end",
        "200 MiB of zeros behind the end of the archive, and then a byte",
        gzip(flat().tar(), BOMB, b"x"),
        UNREADABLE,
    )
    yield case(
        "skippable-frame-of-4-gib",
        "a skippable frame that says it is 4 GiB long",
        classic(Image([A, B.as_stored(b"\x50\x2a\x4d\x18\xff\xff\xff\xff" + b"x" * 100)])),
        document(result(APP, [NAME], "corrupt", [A, corrupt_layer(B.diff_id, None)])),
    )


def cases():
    yield from members()
    yield from layers()
    yield from names()
    yield from depths()
    yield from documents()
    yield from windows()
    yield from bombs()
