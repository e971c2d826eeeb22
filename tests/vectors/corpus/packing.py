"""gzip and zstd streams, written by hand.

A library's output changes with its version, and then every digest of a compressed layer would. So the compressors here are
the simplest that the formats allow: bytes as they are, and runs of zeros as runs. `samples.py` holds streams of the real
tools, which use what these do not.
"""

import re
import struct
import zlib

# A run shorter than this is cheaper as it is.
RUN = 64


def _runs(content):
    """`content` cut into stretches of bytes and long runs of zeros: `(bytes, 0)` and `(b"", length)`."""
    at = 0
    for found in re.finditer(rb"\0{%d,}" % RUN, content):
        if found.start() > at:
            yield content[at : found.start()], 0
        yield b"", found.end() - found.start()
        at = found.end()
    if at < len(content):
        yield content[at:], 0


class Bits:
    """Deflate's bit order: the first bit is the lowest of the first byte."""

    def __init__(self):
        self.out, self.rest, self.count = bytearray(), 0, 0

    def add(self, value, count):
        self.rest |= value << self.count
        self.count += count
        whole = self.count // 8
        self.out += (self.rest & ((1 << 8 * whole) - 1)).to_bytes(whole, "little")
        self.rest >>= 8 * whole
        self.count %= 8

    def align(self):
        self.add(0, -self.count % 8)


