"""Group `streams`: streams that are damaged or break off, and engines' errors in them."""

from . import samples
from .case import Case
from .expect import ENGINE, UNREADABLE, corrupt_layer, document, result
from .fixtures import APP, NAME, A, B, classic, flipped, layer_member
from .images import Image
from .packing import gzip, skippable, zstd
from .tarball import member


def compressed():
    """A damaged stream has no digest that could be told; the image can (the document says `corrupt`)."""
    plain = zstd(B.content, checked=True)
    packed = gzip(B.content)
    wide = samples.ZSTD
    for name, what, stored in (
        ("gzip-bad-sum", "a gzip layer whose CRC-32 is wrong", flipped(packed, len(packed) - 6)),
        ("gzip-bad-length", "a gzip layer whose length field is wrong", flipped(packed, len(packed) - 2)),
        (
            "gzip-bad-header-sum",
            "a gzip layer whose header checksum is wrong",
            flipped(gzip(B.content, header_sum=True), 10),
        ),
        ("gzip-bad-block", "a gzip layer with a block of the reserved type", packed[:10] + b"\x07" + packed[11:]),
        ("gzip-cut", "a gzip layer that ends inside its data", packed[: len(packed) // 2]),
        ("gzip-cut-in-trailer", "a gzip layer that ends inside its CRC-32", packed[:-6]),
        ("gzip-second-member-cut", "a gzip layer whose second member breaks off", packed + packed[:20]),
        ("gzip-garbage-behind", "bytes behind a gzip layer that are no member", packed + b"garbage"),
        ("gzip-real-changed", "one bit of a stream with dynamic Huffman codes changed", flipped(samples.GZIP)),
        ("zstd-bad-sum", "a zstd layer whose checksum is wrong", zstd(B.content, checked=True, check=1)),
        (
            "zstd-bad-size",
            "a zstd layer with another size than its header says",
            zstd(B.content, content_size=B.bytes + 1),
        ),
        ("zstd-bad-block", "a zstd layer with a block of the reserved type", plain[:6] + b"\x07" + plain[7:]),
        ("zstd-cut", "a zstd layer that ends inside a block", plain[: len(plain) // 2]),
        ("zstd-cut-before-sum", "a zstd layer that ends before its checksum", plain[:-4]),
        ("zstd-skippable-cut", "a skippable frame that is longer than the layer", plain + skippable()[:-3]),
        ("zstd-garbage-behind", "bytes behind a zstd layer that are no frame", plain + b"garbage"),
        ("zstd-real-changed", "one bit of compressed blocks changed", flipped(wide)),
    ):
        base = samples.LAYER if "real" in name else B
        image = Image([A, base])
        yield Case(
            f"layer-{name}",
            what,
            classic(Image([A, base.as_stored(stored)])).tar(),
            document(result(image, [NAME], "corrupt", [A, corrupt_layer(base.diff_id, None)])),
            # What Python's gzip and the oracle's zstd do not check.
            read_back=name not in {"gzip-bad-header-sum", "zstd-bad-sum", "zstd-bad-size", "zstd-real-changed"},
        )


def truncated():
    pack = classic()
    whole = pack.tar()
    layer = pack.offset(layer_member(APP, 1))
    for name, what, content in (
        ("in-a-header", "inside a header", whole[: layer + 100]),
        ("behind-a-header", "between a header and its content", whole[: layer + 512]),
        ("in-content", "inside a layer", whole[: layer + 512 + 300]),
        ("in-padding", "inside the padding of a member", whole[: pack.offset("manifest.json") + 512 + 400]),
        ("before-the-end", "behind the last member, before the end-of-archive marker", whole[:-1024]),
        ("after-one-zero-block", "after the first of two zero blocks", whole[:-512]),
        ("in-the-end", "one byte before the end", whole[:-1]),
        ("after-one-byte", "after one byte", whole[:1]),
    ):
        # Every referenced member may be whole and present: a truncated stream is still no archive.
        yield Case(f"truncated-{name}", f"the archive ends {what}", content, UNREADABLE, read_back=False)
    for name, packed in (("gzip", gzip(whole)), ("zstd", zstd(whole, checked=True))):
        yield Case(
            f"truncated-{name}",
            f"a {name} archive lacks its last byte, behind the end-of-archive marker",
            packed[:-1],
            UNREADABLE,
            read_back=False,
        )
        yield Case(
            f"truncated-{name}-middle",
            f"a {name} archive ends in its middle",
            packed[: len(packed) // 2],
            UNREADABLE,
            read_back=False,
        )
    yield Case(
        "damaged-outer-gzip",
        "a gzip archive with a wrong CRC-32",
        flipped(gzip(whole), -6),
        UNREADABLE,
        read_back=False,
    )
    yield Case(
        "damaged-outer-zstd",
        "a zstd archive with a wrong checksum",
        zstd(whole, checked=True, check=1),
        UNREADABLE,
        read_back=False,
    )
    yield Case(
        "garbage-behind-outer-gzip",
        "bytes behind the gzip stream",
        gzip(whole) + b"garbage",
        UNREADABLE,
        read_back=False,
    )
    yield Case(
        "garbage-behind-outer-zstd",
        "bytes behind the zstd stream",
        zstd(whole) + b"garbage",
        UNREADABLE,
        read_back=False,
    )
    for name, what, more in (
        ("text", "text", b"garbage"),
        ("archive", "a second archive", whole),
        ("late", "a byte far behind zeros", bytes(9999) + b"x"),
    ):
        yield Case(
            f"behind-the-end-{name}",
            f"{what} behind the end-of-archive marker",
            whole + more,
            UNREADABLE,
            read_back=False,
        )
    sums = pack.replaced(
        "manifest.json", flipped(member(b"manifest.json", dict(pack.members)["manifest.json"][512:]), 20)
    )
    yield Case("header-sum-wrong", "a header's checksum is wrong", sums.tar(), UNREADABLE, read_back=False)


def engine_errors():
    whole, members = classic().tar(), classic().unended()
    words = b'{"errorDetail":{"message":"content digest sha256:\\u001b[2J not found"},"error":"content not found"}\r\n'
    for name, what, content in (
        ("instead-of-the-end", "behind the last member, instead of the end marker", members + words),
        ("behind-the-end", "behind the end marker", whole + words),
        ("behind-one-block", "behind the first zero block", members + bytes(512) + words),
        ("long", "longer than a block, instead of the end marker", members + words.replace(b"sha256:", b"x" * 2000)),
        ("behind-gzip-members", "in a gzip stream", gzip(members + words)),
    ):
        yield Case(f"engine-error-{name}", f"the engine's JSON error {what}", content, ENGINE, read_back=False)
    yield Case(
        "engine-error-alone",
        "the engine's answer is an error and nothing else",
        b'{"message":"No such image: acme/api:1"}\n',
        ENGINE,
        "stdin",
        read_back=False,
    )


def cases():
    yield from compressed()
    yield from truncated()
    yield from engine_errors()
