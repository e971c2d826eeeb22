//! What the end-to-end suites share: a throw-away home, the program in it, a real engine and real nodes.
#![allow(dead_code, reason = "each suite uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts on stderr"
)]

pub mod fake_engine;
pub mod flooded;
pub mod hostile_registry;
pub mod layout;
pub mod many;
pub mod proxy;
pub mod pusher;
pub mod registry;
pub mod terminal;
pub mod token;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The passphrase of every account that a test makes.
pub const PASSPHRASE: &str = "a passphrase of the tests";

/// True when the caller asked to do without a part (`DAOCHAIN_WITHOUT=docker,node`).
pub fn without(part: &str) -> bool {
    let skipped = std::env::var("DAOCHAIN_WITHOUT").unwrap_or_default().split(',').any(|one| one == part);
    if skipped {
        eprintln!("part: {part} left out, as DAOCHAIN_WITHOUT asks");
    }
    skipped
}

/// The engine that `tests/run` started. A suite whose part is missing fails.
pub fn docker_host() -> String {
    std::env::var("DAOCHAIN_TEST_DOCKER")
        .expect("DAOCHAIN_TEST_DOCKER names no engine; run tests/run, or set DAOCHAIN_WITHOUT=docker")
}

/// The endpoint of a node that `tests/run` started.
pub fn node(name: &str) -> String {
    let nodes = std::env::var("DAOCHAIN_TEST_NODES")
        .expect("DAOCHAIN_TEST_NODES names no node; run tests/run, or set DAOCHAIN_WITHOUT=node");
    let found = nodes.split(',').find_map(|one| one.strip_prefix(&format!("{name}=")).map(str::to_owned));
    found.unwrap_or_else(|| panic!("DAOCHAIN_TEST_NODES has no `{name}`"))
}

/// A throw-away home and the ways to run the program in it.
pub struct Home {
    dir: TempDir,
    network: Option<String>,
    docker: Option<String>,
}

impl Home {
    /// An empty home on the embedded network, without an engine.
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("daochain-home-").tempdir().expect("a temporary folder");
        std::fs::write(dir.path().join("passphrase"), format!("{PASSPHRASE}\n")).expect("a passphrase file");
        Self { dir, network: None, docker: None }
    }

    /// With the engine of `tests/run`.
    pub fn with_docker(mut self) -> Self {
        self.docker = Some(docker_host());
        self
    }

    /// On another network than the embedded one, reached at `rpc`.
    pub fn on(mut self, name: &str, rpc: &str) -> Self {
        let added = self.run(&["network", "add", name, "--rpc", rpc]);
        assert!(added.success(), "{added:?}");
        self.network = Some(name.to_owned());
        self
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn passphrase_file(&self) -> PathBuf {
        self.dir.path().join("passphrase")
    }

    /// The program with this home's surroundings, not started yet.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_daochain"));
        command.args(args).env("DAOCHAIN_HOME", self.path()).env("DAOCHAIN_PASSWORD_FILE", self.passphrase_file());
        command
            .env_remove("DOCKER_HOST")
            .env_remove("DAOCHAIN_RPC")
            .env_remove("DAOCHAIN_NETWORK")
            .stdin(Stdio::null());
        command.env("DOCKER_HOST", self.docker.as_deref().unwrap_or("unix:///nonexistent/docker.sock"));
        if let Some(network) = &self.network {
            command.env("DAOCHAIN_NETWORK", network);
        }
        command
    }

    /// Runs the program with `--json` and reads its document. Nothing that a suite does takes two minutes: then the
    /// program is ended, and the test fails by its exit code.
    pub fn run(&self, args: &[&str]) -> Run {
        let command = self.command(args);
        let mut bounded = Command::new("timeout");
        bounded.args(["--kill-after=10", "120"]).arg(command.get_program()).args(command.get_args()).arg("--json");
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => bounded.env(name, value),
                None => bounded.env_remove(name),
            };
        }
        Run::read(args, &bounded.stdin(Stdio::null()).output().expect("the program starts"))
    }

    /// A new archive with one image of that content, named `docker.io/NAME`.
    pub fn archive(&self, name: &str, content: &str) -> PathBuf {
        let mut blobs = layout::Blobs::default();
        let image = blobs.image("amd64", content.as_bytes());
        let path = self.path().join(format!("{}.tar", unique("image")));
        let archive = blobs.archive(&format!("docker.io/{name}"), layout::MANIFEST, image.manifest);
        std::fs::write(&path, archive).expect("an archive");
        path
    }

    /// Makes an account with ether in it; its address.
    pub fn funded_account(&self) -> String {
        let made = self.run(&["account", "new"]);
        let address = made.document["account"]["address"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned();
        match &self.network {
            None => assert!(self.run(&["account", "fund", &address]).success()),
            Some(name) => fund(&node(name), &address),
        }
        address
    }
}

