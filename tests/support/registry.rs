//! Registries: a real one, and one that says what a test wants.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

use daochain::domain::Digest;
use serde_json::Value;
use tempfile::TempDir;

use super::{layout::Blobs, token::TokenServer};

/// `lab` with the password `lab`.
const USERS: &str = "lab:$2b$04$f3k/DmAXSsiOmetCdeURKOD70KB/t/ioHnOJlHi9tMuIDaGQS1WY.\n";

/// Debian's docker-registry on loopback; ended when dropped.
pub struct Registry {
    dir: TempDir,
    /// Host and port.
    pub host: String,
    login: &'static [&'static str],
}

impl Registry {
    pub fn start() -> Self {
        Self::with(&[], &[])
    }

    /// That wants `lab:lab`.
    pub fn with_login() -> Self {
        Self::with(&["users"], &["--user", "lab:lab"])
    }

    /// That wants tokens of `server`.
    pub fn with_tokens(server: &TokenServer) -> Self {
        let realm = format!("http://{}/token", server.host);
        let certificate = server.certificate().display().to_string();
        Self::in_folder(Self::folder(), &["token".to_owned(), realm, certificate], &[])
    }

    /// With a certificate of its own.
    pub fn with_tls() -> Self {
        let dir = Self::folder();
        // Without openssl's own settings, which make an authority of every certificate: rustls takes none for a server's.
        std::fs::write(dir.path().join("openssl.cnf"), "[req]\ndistinguished_name = name\n[name]\n").expect("a file");
        let made = Command::new("openssl")
            .args([
                "req",
                "-config",
                "openssl.cnf",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=lab",
            ])
            .args(["-keyout", "tls.key", "-out", "tls.crt", "-addext", "subjectAltName=IP:127.0.0.1"])
            .current_dir(dir.path())
            .output()
            .expect("openssl starts");
        assert!(made.status.success(), "{made:?}");
        Self::in_folder(dir, &[], &[])
    }

    /// The certificate that it shows, where it has one.
    pub fn certificate(&self) -> PathBuf {
        self.dir.path().join("tls.crt")
    }

    fn with(users: &[&str], login: &'static [&'static str]) -> Self {
        let dir = Self::folder();
        let users: Vec<_> = users.iter().map(|name| dir.path().join(name).display().to_string()).collect();
        Self::in_folder(dir, &users, login)
    }

    fn folder() -> TempDir {
        let dir = tempfile::Builder::new().prefix("daochain-tests-registry-").tempdir().expect("a temporary folder");
        std::fs::write(dir.path().join("users"), USERS).expect("a file");
        dir
    }

    fn in_folder(dir: TempDir, auth: &[String], login: &'static [&'static str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port();
        let mut command = Command::new("bash");
        command.args(["tests/parts/registry.sh", "start"]).arg(dir.path()).arg(port.to_string());
        command.args(auth);
        let output = command.output().expect("bash starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "no registry; run tests/run, or set DAOCHAIN_WITHOUT=registry: {said}");
        eprint!("{said}");
        Self { dir, host: format!("127.0.0.1:{port}"), login }
    }

    /// Puts every blob there, and `root` under the tag. What manifests refer to must be among the blobs.
    pub fn push(&self, repository: &str, tag: &str, blobs: &Blobs, media_type: &str, root: Digest) {
        let base = format!("http://{}/v2/{repository}", self.host);
        // Manifests last, and the index after them: the registry looks for what they refer to.
        let mut manifests = Vec::new();
        for (digest, bytes) in &blobs.0 {
            let document: Option<Value> = serde_json::from_slice(bytes).ok();
            if let Some(found) = document.and_then(|it| it["mediaType"].as_str().map(str::to_owned)) {
                manifests.push((found.contains("index"), found, *digest, bytes));
                continue;
            }
            let location = ["-X", "POST", "-o", "/dev/null", "-w", "%header{location}"];
            let location = self.curl(&location, b"", &format!("{base}/blobs/uploads/"));
            let separator = if location.contains('?') { '&' } else { '?' };
            let url = format!("{location}{separator}digest={digest}");
            self.curl(&["-X", "PUT", "-H", "content-type: application/octet-stream"], bytes, &url);
        }
        manifests.sort();
        let tagged = (false, media_type.to_owned(), root, &blobs.0[&root]);
        let names = manifests.iter().map(|(_, _, digest, _)| digest.to_string()).chain([tag.to_owned()]);
        for ((_, found, _, bytes), name) in manifests.iter().chain([&tagged]).zip(names.collect::<Vec<_>>()) {
            let url = format!("{base}/manifests/{name}");
            self.curl(&["-X", "PUT", "-H", &format!("content-type: {found}")], bytes, &url);
        }
    }

    fn curl(&self, args: &[&str], body: &[u8], url: &str) -> String {
        let file = self.dir.path().join("body");
        std::fs::write(&file, body).expect("a file");
        let output = Command::new("curl")
            .args(["-sSf", "--max-time", "20", "--noproxy", "*"])
            .args(self.login)
            .args(args)
            .args(["--data-binary", &format!("@{}", file.display()), url])
            .output()
            .expect("curl starts");
        assert!(output.status.success(), "{url}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Where it keeps the bytes of a digest.
    pub fn data(&self, digest: Digest) -> PathBuf {
        let hex = digest.hex();
        self.dir.path().join(format!("data/docker/registry/v2/blobs/sha256/{}/{hex}/data", &hex[..2]))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = Command::new("bash").args(["tests/parts/registry.sh", "stop"]).arg(self.dir.path()).output();
    }
}

/// Writes Docker's file of settings with one login.
pub fn login_file(folder: &Path, host: &str, auth: &str) {
    let file = format!("{{\"auths\":{{\"{host}\":{{\"auth\":\"{auth}\"}}}}}}");
    std::fs::write(folder.join("config.json"), file).expect("a file");
}

/// Status line and headers, and the body.
pub type Answer = (String, Vec<u8>);
/// Gives the answer to a path, with the request's `Authorization`.
pub type Answers = dyn Fn(&str, Option<&str>) -> Answer + Send + Sync;
/// Path and `Authorization` of a request.
pub type Asked = (String, Option<String>);

/// Answers every request as the test says; its thread ends with the test's process.
pub struct FakeRegistry {
    /// Host and port.
    pub host: String,
    /// Every request.
    pub asked: Arc<Mutex<Vec<Asked>>>,
}

impl FakeRegistry {
    pub fn start(answers: Arc<Answers>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, noted) = (Arc::clone(&answers), Arc::clone(&noted));
                thread::spawn(move || serve(&stream, &*answers, &noted));
            }
        });
        Self { host, asked }
    }
}

/// Answers one request and hangs up.
fn serve(mut stream: &TcpStream, answers: &Answers, noted: &Mutex<Vec<Asked>>) {
    let mut reader = BufReader::new(stream);
    let (mut path, mut authorization, mut line) = (String::new(), None, String::new());
    while reader.read_line(&mut line).is_ok_and(|bytes| bytes > 2) {
        if path.is_empty() {
            line.split(' ').nth(1).unwrap_or_default().clone_into(&mut path);
        }
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("authorization")
        {
            authorization = Some(value.trim().to_owned());
        }
        line.clear();
    }
    if !path.starts_with('/') {
        // A TLS greeting.
        return;
    }
    noted.lock().expect("no poison").push((path.clone(), authorization.clone()));
    let (head, body) = answers(&path, authorization.as_deref());
    let _ = stream.write_all(&[format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").as_bytes(), &body].concat());
}
