//! Programs that keep logins: `docker-credential-NAME` with `get`, `store` or `erase`, JSON on its standard input and output
//! (docker-credential-helpers, *Development*).

use std::{
    io::{Read as _, Write as _},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Login, RegistryError};
use crate::domain::text::clean_to;

/// A helper may ask its user to unlock something.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(10);
/// A login is a few kilobytes; more is cut off, and no JSON.
const ANSWER_BYTES: u64 = 256 * 1024;
const NAME_BYTES: usize = 64;
/// Characters of a helper's words that are repeated.
const SHOWN: usize = 200;
/// What every helper says where it has nothing (docker-credential-helpers, `credentials/error.go`).
const NOT_FOUND: &str = "credentials not found in native keychain";
/// What they say of a question that lacks something (there as well).
const INCOMPLETE: [&str; 2] = ["no credentials server URL", "no credentials username"];

/// The program of one helper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Helper {
    name: String,
}

impl Helper {
    /// The helper that a file of settings names. A name is a part of a program's name, and never a path.
    pub fn named(name: &str) -> Result<Self, RegistryError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.is_empty() || name.len() > NAME_BYTES || name.starts_with('.') || !name.bytes().all(is_plain) {
            let cause = "its name is none that a program of this kind has".to_owned();
            return Err(RegistryError::Helper { name: clean_to(name, NAME_BYTES), operation: "get", cause });
        }
        Ok(Self { name: name.to_owned() })
    }

    /// The program's name.
    pub fn program(&self) -> String {
        format!("docker-credential-{}", self.name)
    }

    /// The login for a server; `None` where the helper has none.
    pub async fn get(&self, server: &str) -> Result<Option<Login>, RegistryError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            #[serde(default)]
            username: String,
            secret: Zeroizing<String>,
        }
        let input = Zeroizing::new(server.as_bytes().to_vec());
        let (is_done, output) = self.run("get", input).await?;
        if !is_done {
            let words = String::from_utf8_lossy(&output);
            return if words.contains(NOT_FOUND) { Ok(None) } else { Err(self.failed("get", known(&words))) };
        }
        let answer: Answer =
            serde_json::from_slice(&output).map_err(|_| self.failed("get", "it answers no JSON of its protocol"))?;
        Ok(Some(Login::of(answer.username, answer.secret)).filter(|login| !login.is_empty()))
    }

    /// Keeps a login.
    pub async fn store(&self, server: &str, login: &Login) -> Result<(), RegistryError> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct Entry<'a> {
            #[serde(rename = "ServerURL")]
            server: &'a str,
            username: &'a str,
            secret: &'a str,
        }
        let (username, secret) = login.parts();
        // Serialised at once into its final size: no copy of the secret is left behind by growing.
        let mut input = Zeroizing::new(Vec::with_capacity(64 + 6 * (server.len() + username.len() + secret.len())));
        serde_json::to_writer(&mut *input, &Entry { server, username, secret })
            .map_err(|_| self.failed("store", "the login cannot be written as JSON"))?;
        self.expect("store", input).await
    }

    /// Forgets a server's login.
    pub async fn erase(&self, server: &str) -> Result<(), RegistryError> {
        self.expect("erase", Zeroizing::new(server.as_bytes().to_vec())).await
    }

    async fn expect(&self, operation: &'static str, input: Zeroizing<Vec<u8>>) -> Result<(), RegistryError> {
        match self.run(operation, input).await? {
            (true, _) => Ok(()),
            (false, output) => {
                let words = String::from_utf8_lossy(&output);
                if operation == "erase" && words.contains(NOT_FOUND) {
                    return Ok(());
                }
                // What it was given to store it may repeat.
                let cause = if operation == "store" { known(&words) } else { words.trim() };
                Err(self.failed(operation, cause))
            }
        }
    }

    /// Whether it succeeded, and its standard output.
    async fn run(
        &self,
        operation: &'static str,
        input: Zeroizing<Vec<u8>>,
    ) -> Result<(bool, Zeroizing<Vec<u8>>), RegistryError> {
        let program = self.program();
        let work = tokio::task::spawn_blocking(move || exchange(&program, operation, &input));
        let done = work.await.map_err(|error| self.failed(operation, &error.to_string()))?;
        done.map_err(|cause| self.failed(operation, &cause))
    }

    fn failed(&self, operation: &'static str, cause: &str) -> RegistryError {
        let cause = if cause.is_empty() { "it says nothing" } else { cause };
        RegistryError::Helper { name: self.name.clone(), operation, cause: clean_to(cause, SHOWN) }
    }
}

/// Words of a helper that had the secret in its hands: none but those that every helper has.
fn known(words: &str) -> &'static str {
    let said = INCOMPLETE.into_iter().find(|one| words.contains(one));
    said.unwrap_or("it ends with a failure; what it says may hold the password, and is not shown")
}

/// Ends the program when whoever asked is gone.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended, or is not wanted any more.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn exchange(program: &str, operation: &str, input: &Zeroizing<Vec<u8>>) -> Result<(bool, Zeroizing<Vec<u8>>), String> {
    // What it writes for people is not ours to show: it may draw on the terminal.
    let child = Command::new(program)
        .arg(operation)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut running = Running(child);
    let (stdin, stdout) = (running.0.stdin.take(), running.0.stdout.take());
    if let Some(mut stdin) = stdin {
        // One that reads nothing may still answer.
        let _ = stdin.write_all(input);
    }
    let reader = thread::spawn(move || {
        // Of its full size at once: no copy of the secret is left behind by growing.
        let mut output = Zeroizing::new(Vec::with_capacity(4096));
        if let Some(stdout) = stdout {
            let _ = stdout.take(ANSWER_BYTES).read_to_end(&mut output);
        }
        output
    });
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        match running.0.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None if Instant::now() > deadline => return Err("it does not end".to_owned()),
            None => thread::sleep(POLL),
        }
    };
    let deadline = Instant::now() + Duration::from_secs(1);
    while !reader.is_finished() {
        // A child of its own may hold its output open.
        if Instant::now() > deadline {
            return Err("its output does not end".to_owned());
        }
        thread::sleep(POLL);
    }
    let output = reader.join().map_err(|_| "its output cannot be read".to_owned())?;
    Ok((status.success(), output))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn only_a_plain_name_is_a_helper() {
        for name in ["pass", "ecr-login", "osxkeychain", "gcloud_2.0"] {
            assert_eq!(Helper::named(name).unwrap().program(), format!("docker-credential-{name}"));
        }
        for name in ["", "../x", "a/b", "/bin/sh", "a b", ".hidden", "a\u{1b}[2J", &"x".repeat(65)] {
            let error = Helper::named(name).unwrap_err();
            assert_eq!(error.code(), "helper-failed");
            assert!(!error.to_string().contains('\u{1b}'));
        }
    }
}
