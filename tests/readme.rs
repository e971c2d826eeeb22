//! The README's tables are printed from the program's own: keys from the action table. `README_UPDATE=1` rewrites them.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use daochain::app::action::{BINDINGS, Place};

const BEGIN: &str = "<!-- keys -->\n";
const END: &str = "<!-- /keys -->";

/// The panes' keys. Those of dialogs stand in the dialogs.
fn keys() -> String {
    let mut table = String::from("| keys | what they do | where | name |\n|---|---|---|---|\n");
    for binding in BINDINGS.iter().filter(|binding| !binding.help.is_empty()) {
        let panes = [Place::Images, Place::Market, Place::Accounts, Place::Trust, Place::Node];
        let here: Vec<_> = panes.into_iter().filter(|place| binding.places.contains(place)).map(Place::title).collect();
        let here = if here.len() == panes.len() { vec!["every pane"] } else { here };
        if !here.is_empty() {
            let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
            let keys = if keys.is_empty() { String::new() } else { format!("`{}`", keys.join(" ")) };
            let (help, here, name) = (binding.help, here.join(", "), binding.action.name());
            writeln!(table, "| {keys} | {help} | {here} | `{name}` |").expect("text takes text");
        }
    }
    table
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
