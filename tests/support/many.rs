//! `tests/parts/fake_engine.py`: an engine with many images, in a process of its own that a test can end.

use std::{
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use super::wait_for;

/// A running engine, ended when this is dropped.
pub struct ManyEngine {
    process: Child,
    socket: PathBuf,
}

impl ManyEngine {
    /// Starts it beside `folder`'s files, with so many images.
    pub fn start(folder: &Path, count: usize, flags: &[&str]) -> Self {
        let socket = folder.join("many.sock");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parts/fake_engine.py");
        let mut command = Command::new("python3");
        command.arg(script).arg(&socket).arg(count.to_string()).args(flags).stdin(Stdio::null());
        let process = command.spawn().expect("python3 starts");
        wait_for("the engine", || UnixStream::connect(&socket).ok());
        Self { process, socket }
    }

    /// What `DOCKER_HOST` calls it.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }
}

impl Drop for ManyEngine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
