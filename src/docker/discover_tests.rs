//! A root folder and an environment for each case; nothing of the real machine is read.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::HashMap, os::unix::net::UnixListener};

use tempfile::TempDir;

use super::*;

struct Machine {
    root: TempDir,
    env: HashMap<&'static str, String>,
}

impl Machine {
    fn new() -> Self {
        let root = TempDir::new().unwrap();
        let env = HashMap::from([("HOME", root.path().join("home").display().to_string())]);
        Self { root, env }
    }

    fn set(mut self, name: &'static str, value: &str) -> Self {
        self.env.insert(name, value.replace("{root}", &self.root.path().display().to_string()));
        self
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn file(self, path: &str, text: &str) -> Self {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
        self
    }

    fn socket(self, path: &str) -> Self {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        drop(UnixListener::bind(self.path(path)).unwrap());
        self
    }

    fn context(self, name: &str, meta: &str) -> Self {
        let folder = Digest::of(name.as_bytes()).hex();
        self.file(&format!("home/.docker/contexts/meta/{folder}/meta.json"), meta)
    }

    fn discover(&self, explicit: Option<&str>) -> Result<Vec<EngineTarget>, EngineError> {
        let env = |name: &str| self.env.get(name).cloned();
        Places { root: self.root.path(), env: &env }.discover(explicit)
    }

    /// What is found, as text, with `{root}` for the machine's folder.
    fn found(&self, explicit: Option<&str>) -> Vec<String> {
        let root = self.root.path().display().to_string();
        self.discover(explicit).unwrap().iter().map(|target| target.to_string().replace(&root, "{root}")).collect()
    }

    fn refused(&self, explicit: Option<&str>) -> String {
        let error = self.discover(explicit).unwrap_err();
        assert_eq!(error.code(), "engine-config", "{error}");
        error.to_string()
    }
}

const UNIX_CONTEXT: &str = r#"{"Name":"x","Endpoints":{"docker":{"Host":"unix:///ctx.sock","SkipTLSVerify":false}}}"#;

#[test]
fn what_is_named_wins_in_dockers_order() {
    let machine = Machine::new()
        .socket("var/run/docker.sock")
        .context("work", UNIX_CONTEXT)
        .context("other", &UNIX_CONTEXT.replace("ctx", "other"))
        .file("home/.docker/config.json", r#"{"auths":{},"currentContext":"work"}"#);
    assert_eq!(machine.found(None), ["unix:///ctx.sock"]);
    let machine = machine.set("DOCKER_CONTEXT", "other");
    assert_eq!(machine.found(None), ["unix:///other.sock"]);
    let machine = machine.set("DOCKER_HOST", "unix:///env.sock");
    assert_eq!(machine.found(None), ["unix:///env.sock"]);
    assert_eq!(machine.found(Some("unix:///flag.sock")), ["unix:///flag.sock"]);
}

#[test]
fn the_default_context_is_no_context() {
    let machine = Machine::new()
        .socket("var/run/docker.sock")
        .file("home/.docker/config.json", r#"{"currentContext":"default"}"#);
    assert_eq!(machine.found(None), ["unix://{root}/var/run/docker.sock"]);
    let machine = machine.context("work", UNIX_CONTEXT).set("DOCKER_CONTEXT", "work");
    assert_eq!(machine.found(None), ["unix:///ctx.sock"]);
}

#[test]
fn the_usual_sockets_come_dockers_first() {
    let machine = Machine::new()
        .socket("run/podman/podman.sock")
        .socket("user/podman/podman.sock")
        .socket("home/.docker/desktop/docker.sock")
        .socket("home/.docker/run/docker.sock")
        .socket("user/docker.sock")
        .set("XDG_RUNTIME_DIR", "{root}/user");
    let expected = [
        "unix://{root}/user/docker.sock",
        "unix://{root}/home/.docker/run/docker.sock",
        "unix://{root}/home/.docker/desktop/docker.sock",
        "unix://{root}/user/podman/podman.sock",
        "unix://{root}/run/podman/podman.sock",
    ];
    assert_eq!(machine.found(None), expected);
    assert_eq!(machine.socket("var/run/docker.sock").found(None)[0], "unix://{root}/var/run/docker.sock");
}

#[test]
fn without_any_socket_dockers_is_the_one_to_name() {
    assert_eq!(Machine::new().found(None), ["unix://{root}/var/run/docker.sock"]);
}

#[test]
fn an_address_is_read_as_docker_reads_it() {
    let machine = Machine::new().set("DOCKER_HOST", "  ");
    for (given, shown) in [
        ("tcp://127.0.0.1:2375", "tcp://127.0.0.1:2375"),
        ("tcp://engine.example", "tcp://engine.example:2375"),
        ("tcp://engine.example:80/", "tcp://engine.example:80"),
        ("engine.example:99", "tcp://engine.example:99"),
        ("http://[::1]:2375", "tcp://[::1]:2375"),
        ("https://engine.example", "https://engine.example:2376"),
        ("https://engine.example:443", "https://engine.example:443"),
        ("unix:///a b/docker.sock", "unix:///a b/docker.sock"),
        ("/run/docker.sock", "unix:///run/docker.sock"),
        ("unix:///x\u{1b}[2J", "unix:///x\\u{1b}[2J"),
    ] {
        assert_eq!(machine.found(Some(given)), [shown], "{given}");
    }
}

#[test]
fn certificates_turn_tcp_into_tls() {
    let url: url::Url = "https://engine.example:2376".parse().unwrap();
    let machine = Machine::new().set("DOCKER_TLS_VERIFY", "1").set("DOCKER_HOST", "tcp://engine.example");
    let certs = machine.path("home/.docker");
    assert_eq!(machine.discover(None).unwrap(), [EngineTarget::Https { url: url.clone(), certs }]);
    let machine = machine.set("DOCKER_CERT_PATH", "/certs");
    assert_eq!(machine.discover(None).unwrap(), [EngineTarget::Https { url, certs: PathBuf::from("/certs") }]);
}

#[test]
fn a_context_brings_its_own_certificates() {
    let folder = Digest::of(b"far").hex();
    let machine = Machine::new()
        .context("far", r#"{"Endpoints":{"docker":{"Host":"tcp://engine.example:2376"}}}"#)
        .set("DOCKER_CONTEXT", "far");
    assert_eq!(machine.found(None), ["tcp://engine.example:2376"]);
    let machine = machine.file(&format!("home/.docker/contexts/tls/{folder}/docker/ca.pem"), "");
    assert_eq!(machine.found(None), ["https://engine.example:2376"]);
}

#[test]
fn what_cannot_be_used_is_refused_and_says_what_can() {
    let machine = Machine::new();
    for (given, expected) in [
        ("ssh://root@engine.example", "ssh -nNT -L"),
        ("npipe:////./pipe/docker_engine", "unix:///PATH"),
        ("unix://relative.sock", "absolute"),
        ("tcp://", "tcp://HOST:PORT"),
        ("tcp://host:99999", "port"),
        ("tcp://host/path", "path"),
        ("", "tcp://HOST:PORT"),
    ] {
        let message = machine.refused(Some(given));
        assert!(message.contains(expected) && message.starts_with("--docker-host"), "{given}: {message}");
    }
    let message = machine.refused(Some("tcp://user:hunter2@host:1"));
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn a_damaged_file_is_named_and_never_repeated() {
    for config in [r#"{"currentContext": "x", "auths": hunter2}"#, r#"{"currentContext": 7}"#, "", "\u{0}"] {
        let message = Machine::new().file("home/.docker/config.json", config).refused(None);
        assert!(message.contains("config.json`") && !message.contains("hunter2"), "{message}");
    }
    let large = " ".repeat(usize::try_from(FILE_LIMIT).unwrap() + 1);
    assert!(Machine::new().file("home/.docker/config.json", &large).refused(None).contains("config.json"));
    let folder = Machine::new().file("home/.docker/config.json/x", "");
    assert!(folder.refused(None).contains("config.json"));
}

#[test]
fn a_context_that_cannot_be_used_is_named() {
    let machine = Machine::new().set("DOCKER_CONTEXT", "../../x");
    assert!(machine.refused(None).contains("docker context `../../x`"));
    for (meta, expected) in [
        (r#"{"Endpoints":{"docker":{"Host":"ssh://me@far"}}}"#, "ssh -nNT"),
        (r#"{"Endpoints":{"docker":{"Host":"tcp://far:1","SkipTLSVerify":true}}}"#, "ca.pem"),
        (r#"{"Endpoints":{}}"#, "meta.json"),
    ] {
        let message = Machine::new().set("DOCKER_CONTEXT", "far").context("far", meta).refused(None);
        assert!(message.contains(expected), "{message}");
    }
}