/// What a run of the program left.
#[derive(Debug)]
pub struct Run {
    pub args: Vec<String>,
    pub code: Option<i32>,
    pub document: Value,
    pub stderr: String,
}

impl Run {
    fn read(args: &[&str], output: &Output) -> Self {
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let document = serde_json::from_str(&stdout)
            .unwrap_or_else(|error| panic!("{args:?}: stdout is no document ({error}): {stdout}\n{stderr}"));
        Self { args: args.iter().map(ToString::to_string).collect(), code: output.status.code(), document, stderr }
    }

    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    /// The first image's verdict and the exit code.
    pub fn verdict(&self) -> (&str, Option<i32>) {
        (self.document["images"][0]["verdict"].as_str().unwrap_or_else(|| panic!("{self:?}")), self.code)
    }
}

/// One JSON-RPC call to a node, by curl.
pub fn rpc(url: &str, method: &str, params: &Value) -> Value {
    let answer = call(url, method, params);
    assert!(answer["error"].is_null(), "{method}: {answer}");
    answer["result"].clone()
}

/// The whole answer, an error too.
pub fn call(url: &str, method: &str, params: &Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
    let output = Command::new("curl")
        .args(["-sS", "--max-time", "20", "-H", "content-type: application/json", "-d", &body, url])
        .output()
        .expect("curl starts");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{method}: {error}: {output:?}"))
}

/// One after another: all funding of a node is by one account, and a node that has just made a block may give two
/// transactions one nonce.
static FUNDING: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// Sends ten ether from the node's own unlocked account, and waits for the block.
pub fn fund(url: &str, address: &str) {
    let _alone = FUNDING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let from = rpc(url, "eth_accounts", &json!([]))[0].clone();
    let transfer = json!([{"from": from, "to": address, "value": "0x8ac7230489e80000"}]);
    let hash = wait_for("the node to take the funding transaction", || {
        let answer = call(url, "eth_sendTransaction", &transfer);
        answer["result"].is_string().then(|| answer["result"].clone())
    });
    wait_for("the funding transaction's block", || {
        // A young geth answers with an error while it indexes its first transactions.
        (!call(url, "eth_getTransactionReceipt", &json!([hash]))["result"].is_null()).then_some(())
    });
}

/// Asks until there is an answer, for at most two minutes: longer than the program waits for anything itself.
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(2);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(std::time::Instant::now() < deadline, "waited 120 s for {what}");
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    }
}

/// The Docker command line against the engine of `tests/run`.
pub fn docker(args: &[&str]) -> String {
    let output = Command::new("docker")
        .args(args)
        .env("DOCKER_HOST", docker_host())
        .env("DOCKER_BUILDKIT", "0")
        .stdin(Stdio::null())
        .output()
        .expect("the docker command starts");
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Builds a small image whose only file holds `content`; its ID. The image is removed when the guard is dropped.
pub fn build(tag: &str, content: &str) -> Built {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join("content"), content).expect("a file");
    let mut dockerfile = std::fs::File::create(dir.path().join("Dockerfile")).expect("a file");
    writeln!(dockerfile, "FROM scratch\nCOPY content /content\nCMD [\"/content\"]").expect("a file");
    let id = docker(&["build", "-q", "-t", tag, &dir.path().display().to_string()]);
    Built { id, tag: tag.to_owned() }
}

/// An image of the engine, removed when dropped.
pub struct Built {
    pub id: String,
    pub tag: String,
}

impl Drop for Built {
    fn drop(&mut self) {
        for name in [&self.tag, &self.id] {
            let _ = Command::new("docker").args(["rmi", "-f", name]).env("DOCKER_HOST", docker_host()).output();
        }
    }
}

/// A name that no other test uses.
pub fn unique(name: &str) -> String {
    let nanos =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock after 1970").as_nanos();
    format!("{name}-{}-{nanos}", std::process::id())
}
