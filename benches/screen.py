#!/usr/bin/env python3
"""The screen beside other terminal programs for Docker, on the same engine in one run.

  benches/screen.py PROGRAM [--strict] [--runs N] [--only ours]

PROGRAM is a release build of daochain; it runs without its embedded node (a remote network that nobody answers for).
oxker is built from crates.io into the cache (DAOCHAIN_CACHE, by default ~/.cache/daochain); lazydocker is taken where
LAZYDOCKER or the PATH has it. The engine is tests/parts/fake_engine.py. Everything is measured from outside, in a
pseudo-terminal of 80x24: times from fork, memory and processor of the whole process tree, bytes as they are read.

Prints each figure beside the others' and its bound. --strict exits with 1 where one of ours is over its bound. These
machines are noisy: figures are medians of several runs, taken in turns.
"""
import argparse, collections, fcntl, os, pty, random, re, select, shutil, signal, statistics, struct, subprocess, sys, tempfile, termios, threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.environ.get("DAOCHAIN_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "daochain")
OXKER, PYTE, PSUTIL = "0.13.4", "0.8.2", "7.0.0"


def in_own_environment():
    """Runs this script again with the two packages that it needs, installed beside the cache."""
    venv = os.path.join(CACHE, f"screen-bench-{PYTE}-{PSUTIL}")
    python = os.path.join(venv, "bin", "python")
    if not os.path.exists(os.path.join(venv, "done")):
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", f"pyte=={PYTE}", f"psutil=={PSUTIL}"], check=True)
        open(os.path.join(venv, "done"), "w").close()
    os.execv(python, [python, os.path.abspath(__file__), *sys.argv[1:]])


try:
    import psutil, pyte
except ImportError:
    if sys.prefix != sys.base_prefix and "screen-bench-" in sys.prefix:
        raise
    in_own_environment()

sys.setswitchinterval(0.0005)
UP, DOWN = b"\x1b[A", b"\x1b[B"
MODES = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
# What the model of a terminal would print as text.
DROPPED = re.compile(rb"\x1b\[[><=?][0-9;]*u|\x1b\[>[0-9;]*[mqc]|\x1b\[\?[0-9;]*\$p|\x1b[P_^X][^\x1b]*\x1b\\|\x1b\[[0-9;]* q")
UNFINISHED = re.compile(rb"\x1b(\[[0-9;?><=$ ]*|[P_^X\]][^\x1b\x07]{0,4000}\x1b?)?$")


class Model(pyte.Screen):
    """The screen that a user would see. Answers what programs ask of it."""

    answer = None

    def write_process_input(self, data):
        self.answer(data.encode())

    def select_graphic_rendition(self, *codes, private=False, **_):
        if not private:
            super().select_graphic_rendition(*codes)


class Terminal:
    """A program in a pseudo-terminal. A thread notes when its bytes come."""

    def __init__(self, command, variables, size=(24, 80)):
        self.home = tempfile.mkdtemp(prefix="home.", dir=work)
        self.model = Model(size[1], size[0])
        self.stream, self.model.answer = pyte.ByteStream(self.model), self.type
        self.master, self.slave = pty.openpty()
        self.resize(size)
        self.before = termios.tcgetattr(self.slave)
        self.bytes, self.rest, self.modes, self.rows = 0, b"", {}, {}
        self.queue, self.came, self.ended = collections.deque(), threading.Condition(), None
        clean = {"PATH": os.environ["PATH"], "HOME": self.home, "TERM": "xterm-256color", "LANG": "C.UTF-8", **variables}

        def settle():
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.began = time.perf_counter()
        self.process = subprocess.Popen(command, stdin=self.slave, stdout=self.slave, stderr=self.slave, env=clean,
                                        preexec_fn=settle, cwd=self.home)
        self.open = True
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while self.open:
            try:
                if not select.select([self.master], [], [], 0.2)[0]:
                    continue
                data = os.read(self.master, 65536)
            except (OSError, ValueError):
                return
            with self.came:
                self.queue.append((time.perf_counter(), data))
                self.came.notify()

    def resize(self, size):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))

    def type(self, keys):
        os.write(self.master, keys)

    def step(self, seconds):
        """Takes one piece: when it came, how long it is, and whether it changed a cell. None when none came."""
        with self.came:
            if not self.queue:
                self.came.wait(seconds)
            if not self.queue:
                return None
            when, data = self.queue.popleft()
            while self.queue and self.queue[0][0] - when < 0.0003:
                data += self.queue.popleft()[1]
        self.bytes += len(data)
        whole = self.rest + data
        cut = UNFINISHED.search(whole)
        whole, self.rest = (whole[:cut.start()], whole[cut.start():]) if cut and cut.start() < len(whole) else (whole, b"")
        for numbers, end in MODES.findall(whole):
            self.modes.update({int(number): end == b"h" for number in numbers.split(b";")})
        self.stream.feed(DROPPED.sub(b"", whole))
        changed = False
        for y in list(self.model.dirty):
            row = {x: cell for x, cell in self.model.buffer[y].items() if cell.data != " " or cell.bg != "default" or cell.reverse}
            changed |= self.rows.get(y, {}) != row
            self.rows[y] = row
        self.model.dirty.clear()
        return when, len(data), changed

    def until(self, holds, seconds=20):
        """When the screen came to be so; None where it did not."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            piece = self.step(min(left, 0.1))
            if piece and holds():
                return piece[0]
            if not piece and self.process.poll() is not None:
                return None
        return None

    def wait(self, seconds):
        self.until(lambda: False, seconds)

    def calm(self, gap=0.05, most=1.0):
        end = time.perf_counter() + most
        while time.perf_counter() < end and self.step(gap):
            pass

    def text(self):
        rows = self.model.buffer
        return "\n".join("".join(rows[y][x].data for x in range(self.model.columns)) for y in range(self.model.lines))

    def is_blank(self):
        return not any(cell.data.strip() for row in self.model.buffer.values() for cell in row.values())

    def tree(self):
        try:
            one = psutil.Process(self.process.pid)
            return [one, *one.children(recursive=True)]
        except psutil.Error:
            return []

    def cpu(self):
        """Seconds, by the scheduler's own clock: the other one counts hundredths."""
        total = 0
        for process in self.tree():
            for thread in os.listdir(f"/proc/{process.pid}/task"):
                try:
                    total += int(open(f"/proc/{process.pid}/task/{thread}/schedstat").read().split()[0])
                except (OSError, IndexError):
                    pass
        return total / 1e9

    def resident(self):
        return sum(process.memory_info().rss for process in self.tree()) / 1e6

    def key(self, key):
        """Milliseconds from a key to the first cell that it changes, and its bytes."""
        self.calm()
        self.wait(random.uniform(0, 0.02))
        self.calm(0.002, 0.05)
        start, began = self.bytes, time.perf_counter()
        self.type(key)
        answered, end = None, began + 2
        while answered is None and (left := end - time.perf_counter()) > 0:
            piece = self.step(left)
            if piece and piece[2] and piece[0] >= began:
                answered = (piece[0] - began) * 1000
        self.calm(0.03, 0.3)
        return answered, self.bytes - start

    def keys(self, count):
        pairs = [self.key(DOWN if n % 16 < 8 else UP) for n in range(count)]
        times = sorted(time if time is not None else 2000 for time, _ in pairs)
        return times[len(times) // 2], times[min(len(times) - 1, round(0.99 * (len(times) - 1)))], statistics.median(cost for _, cost in pairs)

    def leftovers(self):
        found = [name for name, numbers in (("other screen", (1049, 1047, 47)), ("mouse", (1000, 1002, 1003, 1006)), ("paste", (2004,)),
                                            ("focus", (1004,)), ("held back", (2026,))) if any(self.modes.get(n) for n in numbers)]
        if self.modes.get(25) is False:
            found.append("no cursor")
        if termios.tcgetattr(self.slave)[:4] != self.before[:4]:
            found.append("raw")
        return found

    def close(self):
        for process in reversed(self.tree()):
            try:
                process.kill()
            except psutil.Error:
                pass
        self.process.wait()
        self.open = False
        os.close(self.master)
        os.close(self.slave)


class Engine:
    def __init__(self, count, *flags):
        self.socket = os.path.join(tempfile.mkdtemp(prefix="engine.", dir=work), "docker.sock")
        command = [sys.executable, f"{ROOT}/tests/parts/fake_engine.py", self.socket, str(count), "--containers", "20", *flags]
        self.process = subprocess.Popen(command)
        while not os.path.exists(self.socket):
            time.sleep(0.01)
        time.sleep(0.2)

    def close(self):
        self.process.kill()
        self.process.wait()


class Program:
    """What is measured: how it is started, what it shows first, and which keys lead to its list."""

    def __init__(self, name, command, names, lead=b"", lists_images=True):
        self.name, self.command, self.names, self.lead, self.lists_images = name, command, names, lead, lists_images

    def start(self, engine):
        return Terminal(self.command, {"DOCKER_HOST": f"unix://{engine.socket}", **({"DAOCHAIN_RPC": "http://127.0.0.1:9"} if self is ours else {})})

    def shown(self, engine, settle=3.0):
        terminal = self.start(engine)
        terminal.until(lambda: self.names in terminal.text())
        if self.lead:
            terminal.type(self.lead)
        terminal.wait(settle)
        return terminal


# name, figure's bound for ours, unit, figures of ours and of the others
Row = collections.namedtuple("Row", "name bound unit found")
rows, missed = [], []


def note(name, bound, unit, found):
    rows.append(Row(name, bound, unit, found))
    print(line(rows[-1]), flush=True)


def line(row):
    own = row.found.get(ours.name)
    cells = [f"{row.name:<46}"]
    for program in programs:
        value = row.found.get(program.name)
        cells.append(f"{'-' if value is None else value if isinstance(value, str) else f'{value:.2f}':>12}")
    ratios = [f"{row.found[one.name] / own:.1f}x" if isinstance(own, float) and own > 0 and isinstance(row.found.get(one.name), float) else "-"
              for one in programs[1:]]
    state = ""
    if row.bound is not None and own is not None:
        ok = own == row.bound if isinstance(row.bound, str) else own <= row.bound
        state = f"bound {row.bound} {row.unit}: {'ok' if ok else 'OVER'}"
        if not ok:
            missed.append(row.name)
    return " ".join([*cells, f"{row.unit:<4}", f"{' / '.join(ratios):>14}" if ratios else "", state])


def in_turns(measure, among=None):
    """The medians of several runs, the programs in turns."""
    found = collections.defaultdict(list)
    for turn in range(given.runs):
        order = among or programs
        for program in order if turn % 2 == 0 else order[::-1]:
            value = measure(program)
            if value is not None:
                found[program.name].append(value)
    return {name: float(statistics.median(values)) for name, values in found.items()}


def first_frame(engine):
    def measure(program):
        terminal = program.start(engine)
        when = terminal.until(lambda: not terminal.is_blank())
        terminal.close()
        return when and (when - terminal.began) * 1000
    return in_turns(measure)


def first_name(engine, among):
    def measure(program):
        terminal = program.start(engine)
        when = terminal.until(lambda: program.names in terminal.text())
        terminal.close()
        return when and (when - terminal.began) * 1000
    return in_turns(measure, among)


def standing_still(engine):
    cpu, sent, memory, median, worst, cost = ({} for _ in range(6))
    for program in programs:
        terminal = program.shown(engine, settle=5)
        memory[program.name] = terminal.resident()
        before, used = terminal.bytes, terminal.cpu()
        terminal.wait(10)
        cpu[program.name], sent[program.name] = (terminal.cpu() - used) * 10, (terminal.bytes - before) / 1000
        median[program.name], worst[program.name], cost[program.name] = terminal.keys(given.keys)
        cost[program.name] /= 1000
        terminal.close()
    note("idle CPU over 10 s", 0.05, "%", cpu)
    note("idle bytes in 10 s", 0.2, "kB", sent)
    note("key to frame, median", 1.5, "ms", median)
    note("key to frame, p99", 4.0, "ms", worst)
    note("bytes a key", 0.2, "kB", cost)
    note("memory, 20 images", 16.0, "MB", memory)


def hashing():
    engine = Engine(20, "--export", str(10**9))
    time.sleep(3)
    terminal = ours.shown(engine)
    terminal.type(b"v")
    terminal.until(lambda: "%" in terminal.text(), 10)
    times, before, began, used = [], terminal.bytes, time.perf_counter(), 0
    while "%" in terminal.text() and len(times) < given.keys:
        # What the task says by itself comes between: only the row that the selection leaves answers the key.
        terminal.calm(0.001, 0.01)
        start, marks = time.perf_counter(), selected(terminal)
        terminal.type(DOWN if len(times) % 16 < 8 else UP)
        end = start + 1
        while selected(terminal) == marks and (left := end - time.perf_counter()) > 0:
            piece = terminal.step(left)
            used = piece[0] if piece else time.perf_counter()
        times.append((used - start) * 1000)
        terminal.wait(0.01)
    seconds = time.perf_counter() - began
    note("key to frame while 1 GB is hashed, p99", 16.0, "ms", {ours.name: sorted(times)[round(0.99 * (len(times) - 1))] if times else None})
    print(f"  ({len(times)} keys in {seconds:.1f} s, {(terminal.bytes - before) / seconds / 1000:.2f} kB/s with the keys)")
    terminal.close()
    engine.close()


def selected(terminal):
    """The row that is marked as the selected one."""
    return [y for y in range(terminal.model.lines) if terminal.model.buffer[y][0].data == "▌"]


def many():
    among = [program for program in programs if program.lists_images]
    engine = Engine(10000)
    note("first image named, 10 000 images", 150.0, "ms", first_name(engine, among))
    memory = {}
    for program in among:
        terminal = program.shown(engine, settle=5)
        memory[program.name] = terminal.resident()
        terminal.close()
    note("memory, 10 000 images", 30.0, "MB", memory)
    engine.close()
    cpu, worst, peak = {}, {}, {}
    for program in among:
        engine = Engine(10000, "--every", "1")
        terminal = program.shown(engine, settle=4)
        used, began = terminal.cpu(), time.perf_counter()
        terminal.wait(20)
        cpu[program.name] = (terminal.cpu() - used) / (time.perf_counter() - began) * 100
        worst[program.name] = terminal.keys(given.keys)[1]
        peak[program.name] = terminal.resident()
        terminal.close()
        engine.close()
    note("10 000 images and one new a second: CPU", 2.0, "%", cpu)
    note("10 000 images and one new a second: key p99", 16.0, "ms", worst)
    note("10 000 images and one new a second: memory", None, "MB", peak)


def resizing(engine):
    def measure(program):
        terminal = program.shown(engine)
        blank = []
        for size in ((30, 100), (12, 60), (50, 200), (24, 80)):
            terminal.calm()
            terminal.model.resize(*size)
            terminal.model.erase_in_display(2)
            terminal.model.dirty.update(range(size[0]))
            start = time.perf_counter()
            terminal.resize(size)
            when = terminal.until(lambda: not terminal.is_blank(), 3)
            blank.append((when - start) * 1000 if when else 3000)
        terminal.close()
        return max(blank)
    note("after a change of size: blank for", 16.0, "ms", in_turns(measure))


def signals(engine):
    for number in (signal.SIGTERM, signal.SIGHUP):
        found = {}
        for program in programs:
            terminal = program.shown(engine, settle=1)
            terminal.process.send_signal(number)
            terminal.until(lambda: terminal.process.poll() is not None, 5)
            terminal.calm(0.1)
            left = terminal.leftovers()
            same = terminal.process.poll() == -number
            found[program.name] = "restored" if not left and same else "alive" if terminal.process.poll() is None else "broken" if left else "code"
            if left and program is ours:
                print(f"  left after {number.name}: {left}")
            terminal.close()
        note(f"after {number.name}", "restored", "", found)


def at_hand():
    """The programs to measure beside ours."""
    if given.only == "ours":
        return []
    found = []
    root = os.path.join(CACHE, f"oxker-{OXKER}")
    if not os.path.exists(f"{root}/bin/oxker"):
        built = subprocess.run(["cargo", "install", "--quiet", "--locked", "--version", OXKER, "--root", root, "oxker"])
        if built.returncode:
            print("oxker: left out, it could not be built")
    if os.path.exists(f"{root}/bin/oxker"):
        found.append(Program("oxker", [f"{root}/bin/oxker"], "container-0", lists_images=False))
    lazydocker = os.environ.get("LAZYDOCKER") or shutil.which("lazydocker")
    if lazydocker:
        found.append(Program("lazydocker", [lazydocker], "bench/image-", lead=b"4"))
    else:
        print("lazydocker: left out, neither LAZYDOCKER nor the PATH has it")
    return found


ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ask.add_argument("program")
ask.add_argument("--strict", action="store_true")
ask.add_argument("--only", choices=["ours"])
ask.add_argument("--runs", type=int, default=7)
ask.add_argument("--keys", type=int, default=100)
given = ask.parse_args()
work = tempfile.mkdtemp(prefix="daochain-screen.")
try:
    ours = Program("daochain", [os.path.abspath(given.program)], "image-")
    programs = [ours, *at_hand()]
    print(" ".join([f"{'':<46}", *(f"{program.name:>12}" for program in programs), "    ", f"{'others/ours':>14}"]))
    engine = Engine(20)
    note("start to first frame", 15.0, "ms", first_frame(engine))
    note("first image named, 20 images", 40.0, "ms", first_name(engine, [one for one in programs if one.lists_images]))
    standing_still(engine)
    resizing(engine)
    signals(engine)
    engine.close()
    hashing()
    many()
finally:
    shutil.rmtree(work, ignore_errors=True)
if missed:
    print(f"over their bounds: {', '.join(missed)}")
    if given.strict:
        raise SystemExit(1)
