//! `daochain doctor`: what it finds, and that nothing makes it hang.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::PermissionsExt as _, net::UnixListener},
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;
use support::{Home, Run, node, without};

/// Longer than the doctor waits for the slowest part of it.
const BOUND: Duration = Duration::from_secs(25);

/// State and message of the checks of an area.
fn found<'a>(run: &'a Run, area: &str) -> Vec<(&'a str, &'a str)> {
    assert_eq!(run.document["schema"], "daochain.doctor/1", "{run:?}");
    let checks = run.document["checks"].as_array().expect("checks");
    let text = |check: &'a Value, key: &str| check[key].as_str().unwrap_or_else(|| panic!("{check}"));
    let of_area = checks.iter().filter(|check| check["name"] == area);
    of_area.map(|check| (text(check, "state"), text(check, "message"))).collect()
}

fn only<'a>(run: &'a Run, area: &str) -> (&'a str, &'a str) {
    match found(run, area)[..] {
        [one] => one,
        ref all => panic!("{area}: {all:?}"),
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn an_empty_home_without_an_engine_is_looked_at_and_stays_empty() {
    let home = Home::new();
    let none = home.path().join("none");
    let run = home.run(&["--home", none.to_str().unwrap(), "doctor"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(!none.exists(), "a look makes nothing");
    assert!(only(&run, "home").1.contains("is made by the first command that needs it"), "{run:?}");
    let (state, words) = only(&run, "engine");
    assert!(state == "failed" && words.contains("/nonexistent/docker.sock"), "{run:?}");
    assert_eq!(only(&run, "trust").0, "warning");
    assert_eq!(only(&run, "keystore").0, "ok");
    assert_eq!(only(&run, "clock").0, "ok");
    assert_eq!(only(&run, "disk").0, "ok");
    assert_eq!(only(&run, "terminal").0, "ok");
    assert_eq!(only(&run, "configuration").0, "ok");
    let node = if cfg!(feature = "devnet") { "ok" } else { "failed" };
    assert_eq!(only(&run, "node").0, node);
    let hints = run.document["checks"].as_array().unwrap();
    assert!(hints.iter().filter(|one| one["state"] == "failed").all(|one| one["hint"].is_string()), "{run:?}");
}

#[test]
fn an_empty_folder_as_home_stays_empty() {
    let home = Home::new();
    let empty = home.path().join("empty");
    fs::create_dir(&empty).unwrap();
    mode(&empty, 0o700);
    let run = home.run(&["--home", empty.to_str().unwrap(), "doctor"]);
    assert_eq!(only(&run, "home"), ("ok", &*format!("`{}` can be written, by its owner alone", empty.display())));
    assert_eq!(fs::read_dir(&empty).unwrap().count(), 0, "a look makes nothing");
}

#[test]
fn keys_and_theme_that_the_screen_does_not_start_with_are_trouble() {
    let home = Home::new();
    fs::write(home.path().join("keys.toml"), "mesure = \"m\"\nquit = 7\n").unwrap();
    fs::write(home.path().join("theme.toml"), "theme = \"drak\"\n").unwrap();
    let run = home.run(&["doctor"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let told: Vec<_> = found(&run, "configuration").into_iter().filter(|(state, _)| *state == "failed").collect();
    let parts = [
        ("keys.toml`, line 2, column 8", "a key is a text"),
        ("keys.toml`, line 1, column 1", "`measure`"),
        ("theme.toml`, line 1, column 9", "`dark`"),
    ];
    assert_eq!(told.len(), parts.len(), "{run:?}");
    for ((_, words), (place, cause)) in told.iter().zip(parts) {
        assert!(words.starts_with("the screen does not start: ") && words.contains(place), "{words}");
        assert!(words.contains(cause), "{words}");
    }
}

#[test]
fn a_malformed_file_is_found_with_its_place_and_the_rest_is_looked_at() {
    let home = Home::new();
    fs::write(home.path().join("config.toml"), "jobs = 2\nnetwork =\n").unwrap();
    fs::write(home.path().join("trust.toml"), "[[rule]]\npatern = 'x'\n").unwrap();
    let run = home.run(&["doctor"]);
    assert_eq!(run.code, Some(1));
    let (state, words) = only(&run, "configuration");
    assert!(state == "failed" && words.contains("line 2"), "{words}");
    let (state, words) = only(&run, "trust");
    assert!(state == "failed" && words.contains("line 2") && words.contains("did you mean `pattern`"), "{words}");
    assert_eq!(only(&run, "engine").0, "warning");
    assert_eq!(only(&run, "disk").0, "ok");
}

#[test]
fn what_others_can_change_or_read_is_trouble() {
    let home = Home::new();
    fs::write(home.path().join("config.toml"), "jbos = 2\n").unwrap();
    fs::write(home.path().join("trust.toml"), "").unwrap();
    fs::create_dir(home.path().join("keystore")).unwrap();
    mode(&home.path().join("trust.toml"), 0o666);
    mode(&home.path().join("keystore"), 0o777);
    let run = home.run(&["--docker-host", "none", "doctor"]);
    assert_eq!(run.code, Some(1));
    let troubles = found(&run, "home");
    assert!(troubles.iter().any(|(state, words)| *state == "failed" && words.contains("trust.toml")), "{run:?}");
    assert!(found(&run, "keystore").iter().any(|(state, _)| *state == "failed"), "{run:?}");
    assert_eq!(only(&run, "engine"), ("ok", "none is asked, as `--docker-host none` says"));
    assert!(found(&run, "configuration").iter().any(|(_, words)| words.contains("`jbos`")), "{run:?}");
    mode(&home.path().join("trust.toml"), 0o600);
    mode(&home.path().join("keystore"), 0o700);
    let run = home.run(&["--docker-host", "none", "doctor"]);
    assert!(found(&run, "home").iter().all(|(state, _)| *state == "ok"), "{run:?}");
}

#[test]
fn an_engine_and_a_node_that_never_answer_cost_a_bounded_time() {
    let home = Home::new();
    let socket = home.path().join("engine.sock");
    // Connections are taken by the kernel, and nobody ever reads.
    let _engine = UnixListener::bind(&socket).unwrap();
    let node = TcpListener::bind("127.0.0.1:0").unwrap();
    let (engine, rpc) = (format!("unix://{}", socket.display()), format!("http://{}", node.local_addr().unwrap()));
    let began = Instant::now();
    let run = home.run(&["--docker-host", &engine, "--rpc", &rpc, "doctor"]);
    assert!(began.elapsed() < BOUND, "{:?}", began.elapsed());
    assert_eq!(run.code, Some(1));
    assert_eq!(only(&run, "engine").0, "failed");
    assert_eq!(only(&run, "node").0, "failed");
    assert!(found(&run, "contract").is_empty(), "{run:?}");
}

#[test]
fn an_engine_and_a_node_that_work_are_named() {
    if without("docker") || without("node") {
        return;
    }
    let home = Home::new().with_docker().on("lab", &node("geth"));
    let run = home.run(&["doctor"]);
    let (state, words) = only(&run, "engine");
    assert!(state == "ok" && words.starts_with("docker ") && words.contains("image store"), "{words}");
    let (state, words) = only(&run, "node");
    // Its chain rests while nobody writes to it, which is worth a note.
    assert!(state != "failed" && words.contains("chain 1337"), "{words}");
    assert_eq!(found(&run, "contract").len(), 2, "{run:?}");
    let wrong = "[networks.lab]\nrpc = '{}'\nchain_id = 5\n".replace("{}", &node("geth"));
    fs::write(home.path().join("config.toml"), wrong).unwrap();
    let run = home.run(&["doctor"]);
    let (state, words) = only(&run, "node");
    assert!(state == "failed" && words.contains('5') && run.code == Some(1), "{words}");
}

#[test]
fn the_lines_say_the_same_as_the_document() {
    let home = Home::new();
    let output = home.command(&["--docker-host", "none", "doctor"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("ok       disk") && text.contains("note     trust"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colours in a pipe: {text}");
}
