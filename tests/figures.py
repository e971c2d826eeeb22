#!/usr/bin/env python3
"""The figures of the README, measured: tests/figures.py PROGRAM [--strict]

Prints each figure beside its bound, and both sides of each ratio from one run. Needs nothing beyond Python, and for
the hashing figure the engine that DAOCHAIN_TEST_DOCKER names (left out, and said, without one). These machines are
noisy: medians of several runs, and a figure over its bound is said and fails nothing, unless --strict asks for it (then
twice the bound fails, which noise does not explain).
"""
import fcntl, json, os, pty, select, shutil, signal, statistics, struct, subprocess, sys, tempfile, termios, time

program = os.path.abspath(sys.argv[1])
here = os.path.dirname(os.path.abspath(__file__))
work = tempfile.mkdtemp(prefix="daochain-figures.")
missed = []
UP, DOWN = b"\x1b[A", b"\x1b[B"


def figure(name, value, bound, unit, note=""):
    state = "ok" if value <= bound else "over" if value <= 2 * bound else "MISSED"
    if state == "MISSED":
        missed.append(name)
    print(f"{name:<58} {value:>10.3f} {unit:<6} bound {bound:g} {unit:<6} {state} {note}", flush=True)


class Screen:
    """The program in a pseudo-terminal of 80x24."""

    def __init__(self, args, env=(), size=(24, 80)):
        self.home = tempfile.mkdtemp(prefix="home.", dir=work)
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[0], size[1], 0, 0))
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DAOCHAIN", "DOCKER", "NO_COLOR"))}
        clean.update({"TERM": "xterm-256color", "LANG": "C.UTF-8", "DAOCHAIN_HOME": self.home})
        clean.update(env)
        self.began = time.perf_counter()
        self.process = subprocess.Popen([program, *args], stdin=slave, stdout=slave, stderr=slave, env=clean,
                                        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)

    def read(self, seconds):
        """Bytes within `seconds`, or as soon as there are any."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        try:
            return os.read(self.master, 1 << 20) if ready else b""
        except OSError:
            return b""

    def drain(self, seconds):
        end, out = time.perf_counter() + seconds, b""
        while (left := end - time.perf_counter()) > 0:
            out += self.read(left)
        return out

    def first_frame(self):
        """Milliseconds from exec to the first bytes that hold the program's name."""
        out = b""
        while b"DaoChain" not in out:
            if time.perf_counter() - self.began > 10:
                raise SystemExit(f"no first frame within 10 s: {out[:500]!r}")
            out += self.read(1)
        return (time.perf_counter() - self.began) * 1000

    def cpu(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self):
        lines = open(f"/proc/{self.process.pid}/status").read().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    def key(self, key):
        """Milliseconds from a key to the frame that answers it."""
        self.drain(0.02)
        began = time.perf_counter()
        os.write(self.master, key)
        self.read(1)
        return (time.perf_counter() - began) * 1000

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


class Engine:
    def __init__(self, count, *flags):
        self.socket = os.path.join(tempfile.mkdtemp(prefix="engine.", dir=work), "docker.sock")
        self.process = subprocess.Popen([sys.executable, f"{here}/parts/fake_engine.py", self.socket, str(count), *flags])
        while not os.path.exists(self.socket):
            time.sleep(0.01)

    def env(self):
        return {"DOCKER_HOST": f"unix://{self.socket}"}

    def close(self):
        self.process.kill()
        self.process.wait()


def screen_figures():
    silent = Engine(0, "--silent")
    firsts = []
    for _ in range(15):
        screen = Screen([], silent.env())
        firsts.append(screen.first_frame())
        screen.close()
    figure("first frame, engine hangs (median of 15)", statistics.median(firsts), 15, "ms")
    silent.close()

    engine = Engine(300)
    # A remote network that nobody answers: the program without its embedded node.
    for name, args, bound in (("without the embedded node", ["--rpc", "http://127.0.0.1:9"], 16), ("with it", [], 45)):
        screen = Screen(args, engine.env())
        screen.first_frame()
        screen.drain(6)
        figure(f"resident memory, 300 images, {name}", screen.resident(), bound, "MB")
        before, bytes_out = screen.cpu(), len(screen.drain(10))
        figure(f"idle CPU over 10 s, {name}", (screen.cpu() - before) * 10, 0.1, "%", "(one tick of the clock is 0.1)")
        figure(f"idle bytes to the terminal over 10 s, {name}", bytes_out, 200, "bytes")
        if not args:
            keys = sorted(screen.key(DOWN if n % 20 < 10 else UP) for n in range(200))
            figure("key to frame, median of 200", statistics.median(keys), 1.5, "ms")
            figure("key to frame, p99 of 200", keys[197], 4, "ms")
        screen.close()
    engine.close()


