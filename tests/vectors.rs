//! The corpus of `tests/vectors`: some hundred archives, each with the outcome that another program computed for it, and the
//! real program on each. What the cases are and how outcomes are computed stands in `vectors/README.md`.
#![expect(
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and names its parts on stderr"
)]

mod support;

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Output, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde::Deserialize;
use serde_json::{Value, json};
use support::{Home, without};

const GENERATOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/generate.py");

/// Programs at once. Most of a case's time is the program's start.
const WORKERS: usize = 4;

/// One line of `expected.json`.
#[derive(Deserialize)]
struct Vector {
    name: String,
    group: String,
    what: String,
    source: Source,
    path: String,
    /// Of the outer file.
    bytes: Option<u64>,
    /// Alternatives: any will do.
    expected: Vec<Value>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Source {
    File,
    Folder,
    Stdin,
}

#[test]
fn every_vector_has_its_outcome() {
    if without("python") {
        return;
    }
    let folder = tempfile::Builder::new().prefix("daochain-vectors-").tempdir().expect("a temporary folder");
    let vectors = generate(folder.path());
    let (next, problems) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                // Homes of their own: the processes would wait for each other's database.
                let home = Home::new();
                while let Some(vector) = vectors.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = examine(vector, &run(&home, folder.path(), vector));
                    if !found.is_empty() {
                        let told = format!(
                            "{}/{} ({}):\n    {}",
                            vector.group,
                            vector.name,
                            vector.what,
                            found.join("\n    ")
                        );
                        problems.lock().expect("no worker panicked").push(told);
                    }
                }
            });
        }
    });
    let mut problems = problems.into_inner().expect("no worker panicked");
    problems.sort_unstable();
    eprintln!("part: {} vectors by {}", vectors.len(), python_version());
    assert!(problems.is_empty(), "{} of {} vectors fail:\n{}", problems.len(), vectors.len(), problems.join("\n"));
}

/// Makes every archive. What was written must be what the repository says, or a reviewer saw other outcomes.
fn generate(folder: &Path) -> Vec<Vector> {
    let output = Command::new("python3").arg("-B").arg(GENERATOR).arg(folder).output().expect("python3 starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made = fs::read_to_string(folder.join("expected.json")).expect("the generator lists its cases");
    assert!(
        made == include_str!("vectors/expected.json"),
        "tests/vectors/expected.json is out of date; look at what changes with tests/vectors/generate.py --update"
    );
    serde_json::from_str(&made).expect("a list of cases")
}

fn python_version() -> String {
    let output = Command::new("python3").arg("--version").output().expect("python3 starts");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// `daochain hash` on a case. No case takes a minute: then it hangs, and is ended.
fn run(home: &Home, folder: &Path, vector: &Vector) -> Output {
    let path = folder.join(&vector.path);
    let (target, stdin) = match vector.source {
        Source::Stdin => ("-".to_owned(), Stdio::from(File::open(&path).expect("the case's file"))),
        Source::File | Source::Folder => (path.display().to_string(), Stdio::null()),
    };
    let command = home.command(&["--docker-host", "none", "hash", &target, "--json"]);
    let mut bounded = Command::new("timeout");
    bounded.args(["--kill-after=5", "60"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => bounded.env(name, value),
            None => bounded.env_remove(name),
        };
    }
    bounded.stdin(stdin).output().expect("the program starts")
}

/// Every way in which a run is not what it should be.
fn examine(vector: &Vector, output: &Output) -> Vec<String> {
    let mut problems = Vec::new();
    for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                if let Some(bad) = text.chars().find(|c| obeyed(*c)) {
                    problems.push(format!("{name} holds the control character {bad:?}: {text:?}"));
                }
            }
            Err(error) => problems.push(format!("{name} is no UTF-8: {error}")),
        }
    }
    let stdout = String::from_utf8_lossy(&output.stdout);
    let Some(document) = one_document(&stdout) else {
        let stderr = String::from_utf8_lossy(&output.stderr);
        problems.push(format!("stdout is not one document: {stdout:?}, {}, stderr {stderr:?}", output.status));
        return problems;
    };
    let code = json!(output.status.code());
    let closest = vector.expected.iter().map(|expected| differences(vector, expected, &document, &code));
    let closest = closest.min_by_key(Vec::len).expect("a case has an outcome");
    if !closest.is_empty() {
        problems.extend(closest);
        problems.push(format!("it said: {}", said(&document)));
    }
    problems
}

