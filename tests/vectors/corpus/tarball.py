"""A tar writer that also writes what no sound program writes.

Every field of a header can be given as bytes, so a case states exactly what is wrong with it. Nothing here uses `tarfile`:
that module refuses most of what the hostile cases need. The oracle reads with `tarfile`, so the two check each other.
"""

BLOCK = 512
END = bytes(2 * BLOCK)
REGULAR, OLD_REGULAR, HARD_LINK, SYMLINK, CHARACTER, BLOCK_DEVICE, FOLDER, FIFO, CONTIGUOUS = (
    b"0",
    b"\0",
    b"1",
    b"2",
    b"3",
    b"4",
    b"5",
    b"6",
    b"7",
)
PAX, PAX_GLOBAL, GNU_NAME, GNU_LINK, GNU_SPARSE = b"x", b"g", b"L", b"K", b"S"

# Six bytes of magic and two of version (POSIX, `ustar` interchange format; GNU tar's manual, "Basic Tar Format").
USTAR, GNU, V7 = b"ustar\x0000", b"ustar  \0", bytes(8)


def octal(number, width):
    """A number as tar has it since 1979: digits, then a zero."""
    return b"%0*o\0" % (width - 1, number)


def base256(number, width=12):
    """GNU's form for what octal digits cannot hold: a set top bit, then two's complement."""
    return ((1 << (8 * width - 1)) | (number % (1 << (8 * width - 1)))).to_bytes(width, "big")


def header(
    name,
    size=0,
    kind=REGULAR,
    target=b"",
    magic=USTAR,
    prefix=b"",
    size_field=None,
    mode=0o644,
    mtime=0,
    check_sum=None,
    trailer=b"",
):
    """One header block. `trailer` goes to its very end, behind the prefix."""
    fields = [
        name.ljust(100, b"\0"),
        octal(mode, 8),
        octal(0, 8),
        octal(0, 8),
        octal(size, 12) if size_field is None else size_field,
        octal(mtime, 12),
        b" " * 8,
        kind,
        target.ljust(100, b"\0"),
        magic,
        bytes(64),
        bytes(16),
        prefix,
    ]
    block = bytearray(b"".join(fields).ljust(BLOCK - len(trailer), b"\0") + trailer)
    assert len(name) <= 100 and len(target) <= 100 and len(block) == BLOCK, name
    block[148:156] = b"%06o\0 " % sum(block) if check_sum is None else check_sum
    return bytes(block)


def padded(content):
    """Content, filled to whole blocks."""
    return content + bytes(-len(content) % BLOCK)


def record(key, value):
    """One PAX record: its length, which counts itself, then `key=value` and a line end."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + 1
    while length != len(b"%d" % length) + len(rest):
        length += 1
    return b"%d" % length + rest


def pax(records, kind=PAX):
    """An extended header of such records."""
    text = b"".join(record(key, value) for key, value in records)
    return header(b"PaxHeaders/x", len(text), kind) + padded(text)


def gnu_long(text, kind=GNU_NAME):
    """GNU's header for a long name or target."""
    text += b"\0"
    return header(b"././@LongLink", len(text), kind, magic=GNU) + padded(text)


def member(name, content=b"", kind=REGULAR, target=b"", **fields):
    """A member as a plain tool writes it. Long names become PAX records."""
    extended = []
    if len(name) > 100:
        extended.append((b"path", name))
    if len(target) > 100:
        extended.append((b"linkpath", target))
    before = pax(extended) if extended else b""
    return before + header(name[:100], len(content), kind, target[:100], **fields) + padded(content)


class Pack:
    """Members in their order, by name, so that a case can take a sound archive and change one thing."""

    def __init__(self, members=()):
        self.members = list(members)

    def _with(self, name, raw):
        return Pack([*self.members, (name, raw)])

    def file(self, name, content, **fields):
        return self._with(name, member(name.encode(), content, **fields))

    def symlink(self, name, target):
        return self._with(name, member(name.encode(), kind=SYMLINK, target=target.encode(), mode=0o777))

    def hard_link(self, name, target):
        return self._with(name, member(name.encode(), kind=HARD_LINK, target=target.encode()))

    def folder(self, name):
        return self._with(name, member(name.encode(), kind=FOLDER, mode=0o755))

    def special(self, name, kind):
        return self._with(name, member(name.encode(), kind=kind))

    def raw(self, raw, name=None):
        """Bytes as they are: headers that no method here writes."""
        return self._with(name, raw)

    def join(self, other):
        return Pack(self.members + other.members)

    def without(self, *names):
        kept = [it for it in self.members if it[0] not in names]
        assert len(kept) < len(self.members), names
        return Pack(kept)

    def replaced(self, name, raw):
        """`name`'s bytes, header and all, replaced."""
        assert any(it[0] == name for it in self.members), name
        return Pack([(it[0], raw if it[0] == name else it[1]) for it in self.members])

    def rewritten(self, name, content):
        """The same name with other content."""
        return self.replaced(name, member(name.encode(), content))

    def first(self, name):
        """The same members with `name` in front."""
        return Pack([it for it in self.members if it[0] == name] + [it for it in self.members if it[0] != name])

    def last(self, name):
        return Pack([it for it in self.members if it[0] != name] + [it for it in self.members if it[0] == name])

    def reversed(self):
        return Pack(self.members[::-1])

    def once(self):
        """Without repeated members: blobs that several images share come once."""
        return Pack(dict(reversed(self.members)).items())

    def offset(self, name):
        """Where `name`'s header begins."""
        before = self.members[: [it[0] for it in self.members].index(name)]
        return sum(len(raw) for _, raw in before)

    def unended(self):
        return b"".join(raw for _, raw in self.members)

    def tar(self):
        return self.unended() + END