def timed(command, env):
    began = time.perf_counter()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def hashing_figures():
    host = os.environ.get("DAOCHAIN_TEST_DOCKER")
    if not host:
        print("hashing through the engine: left out, DAOCHAIN_TEST_DOCKER names none")
        return
    env = {**os.environ, "DOCKER_HOST": host, "DOCKER_BUILDKIT": "0", "DAOCHAIN_HOME": os.path.join(work, "hash")}
    tag, build = "daochain-figures:1", os.path.join(work, "build")
    os.makedirs(build)
    with open(f"{build}/Dockerfile", "w") as dockerfile:
        dockerfile.write("FROM scratch\n")
        for layer in range(4):
            dockerfile.write(f"COPY part{layer} /part{layer}\n")
            with open(f"{build}/part{layer}", "wb") as part:
                for _ in range(256):
                    part.write(os.urandom(1 << 20))
    subprocess.run(["docker", "build", "-q", "-t", tag, build], env=env, check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(build)
    save = ["sh", "-c", f"docker save {tag} >/dev/null"]
    hash_ = [program, "hash", tag, "--json"]
    try:
        timed(save, env), timed(hash_, env)
        rounds = [(timed(save, env), timed(hash_, env)) for _ in range(5)]
        ratios = [ours / theirs for theirs, ours in rounds]
        saves, ours = (statistics.median(side) for side in zip(*rounds))
        figure("hash of 1 GB through the engine / docker save >/dev/null", statistics.median(ratios), 1.1, "x",
               f"({ours:.2f} s / {saves:.2f} s, medians of 5 pairs)")
        figure("peak memory of `hash` of 1 GB", peak(hash_, env) - peak([program, "--version"], env), 32, "MB",
               "above that of --version")
        figure("from Ctrl-C to the end of `hash`, median of 5",
               statistics.median(cancelled(hash_, env) for _ in range(5)), 100, "ms")
    finally:
        subprocess.run(["docker", "rmi", "-f", tag], env=env, stdout=subprocess.DEVNULL)


def cancelled(command, env):
    """Milliseconds from Ctrl-C to the end of the program, in the middle of its work."""
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1.5)
    began = time.perf_counter()
    process.send_signal(signal.SIGINT)
    process.wait(10)
    return (time.perf_counter() - began) * 1000


def live_figures():
    """From something that happens elsewhere to the row that shows it, without a key."""
    host = os.environ.get("DAOCHAIN_TEST_DOCKER")
    if not host:
        print("live rows: left out, DAOCHAIN_TEST_DOCKER names no engine")
        return
    home, context = (tempfile.mkdtemp(prefix=f"{name}.", dir=work) for name in ("live", "context"))
    passphrase = os.path.join(work, "passphrase")
    with open(passphrase, "w") as file:
        file.write("a passphrase of the figures\n")
    with open(f"{context}/Dockerfile", "w") as file:
        file.write("FROM scratch\nCOPY Dockerfile /x\n")
    env = {**os.environ, "DOCKER_HOST": host, "DOCKER_BUILDKIT": "0", "DAOCHAIN_HOME": home,
           "DAOCHAIN_PASSWORD_FILE": passphrase}
    run = lambda *command: subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    ours = lambda *args: run(program, *args, "--json")
    tag, other = "daochain-live/app:1", "daochain-live/app:2"
    run("docker", "build", "-q", "-t", tag, context)
    try:
        account = json.loads(ours("account", "new"))["account"]["address"]
        ours("account", "fund", account)
        ours("trust", "add", "daochain-live/*", account)
        screen = Screen([], {"DOCKER_HOST": host, "DAOCHAIN_HOME": home}, size=(40, 120))
        os.write(screen.master, b"/daochain-live\r")
        screen.drain(4)

        def until(words):
            """Seconds from now until the screen has said so."""
            began, out = time.perf_counter(), b""
            while words not in out:
                if time.perf_counter() - began > 30:
                    raise SystemExit(f"the screen never said {words!r}")
                out += screen.read(0.05)
            return time.perf_counter() - began

        run("docker", "tag", tag, other)
        figure("from `docker tag` to the row", until(b"app:2"), 2, "s")
        ours("publish", tag, "--yes")
        figure("from another process's publication to the verdict", until("✔".encode()), 2, "s")
        screen.close()
    finally:
        subprocess.run(["docker", "rmi", "-f", tag, other], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def peak(command, env):
    """Peak resident megabytes of one run, from a process of its own so that the figure is this child's alone."""
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); " \
           "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    out = subprocess.run([sys.executable, "-c", code, *command], env=env, check=True, capture_output=True).stdout
    return int(out) / 1024


def verdict_figures():
    """All verdicts in one call: a thousand cost little more than one."""
    times = {}
    for count in (1, 1000):
        engine = Engine(count)
        env = {**os.environ, **engine.env(), "DAOCHAIN_HOME": os.path.join(work, f"verdicts{count}")}
        run = lambda: subprocess.run([program, "images", "--json"], env=env, check=False, stdout=subprocess.DEVNULL)
        run()
        began = time.perf_counter()
        for _ in range(5):
            run()
        times[count] = (time.perf_counter() - began) / 5
        engine.close()
    print(f"`images` of 1000 / of 1 image: {times[1000] * 1000:.0f} ms / {times[1] * 1000:.0f} ms = {times[1000] / times[1]:.1f}x")


try:
    screen_figures()
    verdict_figures()
    live_figures()
    hashing_figures()
finally:
    shutil.rmtree(work, ignore_errors=True)
if missed and "--strict" in sys.argv:
    raise SystemExit(f"missed: {', '.join(missed)}")
