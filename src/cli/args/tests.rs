//! The grammar, its help and the help's examples.

use clap::CommandFactory as _;

use super::*;

#[test]
fn the_grammar_is_consistent() {
    Args::command().debug_assert();
}

/// Every command with those below it.
fn all(command: &clap::Command, path: &str, found: &mut Vec<(String, clap::Command)>) {
    let path = format!("{path} {}", command.get_name()).trim().to_owned();
    found.push((path.clone(), command.clone()));
    for below in command.get_subcommands() {
        all(below, &path, found);
    }
}

#[test]
fn every_command_tells_what_it_does_and_shows_an_example_that_it_understands() {
    let mut commands = Vec::new();
    all(&Args::command(), "", &mut commands);
    assert!(commands.len() > 60, "{}", commands.len());
    let mut wrong = Vec::new();
    for (path, command) in &commands {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let own: Vec<&str> = help.lines().filter(|line| line.trim_start().contains(path.as_str())).collect();
        if command.get_about().is_none() || !help.contains("Example") || own.is_empty() {
            wrong.push(format!("{path}: no example"));
        }
        for line in help.lines().filter_map(|line| line.strip_prefix("  daochain ")) {
            let line = line
                .split(" | ")
                .next()
                .unwrap_or_default()
                .split(" >> ")
                .next()
                .unwrap_or_default()
                .split(" > ")
                .next()
                .unwrap_or_default();
            let line = line.split(" < ").next().unwrap_or_default().split("   ").next().unwrap_or_default();
            let line =
                line.replace("0x…", if line.starts_with("tx ") { HASH } else { ADDRESS }).replace("sha256:…", DIGEST);
            let words = words(line.trim_end_matches('&').trim());
            if let Err(error) = Args::try_parse_from(std::iter::once("daochain".to_owned()).chain(words)) {
                wrong.push(format!(
                    "{path}: `daochain {line}`: {}",
                    error.to_string().lines().next().unwrap_or_default()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

const ADDRESS: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const HASH: &str = "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// As a shell takes them apart: quotes of both kinds, nothing else.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (' ', None) => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[test]
fn whoever_says_nothing_is_read_without_the_grammar() {
    let read = Args::try_parse_from(["daochain"]).map(|args| format!("{args:?}"));
    assert_eq!(read.ok(), Some(format!("{:?}", Args::default())));
}
