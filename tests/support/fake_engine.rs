//! An engine that says what a test wants of it: one image, and what exporting it gives.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use daochain::domain::Digest;
use serde_json::{Value, json};

/// How it keeps images.
#[derive(Clone, Copy)]
pub enum Store {
    Classic,
    Containerd,
}

/// A running engine of the platform `linux/amd64`; its thread ends with the test's process.
pub struct FakeEngine {
    breaks_off: Arc<AtomicBool>,
    meant: Arc<Mutex<Option<Digest>>>,
    export: Arc<Mutex<Vec<u8>>>,
    exports: Arc<AtomicUsize>,
    layers: Arc<Mutex<Vec<Digest>>>,
}

impl FakeEngine {
    /// Listens on `socket`, and lists the image `id` under the name `tag`.
    pub fn start(socket: &Path, store: Store, id: &str, tag: &str) -> Self {
        let listener = UnixListener::bind(socket).expect("a socket");
        let driver = match store {
            Store::Classic => json!(["Backing Filesystem", "extfs"]),
            Store::Containerd => json!(["driver-type", "io.containerd.snapshotter.v1"]),
        };
        let image = json!({"Id": id, "RepoTags": [tag], "RepoDigests": [], "ParentId": "", "Created": 1, "Size": 1,
            "SharedSize": -1, "Containers": -1, "Labels": {}});
        // Its data lies beside the socket.
        let root = socket.parent().expect("a folder");
        let answers = Answers {
            version: json!({"Version": "28.0.0", "ApiVersion": "1.47", "Os": "linux", "Arch": "amd64",
                "Components": [{"Name": "Engine", "Version": "28.0.0"}]}),
            info: json!({"ID": "FAKE", "Driver": "overlay2", "DriverStatus": [driver], "DockerRootDir": root}),
            images: json!([image]),
            inspected: json!({"Id": id, "RepoTags": [tag], "Os": "linux", "Architecture": "amd64"}),
            layers: Arc::default(),
            breaks_off: Arc::default(),
            meant: Arc::default(),
            export: Arc::default(),
            exports: Arc::default(),
        };
        let (export, exports, layers) =
            (Arc::clone(&answers.export), Arc::clone(&answers.exports), Arc::clone(&answers.layers));
        let (breaks_off, meant) = (Arc::clone(&answers.breaks_off), Arc::clone(&answers.meant));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answers = answers.clone();
                thread::spawn(move || serve(&stream, &answers));
            }
        });
        Self { breaks_off, meant, export, exports, layers }
    }

    /// From now on it says that the image it runs has these layers.
    pub fn runs(&self, layers: &[Digest]) {
        *self.layers.lock().expect("no poison") = layers.to_vec();
    }

    /// From now on it means another image by the name than the one that it lists.
    pub fn means(&self, id: Digest) {
        *self.meant.lock().expect("no poison") = Some(id);
    }

    /// From now on it hangs up in the middle of an export.
    pub fn breaks_off(&self) {
        self.breaks_off.store(true, Ordering::Relaxed);
    }

    /// How often it exported the image.
    pub fn exports_made(&self) -> usize {
        self.exports.load(Ordering::Relaxed)
    }

    /// From now on exporting the image gives this.
    pub fn exports(&self, archive: Vec<u8>) {
        *self.export.lock().expect("no poison") = archive;
    }
}

#[derive(Clone)]
struct Answers {
    version: Value,
    info: Value,
    images: Value,
    inspected: Value,
    layers: Arc<Mutex<Vec<Digest>>>,
    breaks_off: Arc<AtomicBool>,
    meant: Arc<Mutex<Option<Digest>>>,
    export: Arc<Mutex<Vec<u8>>>,
    exports: Arc<AtomicUsize>,
}

/// Answers one request and hangs up.
fn serve(mut stream: &UnixStream, answers: &Answers) {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|bytes| bytes > 2) {
        if request.is_empty() {
            request.clone_from(&line);
        }
        line.clear();
    }
    let path = request.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
    let body = match path {
        "/_ping" => b"OK".to_vec(),
        path if path.ends_with("/version") => answers.version.to_string().into_bytes(),
        path if path.ends_with("/info") => answers.info.to_string().into_bytes(),
        path if path.ends_with("/images/json") => answers.images.to_string().into_bytes(),
        path if path.ends_with("/get") => {
            answers.exports.fetch_add(1, Ordering::Relaxed);
            answers.export.lock().expect("no poison").clone()
        }
        path if path.ends_with("/json") => {
            let mut inspected = answers.inspected.clone();
            if let Some(meant) = *answers.meant.lock().expect("no poison")
                && !path.contains("sha256:")
            {
                inspected["Id"] = json!(meant);
            }
            inspected["RootFS"] = json!({"Type": "layers", "Layers": *answers.layers.lock().expect("no poison")});
            inspected.to_string().into_bytes()
        }
        _ => Vec::new(),
    };
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    let sent =
        if path.ends_with("/get") && answers.breaks_off.load(Ordering::Relaxed) { body.len() / 2 } else { body.len() };
    let _ = stream.write_all(&[head.as_bytes(), &body[..sent]].concat());
}
