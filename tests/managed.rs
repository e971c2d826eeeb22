//! A geth of a home's own: started, used, killed, stopped.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    io::{Read as _, Write as _},
    net::Shutdown,
    os::unix::{
        fs::PermissionsExt as _,
        net::{UnixListener, UnixStream},
    },
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use serde_json::{Value, json};
use support::{
    Built, Home, docker, docker_host,
    layout::{Blobs, MANIFEST},
    unique, wait_for, without,
};

struct Supervisor(Child);

fn geth() -> String {
    std::env::var("DAOCHAIN_TEST_GETH").unwrap_or_else(|_| panic!("DAOCHAIN_TEST_GETH names no geth"))
}

impl Supervisor {
    fn start(home: &Home) -> Self {
        Self::start_with(home, &geth(), &[])
    }

    fn start_with(home: &Home, program: &str, more: &[&str]) -> Self {
        let mut command = home.command(&[&["node", "start", "--geth"], more].concat());
        let told = std::fs::File::create(home.path().join("told")).unwrap();
        command.env("DAOCHAIN_GETH", program).stdout(Stdio::null()).stderr(told);
        Self(command.spawn().unwrap())
    }

    /// Killed: it cannot stop what it watches.
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Waits until the home's supervisor has told this on standard error.
fn told(home: &Home, words: &str) {
    let told = || std::fs::read_to_string(home.path().join("told")).unwrap();
    wait_for(words, || told().contains(words).then_some(()));
}

/// What `node status` tells of a network's only endpoint, once it answers.
fn status(home: &Home, network: &str) -> serde_json::Value {
    wait_for("an answer", || {
        let status = home.run(&["node", "status", "--network", network]);
        status.success().then(|| status.document["endpoints"][0].clone())
    })
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The geth whose data lies in `home`.
fn processes(home: &Path) -> Vec<String> {
    let data = format!("datadir {}/geth/data", home.display());
    let found = Command::new("pgrep").args(["-f", "--", &data]).output().unwrap();
    String::from_utf8(found.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_home_has_its_own_geth() {
    if without("geth") {
        return;
    }
    let home = Home::new();
    let mut supervisor = Supervisor::start(&home);
    let answers = || home.run(&["node", "status", "--network", "geth"]).success().then_some(());
    wait_for("geth's first answer", answers);
    assert!(home.run(&["network", "use", "geth"]).success());
    let second = home.run(&["node", "start", "--geth"]);
    assert!(matches!(second.document["code"].as_str(), Some("geth-busy" | "geth-absent")), "{second:?}");

    let made = home.run(&["account", "new"]);
    let address = made.document["account"]["address"].as_str().unwrap();
    let funded = home.run(&["account", "fund", address]);
    assert!(funded.success(), "{funded:?}");
    assert!(home.run(&["contract", "deploy", "--yes"]).success());
    let listed = home.run(&["tx", "list"]);
    let deployment = &listed.document["transactions"][0];
    assert_eq!((&deployment["kind"], &deployment["reference"]), (&"deployment".into(), &Value::Null), "{listed:?}");
    let disk = &status(&home, "geth")["disk_bytes"];
    assert!(disk.as_u64().is_some_and(|bytes| bytes > 100_000), "{disk}");
    let name = format!("acme/{}:1", unique("managed"));
    let mut blobs = Blobs::default();
    let image = blobs.image("amd64", b"content");
    let path = home.path().join("app.tar");
    std::fs::write(&path, blobs.archive(&format!("docker.io/{name}"), MANIFEST, image.manifest)).unwrap();
    let sent = home.run(&["publish", "--archive", path.to_str().unwrap(), "--yes", "--confirmations", "1"]);
    assert!(sent.success(), "{sent:?}");

    // Killed, it is started again, and has lost its newest blocks at most.
    for _ in 0..6 {
        assert!(home.run(&["account", "fund", address]).success());
    }
    let [killed] = processes(home.path()).try_into().unwrap();
    assert!(Command::new("kill").args(["-9", &killed]).status().unwrap().success());
    wait_for("another geth", || processes(home.path()).iter().any(|one| *one != killed).then_some(()));
    wait_for("its answer", answers);
    let history = home.run(&["history", &name]);
    assert_eq!(history.document["events"].as_array().map(Vec::len), Some(1), "{history:?}");

    let stopped = home.run(&["node", "stop"]);
    assert_eq!((stopped.code, &stopped.document["stopped"]), (Some(0), &true.into()), "{stopped:?}");
    assert_eq!(supervisor.0.wait().unwrap().code(), Some(143));
    assert!(processes(home.path()).is_empty());
    let log = std::fs::read_to_string(home.path().join("geth/geth.log")).unwrap();
    assert!(log.contains("Blockchain stopped"), "it was stopped, not killed");
    let again = home.run(&["node", "stop"]);
    assert_eq!((again.code, &again.document["stopped"]), (Some(0), &false.into()), "{again:?}");
}

#[test]
fn what_a_killed_supervisor_leaves_behind_is_stopped() {
    if without("geth") {
        return;
    }
    let home = Home::new();
    let supervisor = Supervisor::start(&home);
    status(&home, "geth");
    supervisor.kill();
    let [left] = processes(home.path()).try_into().unwrap();
    let supervisor = Supervisor::start(&home);
    wait_for("another geth", || processes(home.path()).iter().any(|one| *one != left).then_some(()));
    status(&home, "geth");
    let log = std::fs::read_to_string(home.path().join("geth/geth.log")).unwrap();
    assert!(log.contains("Blockchain stopped"), "it was stopped, not killed");
    supervisor.kill();
    assert_eq!(processes(home.path()).len(), 1);
    let stopped = home.run(&["node", "stop"]);
    assert_eq!(stopped.document["networks"], json!(["geth"]), "{stopped:?}");
    assert!(processes(home.path()).is_empty());
}

#[test]
fn whoever_has_the_number_of_a_supervisor_that_is_gone_is_left_alone() {
    let home = Home::new();
    let folder = home.path().join("geth");
    std::fs::create_dir(&folder).unwrap();
    let mut stranger = Supervisor(Command::new("sh").args(["-c", "sleep 60; true", "start"]).spawn().unwrap());
    std::fs::write(folder.join("supervisor"), stranger.0.id().to_string()).unwrap();
    // Somebody who has not written its own number yet.
    let lock = std::fs::File::create(folder.join("supervisor.lock")).unwrap();
    lock.lock().unwrap();
    let stopped = home.run(&["node", "stop"]);
    assert_eq!((stopped.code, stopped.document["code"].as_str()), (Some(1), Some("geth-busy")), "{stopped:?}");
    assert_eq!(stranger.0.try_wait().unwrap(), None, "it runs on");
    lock.unlock().unwrap();
    let stopped = home.run(&["node", "stop"]);
    assert_eq!((stopped.code, &stopped.document["stopped"]), (Some(0), &false.into()), "{stopped:?}");
    assert!(!folder.join("supervisor").exists(), "nobody watches");
}

/// A program of these lines.
fn script(folder: &Path, name: &str, lines: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[test]
fn a_later_start_that_fails_ends_no_supervision() {
    if without("geth") {
        return;
    }
    let home = Home::new();
    let fails = home.path().join("fails");
    let lines = format!("[ -e {0} ] && rm {0} && exit 1\nexec {1} \"$@\"", fails.display(), geth());
    let program = script(home.path(), "geth-fails", &lines);
    let mut supervisor = Supervisor::start_with(&home, &program, &[]);
    let first = status(&home, "geth");
    assert_eq!((&first["head"]["number"], &first["head_age_seconds"]), (&json!(0), &Value::Null), "{first}");
    std::fs::write(&fails, "").unwrap();
    let [killed] = processes(home.path()).try_into().unwrap();
    assert!(Command::new("kill").args(["-9", &killed]).status().unwrap().success());
    told(&home, "it ended (exit status: 1)");
    told(&home, "it is started again in 4 s");
    status(&home, "geth");
    assert!(home.run(&["node", "stop"]).success());
    assert_eq!(supervisor.0.wait().unwrap().code(), Some(143));
    let down = home.run(&["node", "status", "--network", "geth"]);
    assert_eq!(down.document["endpoints"][0]["problem"]["hint"], "`daochain node start --geth` starts it", "{down:?}");
}

#[test]
fn another_network_of_its_name_stays_and_is_told() {
    if without("geth") {
        return;
    }
    let home = Home::new();
    let section = "[networks.geth]\nrpc = [\"http://127.0.0.1:9\"]\n";
    std::fs::write(home.path().join("config.toml"), section).unwrap();
    let supervisor = Supervisor::start(&home);
    told(&home, "network `geth` of the configuration is another (http://127.0.0.1:9) and stays");
    let own = format!("ipc:{}/geth/geth.ipc", home.path().display());
    assert!(home.run(&["node", "status", "--rpc", &own]).success());
    let used = home.run(&["network", "use", "geth"]);
    assert!(used.stderr.contains(&format!("not this home's own geth, which is reached by `--rpc {own}`")), "{used:?}");
    assert!(home.run(&["node", "stop"]).success());
    drop(supervisor);
}

/// A program that runs geth where there is no network but its own loopback: a public chain's geth calls strangers.
fn geth_alone(folder: &Path) -> String {
    const LOOPBACK_UP: &str = "import fcntl, os, socket, struct, sys\n\
        with socket.socket() as s: fcntl.ioctl(s, 0x8914, struct.pack('16sh', b'lo', 0x49))\n\
        os.execv(sys.argv[1], sys.argv[1:])";
    let lines = format!("exec unshare -rn python3 -c \"{LOOPBACK_UP}\" {} \"$@\"", geth());
    script(folder, "geth-alone", &lines)
}

#[test]
fn a_public_chain_is_followed_by_name() {
    if without("geth") {
        return;
    }
    let home = Home::new();
    let mut supervisor = Supervisor::start_with(
        &home,
        &geth_alone(home.path()),
        &["--chain", "sepolia", "--engine-port", "18551", "--", "--nodiscover", "--maxpeers", "0"],
    );
    let endpoint = status(&home, "sepolia");
    assert_eq!((&endpoint["chain_id"], &endpoint["head"]["number"]), (&json!(11_155_111), &json!(0)), "{endpoint}");
    let secret = home.path().join("geth-sepolia/data/geth/jwtsecret");
    assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    let stopped = home.run(&["node", "stop"]);
    assert_eq!(stopped.document["networks"], json!(["sepolia"]), "{stopped:?}");
    assert_eq!(supervisor.0.wait().unwrap().code(), Some(143));
    let unknown = home.run(&["node", "start", "--geth", "--chain", "goerli"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
}

/// An image with the geth of `tests/run` and the libraries that it needs: the official one lies in a registry.
fn geth_image() -> String {
    const PACK: &str = "tar -cf - --dereference --transform 's,.*/geth-v.*,usr/local/bin/geth,' \
        $(ldd \"$0\" | grep -o '/[^ ]*' | sort -u) \"$0\" 2>/dev/null \
        | docker import --change 'ENTRYPOINT [\"/usr/local/bin/geth\"]' - \"$1\" >/dev/null";
    let name = format!("daochain-test/{}:1", unique("geth"));
    let packed = Command::new("bash").args(["-c", PACK, &geth(), &name]).env("DOCKER_HOST", docker_host()).status();
    assert!(packed.unwrap().success(), "the image is made");
    name
}

#[test]
fn it_runs_in_a_container_too() {
    if without("geth") || without("docker") {
        return;
    }
    let home = Home::new().with_docker();
    let image = geth_image();
    let _removed = Built { id: image.clone(), tag: image.clone() };
    let absent = home.run(&["node", "start", "--geth", "--container=acme/absent:1"]);
    assert_eq!(absent.document["code"], "geth-absent", "{absent:?}");
    let option = format!("--container={image}");
    let supervisor = Supervisor::start_with(&home, "/nonexistent", &[&option]);
    let first = status(&home, "geth");
    assert!(first["client"].as_str().is_some_and(|client| client.starts_with("Geth/")), "{first}");
    let containers = || docker(&["ps", "-aq", "--filter", &format!("ancestor={image}")]);
    let left = containers();
    assert_eq!(left.lines().count(), 1, "{left}");
    supervisor.kill();
    let mut supervisor = Supervisor::start_with(&home, "/nonexistent", &[&option]);
    wait_for("another container", || {
        let now = containers();
        (!now.is_empty() && now != left).then_some(())
    });
    status(&home, "geth");
    assert!(home.run(&["node", "stop"]).success());
    assert_eq!(supervisor.0.wait().unwrap().code(), Some(143));
    assert_eq!(containers(), "");
    let log = std::fs::read_to_string(home.path().join("geth/geth.log")).unwrap();
    assert!(log.contains("Blockchain stopped"), "it was stopped, not killed");
}

/// A way to the engine that can be cut.
struct Relay {
    path: std::path::PathBuf,
    is_cut: Arc<AtomicBool>,
}

impl Relay {
    fn new(folder: &Path) -> Self {
        let path = folder.join("engine.sock");
        let (listener, is_cut) = (UnixListener::bind(&path).unwrap(), Arc::new(AtomicBool::new(false)));
        let shared = Arc::clone(&is_cut);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let engine = UnixStream::connect(docker_host().trim_start_matches("unix://")).unwrap();
                let ways = [(client.try_clone(), engine.try_clone()), (Ok(engine), Ok(client))];
                for (from, to) in ways {
                    let (from, to, is_cut) = (from.unwrap(), to.unwrap(), Arc::clone(&shared));
                    thread::spawn(move || pass(from, to, &is_cut));
                }
            }
        });
        Self { path, is_cut }
    }
}

/// Passes bytes on, and ends both sides once the way is cut.
fn pass(mut from: UnixStream, mut to: UnixStream, is_cut: &AtomicBool) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        if is_cut.load(Ordering::Relaxed) || to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

#[test]
fn an_engine_that_is_away_ends_no_supervision() {
    if without("geth") || without("docker") {
        return;
    }
    let home = Home::new();
    let image = geth_image();
    let _removed = Built { id: image.clone(), tag: image.clone() };
    let relay = Relay::new(home.path());
    let host = format!("unix://{}", relay.path.display());
    let option = format!("--container={image}");
    let mut supervisor = Supervisor::start_with(&home, "/nonexistent", &[&option, "--docker-host", &host]);
    status(&home, "geth");
    let containers = || docker(&["ps", "-q", "--filter", &format!("ancestor={image}")]);
    let running = containers();
    relay.is_cut.store(true, Ordering::Relaxed);
    told(&home, "whether geth runs is not known, and is asked again");
    relay.is_cut.store(false, Ordering::Relaxed);
    status(&home, "geth");
    assert_eq!(containers(), running, "it is the same");
    docker(&["kill", running.trim()]);
    told(&home, "it ended (exit status: 137)");
    wait_for("another container", || {
        let now = containers();
        (!now.is_empty() && now != running).then_some(())
    });
    status(&home, "geth");
    assert!(home.run(&["node", "stop"]).success());
    assert_eq!(supervisor.0.wait().unwrap().code(), Some(143));
    assert_eq!(containers(), "");
}

#[test]
fn without_a_program_there_is_no_geth() {
    let home = Home::new();
    let mut command = home.command(&["node", "start", "--geth", "--json"]);
    let output = command.env("DAOCHAIN_GETH", "/nonexistent/geth").output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), document["code"].as_str()), (Some(1), Some("geth-absent")), "{document}");
    assert!(document["message"].to_string().contains("DAOCHAIN_GETH names `/nonexistent/geth`"), "{document}");
    let output =
        home.command(&["node", "start", "--geth", "--json"]).env("DAOCHAIN_GETH", "/bin/false").output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), document["code"].as_str()), (Some(1), Some("geth-failed")), "{document}");
}
