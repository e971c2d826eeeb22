"""Group `readers`: names that tar readers find in different places.

Each archive shows the sound image to one reader and the attacker's to Go's archive/tar, which every engine uses. None is
read back.
"""

from .expect import NOT_BELIEVED, document, result
from .fixtures import APP, BAD, EVIL, NAME, SOUND, A, B, case, flat
from .images import dump, save_entry
from .tarball import GNU, PAX_GLOBAL, Pack, gnu_long, member, pax


def twins(good_header, evil_header):
    """Two members for each of the configuration and the second layer, one per reader: the first arguments write a member that
    this program takes for `name` and Go for another, the second the reverse."""
    pack = Pack().file("p/a.tar", A.content)
    for name, good, evil in (("c.json", APP.config, EVIL.config), ("b.tar", B.content, BAD.content)):
        pack = pack.raw(good_header(name.encode(), good)).raw(evil_header(name.encode(), evil))
    return pack.file("manifest.json", dump([save_entry(APP, "p/c.json", ["p/a.tar", "p/b.tar"], [NAME])]))


def headers():
    """Each case's comment says which readers differ."""

    def plain(prefix, folder=b""):
        return lambda name, content: member(folder + name, content, prefix=prefix)

    # Go and POSIX decide by the magic alone that a prefix is there, others want the version "00" too.
    def versioned(prefix, folder=b""):
        return lambda name, content: member(folder + name, content, prefix=prefix, magic=b"ustar\x0001")

    yield case(
        "ustar-version",
        "a prefix in a header whose version is not 00",
        twins(versioned(b"q", b"p/"), versioned(b"p")),
        [NOT_BELIEVED, document(result(EVIL, [NAME]))],
    )

    # Go takes letters where GNU tar keeps access and change times for the prefix of an old writer
    # (golang.org/issues/12594).
    def gnu(prefix, folder=b""):
        return lambda name, content: member(folder + name, content, prefix=prefix, magic=GNU)

    yield case(
        "gnu-prefix",
        "letters in GNU tar's time fields, which Go takes for a prefix",
        twins(gnu(b"q", b"p/"), gnu(b"p")),
        NOT_BELIEVED,
    )

    # star keeps 131 bytes of prefix and then times; ustar has 155 bytes.
    def star(prefix):
        return lambda name, content: member(
            name, content, prefix=prefix.ljust(131, b"/") + b"00000000001 00000000001 ", trailer=b"tar\0"
        )

    def star_good(name, content):
        return member(b"p/" + name, content)

    pack = Pack().file("p/a.tar", A.content).raw(star_good(b"c.json", APP.config)).raw(star_good(b"b.tar", B.content))
    pack = pack.file("manifest.json", dump([save_entry(APP, "p/c.json", ["p/a.tar", "p/b.tar"], [NAME])]))
    pack = pack.raw(star(b"p")(b"c.json", EVIL.config)).raw(star(b"p")(b"b.tar", BAD.content))
    yield case(
        "star-prefix",
        "a header of star, whose prefix is shorter than ustar's: a second configuration for Go",
        pack,
        NOT_BELIEVED,
    )

    def two_pax(name, content):
        return pax([(b"path", b"q/" + name)]) + pax([(b"comment", b"x")]) + member(b"p/" + name, content)

    good = flat(config="p/c.json", layers=("p/a.tar", "p/b.tar"))
    yield case(
        "two-pax-headers",
        "two extended headers before one member: Go forgets the first, others do not",
        good.raw(two_pax(b"c.json", EVIL.config)).raw(two_pax(b"b.tar", BAD.content)),
        NOT_BELIEVED,
    )

    def pax_then_global(name, content):
        return pax([(b"path", b"q/" + name)]) + pax([(b"comment", b"x")], PAX_GLOBAL) + member(b"p/" + name, content)

    yield case(
        "pax-then-global-header",
        "a global header between an extended header and its member: Go forgets the first",
        good.raw(pax_then_global(b"c.json", EVIL.config)).raw(pax_then_global(b"b.tar", BAD.content)),
        NOT_BELIEVED,
    )

    def long_then_global(name, content):
        return gnu_long(b"q/" + name) + pax([(b"comment", b"x")], PAX_GLOBAL) + member(b"p/" + name, content)

    yield case(
        "gnu-name-then-global-header",
        "a global header between a GNU long name and its member",
        good.raw(long_then_global(b"c.json", EVIL.config)).raw(long_then_global(b"b.tar", BAD.content)),
        NOT_BELIEVED,
    )
    yield case(
        "two-names-for-one-member",
        "a GNU long name and a PAX path that differ",
        good.raw(gnu_long(b"q/c.json") + pax([(b"path", b"p/c.json")]) + member(b"x", EVIL.config)),
        NOT_BELIEVED,
    )
    yield case(
        "pax-path-twice",
        "one extended header with two paths",
        good.raw(pax([(b"path", b"p/c.json"), (b"path", b"q/c.json")]) + member(b"x", EVIL.config)),
        NOT_BELIEVED,
    )
    yield case(
        "global-path",
        "a global header that names every member",
        Pack().raw(pax([(b"path", b"manifest.json")], PAX_GLOBAL)).join(good),
        NOT_BELIEVED,
    )
    yield case(
        "name-with-zero-inside",
        "a GNU long name `p/c.json`, a zero byte and more",
        good.raw(gnu_long(b"p/c.json\0junk") + member(b"x", EVIL.config)),
        NOT_BELIEVED,
    )
    yield case(
        "global-comment",
        "a global header with a comment, as `git archive` writes it, says nothing about members",
        Pack().raw(pax([(b"comment", b"0" * 40)], PAX_GLOBAL)).join(flat()),
        SOUND,
    )


def cases():
    yield from headers()
