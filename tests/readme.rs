//! The README's tables are printed from the program's own: keys from the action table. `README_UPDATE=1` rewrites them.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use daochain::app::action::{BINDINGS, Binding, Place};
use strum::IntoEnumIterator as _;

const BEGIN: &str = "<!-- keys -->\n";
const END: &str = "<!-- /keys -->";

/// Everything that has a key or a name, where it has it.
fn keys() -> String {
    let panes = [Place::Images, Place::Market, Place::Accounts, Place::Trust, Place::Node, Place::Activity];
    let others: Vec<Place> = Place::iter().filter(|place| !panes.contains(place)).collect();
    let mut tables = String::from("| keys | what they do | where | name |\n|---|---|---|---|\n");
    let is_told = |binding: &&Binding| !binding.help.is_empty();
    for binding in BINDINGS.iter().filter(is_told) {
        let here: Vec<_> = panes.iter().filter(|place| binding.places.contains(place)).collect();
        let everywhere = here.len() == panes.len();
        let here = if everywhere { vec!["every pane"] } else { here.into_iter().map(|place| place.title()).collect() };
        if !here.is_empty() {
            line(&mut tables, binding, &here.join(", "));
        }
    }
    tables.push_str(
        "\n<details><summary>In what opens over a pane, by the section of <code>keys.toml</code></summary>\n\n",
    );
    tables.push_str("| keys | what they do | where | name |\n|---|---|---|---|\n");
    for binding in BINDINGS.iter().filter(is_told) {
        let is_pane = binding.places.iter().any(|place| panes.contains(place));
        let here: Vec<_> = others.iter().filter(|place| binding.places.contains(place)).collect();
        if !here.is_empty() && !is_pane {
            let here: Vec<String> = here.into_iter().map(|place| format!("`{}`", place.as_ref())).collect();
            line(&mut tables, binding, &here.join(", "));
        }
    }
    tables.push_str("\n</details>\n");
    tables
}

fn line(table: &mut String, binding: &Binding, here: &str) {
    let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
    let keys = if keys.is_empty() { String::new() } else { format!("`{}`", keys.join(" ")) };
    writeln!(table, "| {keys} | {} | {here} | `{}` |", binding.help, binding.action.name()).expect("text takes text");
}

#[test]
fn the_keys_are_those_of_the_program() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).expect("the README is text");
    let (before, rest) = readme.split_once(BEGIN).expect("the README marks where its keys begin");
    let (shown, after) = rest.split_once(END).expect("the README marks where its keys end");
    if std::env::var_os("README_UPDATE").is_some() {
        std::fs::write(path, [before, BEGIN, &keys(), END, after].concat()).expect("the README can be written");
        return;
    }
    assert_eq!(shown, keys(), "run README_UPDATE=1 cargo test --test readme");
}
