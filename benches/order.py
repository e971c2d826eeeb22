#!/usr/bin/env python3
"""How much of a release's code is in memory with the screen open: what assets/package/order.ld is for.

  benches/order.py PROGRAM [--list N]

PROGRAM is a release build of daochain. Its screen shows the 20 images of tests/parts/fake_engine.py for five seconds;
then each section of code is drawn, a character for each window of 64 KiB, which is what Linux maps at a time:
`#` is in memory, `+` a part of it, `.` none.

--list prints the N largest modules, in the form of order.ld, of which nothing ran and which are not listed there. It needs
valgrind, and names: CARGO_PROFILE_RELEASE_STRIP=none. What is listed wrongly shows as `#` in `.text.seldom`; --list tells
what it is.
"""
import argparse, bisect, collections, fcntl, os, pty, re, shutil, struct, subprocess, sys, tempfile, termios, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WINDOW, PAGE = 65536, 4096


def screen(command, look, seconds):
    """The screen on 20 images; what `look` finds out of its process then."""
    work = tempfile.mkdtemp(prefix="order.")
    socket = os.path.join(work, "docker.sock")
    engine = subprocess.Popen([sys.executable, os.path.join(ROOT, "tests/parts/fake_engine.py"), socket, "20", "--containers", "20"],
                              stderr=subprocess.DEVNULL)
    while not os.path.exists(socket):
        time.sleep(0.02)
    master, slave = pty.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    variables = {"PATH": os.environ["PATH"], "HOME": work, "TERM": "xterm-256color", "LANG": "C.UTF-8",
                 "DOCKER_HOST": f"unix://{socket}", "DAOCHAIN_RPC": "http://127.0.0.1:9"}
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=variables, cwd=work, start_new_session=True,
                               preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    shown = bytearray()

    def answer():
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:
                return
            shown.extend(data)
            for asked, told in ((b"\x1b[c", b"\x1b[?62;6c"), (b"\x1b[6n", b"\x1b[1;1R")):
                if asked in data:
                    os.write(master, told)

    threading.Thread(target=answer, daemon=True).start()
    try:
        time.sleep(seconds)
        if b"image-" not in shown:
            sys.exit("the screen shows no image")
        return look(process)
    finally:
        process.terminate()
        process.wait()
        engine.kill()
        engine.wait()
        shutil.rmtree(work, ignore_errors=True)


def code(program):
    """Name, address, offset in the file and size of each section of code."""
    for line in subprocess.run(["readelf", "-SW", program], capture_output=True, text=True, check=True).stdout.splitlines():
        found = re.match(r"\s*\[ *\d+\] (\.text\S*)\s+PROGBITS\s+(\w+) (\w+) (\w+)", line)
        if found:
            yield found[1], *(int(part, 16) for part in found.groups()[1:])


