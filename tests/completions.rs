//! What shells are answered at Tab: by bash itself with the script that the program prints, and by the words for others.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::{
    fs,
    os::unix::net::UnixListener,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use support::Home;

const ADDRESS: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

/// A home whose trust rules name two images.
fn home() -> Home {
    let home = Home::new();
    let rule = |pattern: &str| format!("[[rule]]\npattern = '{pattern}'\npublisher = '{ADDRESS}'\nname = 'acme'\n");
    let rules = [rule("docker.io/acme/api:1"), rule("registry.example:5000/acme/api:2.0")].concat();
    fs::write(home.path().join("trust.toml"), rules).expect("a file");
    home
}

/// What bash would put in the place of the last of `words`, into which it took the line apart.
fn in_bash(home: &Home, line: &str, words: &[&str]) -> Vec<String> {
    let play = "source <(daochain completions bash); line=$1; shift; COMP_LINE=$line COMP_POINT=${#line} COMP_TYPE=9; \
                COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1)); _daochain daochain \"${@: -1}\" ''; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let bin = Path::new(env!("CARGO_BIN_EXE_daochain")).parent().expect("a folder");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("a path"));
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", play, "bash", line]).args(words).env("PATH", path).env("DAOCHAIN_HOME", home.path());
    let output = bash.env("DOCKER_HOST", "unix:///nonexistent/docker.sock").output().expect("bash starts");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).expect("text").lines().map(|line| line.trim_end().to_owned()).collect()
}

/// What fish is answered, with words of explanation.
fn for_fish(home: &Home, options: &[&str], words: &[&str]) -> String {
    // The program gives itself 0.3 seconds, in which a loaded machine may come to nothing.
    let ask = || {
        let mut command = home.command(options);
        command.env("DAOCHAIN_COMPLETE", "fish").arg("--").arg("daochain").args(words);
        let output = command.output().expect("the program starts");
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    (0..3).map(|_| ask()).find(|told| !told.is_empty()).unwrap_or_default()
}

#[test]
fn bash_completes_commands_references_networks_and_addresses() {
    let home = home();
    assert_eq!(in_bash(&home, "daochain ver", &["daochain", "ver"]), ["verify"]);
    assert_eq!(in_bash(&home, "daochain verify ac", &["daochain", "verify", "ac"]), ["acme/api:1"]);
    // bash takes a word apart at colons, and puts what it is told behind the last one.
    let words = ["daochain", "verify", "registry.example", ":", "5000/acme/api", ":", "2"];
    assert_eq!(in_bash(&home, "daochain verify registry.example:5000/acme/api:2", &words), ["2.0"]);
    let words = ["daochain", "verify", "docker.io/acme/api", ":"];
    assert_eq!(in_bash(&home, "daochain verify docker.io/acme/api:", &words), ["1"]);
    assert_eq!(in_bash(&home, "daochain --network=d", &["daochain", "--network", "=", "d"]), ["dev"]);
    assert_eq!(in_bash(&home, "daochain verify --publisher ", &["daochain", "verify", "--publisher", ""]), [ADDRESS]);
}

#[test]
fn shells_that_show_them_get_words_of_explanation() {
    let home = home();
    assert_eq!(for_fish(&home, &[], &["verify", "reg"]), "registry.example:5000/acme/api:2.0\tnamed by a trust rule\n");
    assert_eq!(for_fish(&home, &[], &["verify", "--publisher", "0x"]), format!("{ADDRESS}\tacme\n"));
    assert!(for_fish(&home, &[], &["trust", ""]).contains("discover\t"));
}

#[test]
fn an_engine_that_never_answers_keeps_nobody_waiting() {
    let home = home();
    let socket = home.path().join("engine.sock");
    let _engine = UnixListener::bind(&socket).expect("a socket");
    let began = Instant::now();
    let host = format!("--docker-host=unix://{}", socket.display());
    let told = for_fish(&home, &[], &[&host, "verify", "acme/"]);
    assert!(told.starts_with("acme/api:1"), "{told}");
    // 0.3 seconds, and what a loaded machine takes to start a process.
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[test]
fn a_broken_home_is_silence() {
    let home = home();
    fs::write(home.path().join("config.toml"), "jobs = \n").expect("a file");
    assert_eq!(for_fish(&home, &[], &["verify", "acme/"]), "");
}