/// What a terminal would obey instead of showing.
fn obeyed(c: char) -> bool {
    (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn one_document(stdout: &str) -> Option<Value> {
    let line = stdout.strip_suffix('\n').filter(|line| !line.contains('\n'))?;
    serde_json::from_str(line).ok().filter(Value::is_object)
}

/// The program's own sentences, for whoever reads the failure.
fn said(document: &Value) -> String {
    let images = document["images"].as_array().map_or(&[][..], Vec::as_slice);
    let problems = images.iter().filter_map(|image| image["problem"].as_str());
    let sentences: Vec<&str> = document["message"].as_str().into_iter().chain(problems).collect();
    sentences.join(" | ")
}

fn differences(vector: &Vector, expected: &Value, document: &Value, code: &Value) -> Vec<String> {
    let mut differences = Differences::default();
    differences.compare("schema", &expected["schema"], &document["schema"]);
    differences.compare("exit code", &expected["exit"], code);
    if expected["schema"] == "daochain.error/1" {
        differences.compare("code", &expected["code"], &document["code"]);
        let hint = document["hint"].as_str().unwrap_or_default();
        if let Some(text) = expected["hint_lacks"].as_str().filter(|text| hint.contains(text)) {
            differences.0.push(format!("the hint holds `{text}`: {hint}"));
        }
        return differences.0;
    }
    let kind = match vector.source {
        Source::File => "archive",
        Source::Folder => "layout",
        Source::Stdin => "stdin",
    };
    differences.compare("source.kind", &json!(kind), &document["source"]["kind"]);
    if let Some(bytes) = vector.bytes {
        differences.compare("bytes", &json!(bytes), &document["bytes"]);
    }
    differences.compare("absent_platforms", &expected["absent_platforms"], &sorted(&document["absent_platforms"]));
    differences.images(&expected["images"], &document["images"]);
    differences.0
}

/// The order of names and digests says nothing; the generator sorts them.
fn sorted(value: &Value) -> Value {
    let Some(items) = value.as_array() else { return value.clone() };
    let mut items = items.clone();
    items.sort_by_key(ToString::to_string);
    Value::Array(items)
}

#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn compare(&mut self, what: &str, expected: &Value, found: &Value) {
        if !agrees(expected, found) {
            self.0.push(format!("{what}: expected {expected}, got {found}"));
        }
    }

    fn images(&mut self, expected: &Value, found: &Value) {
        let (Some(expected), Some(found)) = (expected.as_array(), found.as_array()) else {
            self.0.push(format!("images: expected {expected}, got {found}"));
            return;
        };
        if expected.len() != found.len() {
            self.0.push(format!("images: expected {}, got {}", expected.len(), found.len()));
        }
        for (at, (expected, found)) in expected.iter().zip(found).enumerate() {
            for key in ["state", "config_digest", "platform"] {
                self.compare(&format!("images[{at}].{key}"), &expected[key], &found[key]);
            }
            for key in ["references", "manifest_digests"] {
                self.compare(&format!("images[{at}].{key}"), &expected[key], &sorted(&found[key]));
            }
            self.layers(at, &expected["layers"], &found["layers"]);
        }
    }

    fn layers(&mut self, at: usize, expected: &Value, found: &Value) {
        if expected == "*" {
            return;
        }
        let (Some(expected), Some(found)) = (expected.as_array(), found.as_array()) else {
            self.0.push(format!("images[{at}].layers: expected {expected}, got {found}"));
            return;
        };
        // A layer that repeats is written once, with its number.
        let repeated = |layer: &Value| usize::try_from(layer["times"].as_u64().unwrap_or(1)).expect("a small number");
        let expected: Vec<&Value> =
            expected.iter().flat_map(|layer| std::iter::repeat_n(layer, repeated(layer))).collect();
        if expected.len() != found.len() {
            self.0.push(format!("images[{at}].layers: expected {}, got {}", expected.len(), found.len()));
        }
        for (layer, (expected, found)) in expected.into_iter().zip(found).enumerate() {
            for key in ["diff_id", "bytes", "state", "found"] {
                self.compare(&format!("images[{at}].layers[{layer}].{key}"), &expected[key], &found[key]);
            }
        }
    }
}

/// `*` stands for any value, `!x` for any but `x`; of several error codes each will do.
fn agrees(expected: &Value, found: &Value) -> bool {
    match expected {
        Value::String(text) if text == "*" => true,
        Value::String(text) if text.starts_with('!') => {
            // A number, or else a word.
            serde_json::from_str::<Value>(&text[1..]).map_or_else(|_| *found != text[1..], |number| *found != number)
        }
        Value::Array(codes) if found.is_string() => codes.contains(found),
        expected => expected == found,
    }
}