def deflate(pieces):
    """RFC 1951. `pieces` are byte strings, written as they are, and numbers: so many zeros."""
    bits = Bits()
    for piece in pieces:
        stretches = [(b"", piece)] if isinstance(piece, int) else _runs(piece)
        for stretch, zeros in stretches:
            for start in range(0, len(stretch), 0xFFFF):
                part = stretch[start : start + 0xFFFF]
                bits.add(0b000, 3)
                bits.align()
                bits.out += struct.pack("<HH", len(part), len(part) ^ 0xFFFF) + part
            if zeros:
                # A block of fixed codes: one literal zero, then "258 bytes from 1 byte back" as often as it fits. The
                # repeated 13 bits are one large number: a loop would take seconds for a bomb.
                matches, literals = divmod(zeros - 1, 258)
                bits.add(0b010, 3)
                bits.add(0x0C, 8)
                bits.add(0xA3 * (((1 << 13 * matches) - 1) // ((1 << 13) - 1)), 13 * matches)
                for _ in range(literals):
                    bits.add(0x0C, 8)
                bits.add(0, 7)
    bits.add(0b011, 3)
    bits.add(0, 7)
    bits.align()
    return bytes(bits.out)


def _sum(pieces):
    """CRC-32 and length of the content."""
    crc = length = 0
    chunk = bytes(1 << 20)
    for piece in pieces:
        if isinstance(piece, int):
            length += piece
            for _ in range(piece >> 20):
                crc = zlib.crc32(chunk, crc)
            piece = bytes(piece & 0xFFFFF)
        else:
            length += len(piece)
        crc = zlib.crc32(piece, crc)
    return crc, length


def gzip(*pieces, name=None, extra=None, comment=None, header_sum=False):
    """One member (RFC 1952), with the optional header fields that are given."""
    flags = (2 if header_sum else 0) | (4 if extra else 0) | (8 if name else 0) | (16 if comment else 0)
    head = struct.pack("<BBBBIBB", 0x1F, 0x8B, 8, flags, 0, 0, 3)
    if extra:
        head += struct.pack("<H", len(extra)) + extra
    head += b"".join(text + b"\0" for text in (name, comment) if text)
    if header_sum:
        head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    crc, length = _sum(pieces)
    return head + deflate(pieces) + struct.pack("<II", crc, length & 0xFFFFFFFF)


MASK = (1 << 64) - 1
PRIMES = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)


def _rotate(value, by):
    return ((value << by) | (value >> (64 - by))) & MASK


def _round(lane, value):
    return _rotate((lane + value * PRIMES[1]) & MASK, 31) * PRIMES[0] & MASK


def xxh64(content):
    """XXH64 with seed 0, of which a zstd frame carries the low half (github.com/Cyan4973/xxHash, the specification)."""
    whole = len(content) // 32 * 32
    if whole:
        lanes = [(PRIMES[0] + PRIMES[1]) & MASK, PRIMES[1], 0, -PRIMES[0] & MASK]
        for words in struct.iter_unpack("<4Q", content[:whole]):
            lanes = [_round(lane, word) for lane, word in zip(lanes, words)]
        value = sum(_rotate(lane, by) for lane, by in zip(lanes, (1, 7, 12, 18))) & MASK
        for lane in lanes:
            value = ((value ^ _round(0, lane)) * PRIMES[0] + PRIMES[3]) & MASK
    else:
        value = PRIMES[4]
    value = (value + len(content)) & MASK
    rest = content[whole:]
    while len(rest) >= 8:
        value = (_rotate(value ^ _round(0, struct.unpack("<Q", rest[:8])[0]), 27) * PRIMES[0] + PRIMES[3]) & MASK
        rest = rest[8:]
    if len(rest) >= 4:
        value = (
            _rotate(value ^ struct.unpack("<I", rest[:4])[0] * PRIMES[0] & MASK, 23) * PRIMES[1] + PRIMES[2]
        ) & MASK
        rest = rest[4:]
    for byte in rest:
        value = _rotate(value ^ byte * PRIMES[4] & MASK, 11) * PRIMES[0] & MASK
    value = (value ^ (value >> 33)) * PRIMES[1] & MASK
    value = (value ^ (value >> 29)) * PRIMES[2] & MASK
    return value ^ (value >> 32)


ZSTD = bytes.fromhex("28b52ffd")
# The largest block of a frame, whatever its window.
ZSTD_BLOCK = 128 * 1024


def window(log, eighths=0):
    """RFC 8878's window descriptor: a power of two, and eighths of it on top."""
    return bytes([(log - 10) << 3 | eighths])


def _block(kind, size, body):
    return (size << 3 | kind << 1).to_bytes(3, "little") + body


def zstd(
    *pieces, window_byte=window(17), content_size=None, single_segment=False, checked=False, check=None, dictionary=None
):
    """One frame (RFC 8878) of raw and run-length blocks. `pieces` as in [`deflate`]."""
    blocks = []
    for piece in pieces:
        for stretch, zeros in [(b"", piece)] if isinstance(piece, int) else _runs(piece):
            for start in range(0, len(stretch), ZSTD_BLOCK):
                part = stretch[start : start + ZSTD_BLOCK]
                blocks.append(_block(0, len(part), part))
            blocks += [_block(1, ZSTD_BLOCK, b"\0")] * (zeros // ZSTD_BLOCK)
            if zeros % ZSTD_BLOCK:
                blocks.append(_block(1, zeros % ZSTD_BLOCK, b"\0"))
    # The last block says so; a frame of nothing has one empty block.
    blocks = blocks or [_block(0, 0, b"")]
    blocks[-1] = bytes([blocks[-1][0] | 1]) + blocks[-1][1:]
    size_flag = 0 if content_size is None else 3
    descriptor = size_flag << 6 | single_segment << 5 | checked << 2 | (3 if dictionary else 0)
    frame = ZSTD + bytes([descriptor]) + (b"" if single_segment else window_byte)
    if dictionary:
        frame += struct.pack("<I", dictionary)
    if content_size is not None:
        frame += struct.pack("<Q", content_size)
    frame += b"".join(blocks)
    if checked:
        content = b"".join(bytes(piece) for piece in pieces)
        frame += struct.pack("<I", (xxh64(content) if check is None else check) & 0xFFFFFFFF)
    return frame


def skippable(content=b"not for you", number=0):
    """A frame that decoders pass over (RFC 8878, 3.1.2)."""
    return struct.pack("<II", 0x184D2A50 + number, len(content)) + content


def unzstd(stream):
    """What the frames of [`zstd`] hold: for the oracle, which must read what is written here."""
    out, rest = [], stream

    def take(count):
        nonlocal rest
        assert len(rest) >= count, "the stream is cut"
        taken, rest = rest[:count], rest[count:]
        return taken

    while rest:
        magic = take(4)
        if magic[1:] == b"\x2a\x4d\x18":
            take(int.from_bytes(take(4), "little"))
            continue
        assert magic == ZSTD, "only frames of this module are read"
        (descriptor,) = take(1)
        take((0 if descriptor >> 5 & 1 else 1) + (8 if descriptor >> 6 == 3 else 0))
        last = False
        while not last:
            head = int.from_bytes(take(3), "little")
            last, kind, size = head & 1, head >> 1 & 3, head >> 3
            assert kind < 2, "only raw and run-length blocks are read"
            out.append(take(size) if kind == 0 else take(1) * size)
        take(4 if descriptor >> 2 & 1 else 0)
    return b"".join(out)
