//! What the memory and the log of a process hold after it has signed: neither its passphrase nor its key.
//!
//! Reads another process's memory, which root may; without root this suite fails, unless `DAOCHAIN_WITHOUT` has `root`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts"
)]

mod support;

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    os::unix::fs::MetadataExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use daochain::{domain::progress::Unwatched, keystore::Keystore, ops::Passphrase};
use support::{Home, PASSPHRASE, fund, node, unique, without};

/// A key that is nobody else's, as it may lie in memory: its bytes, its limbs, its digits.
const KEY: [u8; 32] = *b"\x0fthirty-two bytes of a known key";

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Everything that the process may write to: its heap, its stacks.
fn memory(process: u32) -> Vec<u8> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let mut source = File::open(format!("/proc/{process}/mem")).expect("root reads another process's memory");
    let mut all = Vec::new();
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|mode| mode.starts_with("rw"))) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let number = |digits| u64::from_str_radix(digits, 16).unwrap();
        let (from, to) = (number(from), number(to));
        let mut region = vec![0; usize::try_from(to - from).unwrap()];
        if source.seek(SeekFrom::Start(from)).is_ok() && source.read_exact(&mut region).is_ok() {
            all.extend(region);
        }
    }
    all
}

fn holds(memory: &[u8], secret: &[u8]) -> bool {
    memory.windows(secret.len()).any(|window| window == secret)
}

#[test]
fn neither_memory_nor_log_holds_a_secret_that_was_used() {
    if without("node") || without("root") {
        return;
    }
    let home = Home::new().on("geth", &node("geth"));
    let file = home.path().join("key.hex");
    std::fs::write(&file, hex::encode(KEY)).unwrap();
    let made = home.run(&["account", "import", "--raw-key-file", file.to_str().unwrap()]);
    let address = made.document["account"]["address"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned();
    std::fs::remove_file(file).unwrap();
    fund(&node("geth"), &address);
    home.run(&["contract", "deploy", "--yes"]);
    let name = format!("acme/{}:1", unique("secret"));
    let archive = home.archive(&name, "content");

    // It waits for confirmations that do not come, long after it has signed.
    let publish = ["publish", "--archive", archive.to_str().unwrap(), "--yes", "--confirmations", "9999", "-vv"];
    let mut running = Running(home.command(&publish).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let process = running.0.id();
    eprintln!("part: the memory of process {process}, and geth at {}", node("geth"));
    let mut told = String::new();
    let mut lines = BufReader::new(running.0.stderr.take().unwrap());
    while !told.contains("sent as") {
        assert!(lines.read_line(&mut told).unwrap() > 0, "it ended: {told}");
    }
    let memory = memory(process);
    assert!(holds(&memory, name.as_bytes()), "{} bytes were read, and what is known to be there is not", memory.len());
    let limbs: Vec<u8> = KEY.iter().rev().copied().collect();
    for (what, secret) in [
        ("passphrase", PASSPHRASE.as_bytes()),
        ("key", &KEY),
        ("key in limbs", &limbs),
        ("key in digits", hex::encode(KEY).as_bytes()),
    ] {
        assert!(!holds(&memory, secret), "the memory holds the {what}");
        assert!(!holds(told.as_bytes(), secret), "the log holds the {what}");
        let log = std::fs::read(home.path().join("daochain.log")).unwrap_or_default();
        assert!(!holds(&log, secret), "the log file holds the {what}");
    }
    let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
}

#[test]
fn what_is_pinned_stays_out_of_swap() {
    /// Kilobytes that the kernel keeps out of swap for this process.
    fn kept() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmLck:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
    let (before, many) = (kept(), vec![1_u8; 3 * 4096]);
    daochain::domain::pinned::pin(many.as_slice());
    assert!(kept() >= before + 12, "{before} kB before, {} kB after", kept());

    let (before, long) = (kept(), Passphrase("again".repeat(4096).into()));
    assert_eq!(long.again().0, long.0);
    assert!(kept() >= before + 16, "a passphrase's copy: {before} kB before, {} kB after", kept());

    // A key lies on its thread's stack while it is sealed.
    let (before, folder) = (kept(), tempfile::tempdir().unwrap());
    let sealed = || Keystore::open(folder.path()).create(&String::from("pass").into(), &Unwatched).unwrap();
    std::thread::scope(|scope| scope.spawn(sealed).join().unwrap());
    assert!(kept() > before, "a new key: {before} kB before, {} kB after", kept());
}

/// Waits for a request on standard input, as the user `nobody`.
fn waiting_as_nobody(folder: &Path) -> Child {
    let program = folder.join("program");
    std::fs::copy(env!("CARGO_BIN_EXE_daochain"), &program).unwrap();
    let owned = Command::new("chown").args(["-R", "65534:65534"]).arg(folder).status().unwrap();
    assert!(owned.success());
    Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(program)
        .args(["sign", "-"])
        .env("DAOCHAIN_HOME", folder.join("home"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn other_processes_of_the_user_cannot_read_its_memory() {
    if without("root") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let running = Running(waiting_as_nobody(folder.path()));
    let process = format!("/proc/{}", running.0.id());
    // Made as it starts, before it waits.
    support::wait_for("the home", || folder.path().join("home").exists().then_some(()));
    let status = std::fs::read_to_string(format!("{process}/status")).unwrap();
    assert!(status.contains("Uid:\t65534\t65534"), "{status}");
    // The kernel gives the files of a process that must not be dumped to root (proc(5)).
    assert_eq!(std::fs::metadata(format!("{process}/mem")).unwrap().uid(), 0);
    let other = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "head", "-c1"])
        .arg(format!("{process}/mem"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&other.stderr);
    assert!(told.contains("Permission denied"), "{told}");
}
