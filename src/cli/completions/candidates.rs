//! What the words of a command line could be.

use std::{ffi::OsStr, path::PathBuf};

use clap::{Arg, Command, CommandFactory as _};
use clap_complete::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, engine::ValueCompleter as _,
};

use crate::{
    cli::args::Args,
    config::Options,
    domain::Reference,
    ops::complete::{Meant, addresses, networks, references},
};

/// Arguments that are image names, or patterns of them.
const REFERENCES: &[&str] = &["reference", "references", "pattern", "verify"];
/// Arguments that are accounts or publishers.
const ADDRESSES: &[&str] = &["address", "account", "publisher", "successor", "delegate", "pin", "for"];

/// The grammar, with what could be meant by each argument.
pub fn command() -> Command {
    with_candidates(Args::command(), "")
}

fn with_candidates(command: Command, above: &str) -> Command {
    let name = command.get_name().to_owned();
    let is_network = above == "network" && matches!(name.as_str(), "use" | "remove");
    let command = command.mut_args(|arg| {
        let id = arg.get_id().as_str();
        match id {
            "network" => arg.add(ArgValueCandidates::new(|| told(networks))),
            "name" if is_network => arg.add(ArgValueCandidates::new(|| told(networks))),
            "sources" => arg.add(ArgValueCompleter::new(source)),
            id if REFERENCES.contains(&id) => arg.add(ArgValueCompleter::new(named)),
            id if ADDRESSES.contains(&id) && is_address(&arg) => arg.add(ArgValueCandidates::new(|| told(addresses))),
            _ => arg,
        }
    });
    command.mut_subcommands(|below| with_candidates(below, &name))
}

/// `--contract` of `account add` is a flag.
fn is_address(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

fn candidates(meant: Vec<Meant>) -> Vec<CompletionCandidate> {
    meant.into_iter().map(|Meant { word, help }| CompletionCandidate::new(word).help(help.map(Into::into))).collect()
}

fn told(ask: fn(Options, crate::ops::doctor::Env) -> Vec<Meant>) -> Vec<CompletionCandidate> {
    candidates(ask(options(), |name| std::env::var(name).ok()))
}

/// Image names that begin like that, short or whole: `nginx:1`, `docker.io/library/nginx:1`.
fn named(current: &OsStr) -> Vec<CompletionCandidate> {
    let typed = current.to_string_lossy();
    let form = |meant: Meant| {
        let whole = meant.word.parse::<Reference>().map(|name| name.to_string()).unwrap_or_default();
        let word = [meant.word, whole].into_iter().find(|word| word.starts_with(&*typed))?;
        Some(Meant { word, help: meant.help })
    };
    let all = references(options(), |name| std::env::var(name).ok());
    candidates(all.into_iter().filter_map(form).collect())
}

/// Images, archives and folders.
fn source(current: &OsStr) -> Vec<CompletionCandidate> {
    named(current).into_iter().chain(PathCompleter::any().complete(current)).collect()
}

/// The options that say where to look, as far as they were typed before the word.
fn options() -> Options {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let value = |name: &str| {
        let mut given = words.iter().enumerate().filter_map(|(at, word)| match word.strip_prefix(name) {
            Some("") => words.get(at + 1).cloned(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        });
        given.next_back().filter(|value| !value.is_empty())
    };
    Options {
        home: value("--home").map(PathBuf::from),
        docker_host: value("--docker-host"),
        keystore: value("--keystore").map(PathBuf::from),
        ..Options::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_that_is_an_address_or_a_reference_has_candidates() {
        fn look(command: &Command, missing: &mut Vec<String>) {
            for arg in command.get_arguments().filter(|arg| arg.get_action().takes_values()) {
                let names = arg.get_value_names().unwrap_or_default();
                let is_meant = names.iter().any(|name| matches!(name.as_str(), "ADDRESS" | "REFERENCE" | "PATTERN"));
                let has = arg.get::<ArgValueCandidates>().is_some() || arg.get::<ArgValueCompleter>().is_some();
                // Contracts stand at addresses that nobody here has an account at; tags have patterns of their own.
                if is_meant
                    && !has
                    && !matches!(arg.get_id().as_str(), "contract" | "directory" | "tags" | "override_policy")
                {
                    missing.push(format!("{} {}", command.get_name(), arg.get_id()));
                }
            }
            command.get_subcommands().for_each(|below| look(below, missing));
        }
        let mut missing = Vec::new();
        let command = command();
        look(&command, &mut missing);
        assert!(missing.is_empty(), "{missing:?}");
        command.debug_assert();
    }
}
