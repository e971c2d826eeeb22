#!/usr/bin/env python3
"""Turns what `tmux capture-pane -e -p` prints (standard input) into an SVG picture (standard output).

With files as arguments, into one picture that shows them one after the other, for ever."""
import re, sys, unicodedata
from html import escape

CELL, LINE, PAD = 8.4, 18, 12
BASE = ["#282c34", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4"]
BRIGHT = ["#5c6370", "#ff7b86", "#b5e890", "#ffd68a", "#7cc4ff", "#e08cff", "#6fdbe8", "#ffffff"]
TEXT, GROUND = "#c8ccd4", "#1e2127"


def indexed(n):
    if n < 16:
        return (BASE + BRIGHT)[n]
    if n >= 232:
        return "#%02x%02x%02x" % ((8 + (n - 232) * 10,) * 3)
    n -= 16
    return "#%02x%02x%02x" % tuple(0 if v == 0 else 55 + v * 40 for v in (n // 36, n // 6 % 6, n % 6))


def apply(style, codes):
    codes = [int(c or 0) for c in codes.split(";")] if codes else [0]
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = {}
        elif code in (1, 2, 3, 4, 7):
            style = {**style, code: True}
        elif code in (22, 23, 24, 27):
            style = {k: v for k, v in style.items() if k not in {22: (1, 2), 23: (3,), 24: (4,), 27: (7,)}[code]}
        elif code in (38, 48) and codes:
            kind = codes.pop(0)
            colour = indexed(codes.pop(0)) if kind == 5 else "#%02x%02x%02x" % tuple(codes.pop(0) for _ in range(3))
            style = {**style, "fg" if code == 38 else "bg": colour}
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = {**style, "fg": BASE[code - 30] if code < 90 else BRIGHT[code - 90]}
        elif 40 <= code <= 47 or 100 <= code <= 107:
            style = {**style, "bg": BASE[code - 40] if code < 100 else BRIGHT[code - 100]}
        elif code in (39, 49):
            style = {k: v for k, v in style.items() if k != ("fg" if code == 39 else "bg")}
    return style


SECONDS = 2.6


def columns_of(line):
    plain = re.sub(r"\x1b\[[0-9;]*m", "", line)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in plain)


def drawn(lines):
    out, style = [], {}
    for row, line in enumerate(lines):
        column, y = 0, PAD + row * LINE
        for codes, text in re.findall(r"(?:\x1b\[([0-9;]*)m)|([^\x1b]+)", line):
            if not text:
                style = apply(style, codes)
                continue
            fg, bg = style.get("fg", TEXT), style.get("bg", GROUND)
            if 7 in style:
                fg, bg = bg, fg
            x, length = PAD + column * CELL, len(text) * CELL
            if bg != GROUND:
                out.append(f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="{LINE}" fill="{bg}"/>')
            if text.strip():
                looks = (' font-weight="bold"' if 1 in style else "") + (' opacity="0.6"' if 2 in style else "")
                out.append(f'<text x="{x:.1f}" y="{y + 14}" fill="{fg}"{looks} textLength="{length:.1f}">{escape(text)}</text>')
            column += len(text)
    return out


texts = [open(path).read() for path in sys.argv[1:]] or [sys.stdin.read()]
frames = [text.rstrip("\n").split("\n") for text in texts]
columns = max(columns_of(line) for lines in frames for line in lines)
rows = max(len(lines) for lines in frames)
width, height = columns * CELL + 2 * PAD, rows * LINE + 2 * PAD
out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">']
if len(frames) > 1:
    share = 100 / len(frames)
    out.append(f"<style>@keyframes shown {{ 0%, {share:.3f}% {{ visibility: visible }} {share + 0.001:.3f}%, 100% {{ visibility: hidden }} }}"
               f" .frame {{ visibility: hidden; animation: shown {SECONDS * len(frames):.1f}s step-end infinite }}</style>")
out += [f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>',
        '<g font-family="ui-monospace, \'DejaVu Sans Mono\', Menlo, Consolas, monospace" font-size="14" xml:space="preserve">']
for at, lines in enumerate(frames):
    if len(frames) > 1:
        out.append(f'<g class="frame" style="animation-delay: {SECONDS * at:.1f}s">')
    out += drawn(lines)
    if len(frames) > 1:
        out.append("</g>")
out.append("</g></svg>")
print("\n".join(out))