def in_memory(program):
    """The pages of the program's file that its process has, by their number in the file, and its resident memory."""
    def look(process):
        pages = set()
        with open(f"/proc/{process.pid}/maps") as maps, open(f"/proc/{process.pid}/pagemap", "rb") as table:
            for line in maps:
                parts = line.split()
                if parts[-1] != program or "x" not in parts[1]:
                    continue
                start, end = (int(part, 16) for part in parts[0].split("-"))
                table.seek(start // PAGE * 8)
                entries = struct.iter_unpack("<Q", table.read((end - start) // PAGE * 8))
                pages |= {int(parts[2], 16) // PAGE + number for number, (entry,) in enumerate(entries) if entry >> 63}
        with open(f"/proc/{process.pid}/status") as status:
            return pages, int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])

    return screen([program], look, 5)


def draw(program):
    pages, resident = in_memory(program)
    for name, _, offset, size in code(program):
        windows = collections.defaultdict(list)
        for page in range(offset // PAGE, (offset + size - 1) // PAGE + 1):
            windows[page * PAGE // WINDOW].append(page in pages)
        print(f"{name}: {sum(map(any, windows.values()))} of {len(windows)} windows of 64 KiB")
        text = "".join("#" if all(window) else "+" if any(window) else "." for window in windows.values())
        print(*(f"  {text[at:at + 100]}" for at in range(0, len(text), 100)), sep="\n")
    print(f"resident: {resident * 1024 / 1e6:.2f} MB")


def ran(program):
    """The addresses that ran, as callgrind tells them."""
    def place(process):
        with open(f"/proc/{process.pid}/maps") as maps:
            return min(int(line.split("-")[0], 16) for line in maps if line.rstrip().endswith(program))

    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "calls")
        base = screen(["valgrind", "--tool=callgrind", "--dump-instr=yes", f"--callgrind-out-file={out}", f"--log-file={out}.log", program],
                      place, 30)
        files, own, last = {}, None, 0
        for line in open(out, errors="replace"):
            if found := re.match(r"(c?ob)=\((\d+)\) ?(.*)", line):
                files.setdefault(found[2], found[3].strip())
                own = found[2] if found[1] == "ob" else own
            elif found := re.match(r"(0x[0-9a-f]+|[+-]\d+|\*)\s", line):
                text = found[1]
                last = int(text, 16) if text[0] == "0" else last if text == "*" else last + int(text)
                # valgrind takes `.text` alone for a program's; what runs in other sections is nobody's, and not relative.
                if files.get(own) in (program, "???"):
                    yield last if files[own] == program else last - base


def modules(name, crates):
    """The modules that a symbol names, as paths: up to two parts of a crate's, three of our own."""
    parts, rest = [], name[3:]
    while found := re.match(r"\d+", rest):
        end = len(found[0]) + int(found[0])
        parts.append(rest[len(found[0]):end])
        rest = rest[end:]
    paths = ["..".join(parts), *(text for part in parts if "$" in part for text in re.findall(r"[a-z]\w*(?:\.\.\w+)+", part))]
    for path in paths:
        path = path.split("..")
        if path[0] in crates:
            for depth in range(1 + (path[0] in ("daochain", "core", "alloc", "std")), 3 + (path[0] == "daochain")):
                if len(path) > depth and all(re.fullmatch(r"[a-z][a-z0-9_]*", part) for part in path[:depth]):
                    yield tuple(path[:depth])


def unlisted(program, most):
    with open(os.path.join(ROOT, "Cargo.lock")) as lock:
        crates = {name.replace("-", "_") for name in re.findall(r'^name = "(.+)"', lock.read(), re.M)} | {"core", "alloc", "std"}
    symbols = {}
    for line in subprocess.run(["nm", "-S", "--defined-only", program], capture_output=True, text=True, check=True).stdout.splitlines():
        parts = line.split()
        if len(parts) == 4 and parts[2] in "tTwW":
            symbols[int(parts[0], 16)] = (int(parts[1], 16), parts[3])
    if not symbols:
        sys.exit("the program has no names: build it with CARGO_PROFILE_RELEASE_STRIP=none")
    starts, run = sorted(symbols), set()
    for address in ran(program):
        at = starts[max(bisect.bisect_right(starts, address) - 1, 0)]
        if address < at + symbols[at][0]:
            run.add(at)
    seldom = [(start, start + size) for name, start, _, size in code(program) if name == ".text.seldom"]
    listed = {at for at in starts if any(start <= at < end for start, end in seldom)}
    print(f"{len(run)} of {len(starts)} functions run, {sum(symbols[at][0] for at in run) >> 10} of "
          f"{sum(size for size, _ in symbols.values()) >> 10} KiB; {sum(symbols[at][0] for at in listed) >> 10} KiB are listed")
    for at in sorted(run & listed):
        print("listed, and runs:", symbols[at][1])
    found = collections.defaultdict(set)
    for at in starts:
        for path in set(modules(symbols[at][1], crates)) if symbols[at][1].startswith("_ZN") else ():
            found[path].add(at)
    found = {path: all_of for path, all_of in found.items() if not all_of & run}
    taken = set(listed)
    for _ in range(most):
        size = {path: sum(symbols[at][0] for at in all_of - taken) for path, all_of in found.items()}
        path = max(size, key=lambda path: (size[path], -len(path)), default=None)
        if path is None or size[path] < 1024:
            break
        taken |= found.pop(path)
        print(f"{size[path] / 1024:6.1f} KiB  *(.text.*{''.join(f'{len(part)}{part}' for part in path)}* .text.*{'..'.join(path)}*)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--list", type=int, metavar="N")
    told = parser.parse_args()
    draw(os.path.realpath(told.program))
    if told.list:
        unlisted(os.path.realpath(told.program), told.list)
