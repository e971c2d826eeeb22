//! `daochain man`: the manual's pages, from the grammar that the program itself goes by.

use std::{fs, path::Path};

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use serde::Serialize;

use super::{args::Args, console::Console};
use crate::{domain::text::clean, ops::Failure};

/// `daochain.man/1`
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    files: Vec<String>,
}

pub fn run(console: &mut Console, folder: &Path) -> Result<u8, Failure> {
    let pages = pages()?;
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    let mut files = Vec::new();
    for (name, page) in pages {
        let file = folder.join(name);
        fs::write(&file, page).map_err(|error| unwritable(&file, &error))?;
        files.push(clean(&file.to_string_lossy()));
    }
    let document = Document { schema: "daochain.man/1", files };
    console.present(&document, |page| document.files.iter().for_each(|file| page.line(file)));
    Ok(0)
}

/// All pages.
fn pages() -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut command = Args::command();
    // Gives every command the options of all.
    command.build();
    let mut pages = Vec::new();
    render(&command, &[], &mut pages)?;
    Ok(pages)
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new("file-unwritable", &format!("`{}` cannot be written: {error}", path.display()))
        .hint("name a folder that can be written")
}

/// `daochain-trust-add.1` and its text, for the command and all below it; `above` are the words before its own.
fn render(command: &Command, above: &[&str], pages: &mut Vec<(String, Vec<u8>)>) -> Result<(), Failure> {
    let words: Vec<&str> = above.iter().copied().chain([command.get_name()]).collect();
    let name = words.join("-");
    let titled = command.clone().name(name.clone()).bin_name(words.join(" ")).display_name(name.clone());
    let mut page = Vec::new();
    // Without a day, so that a build can be repeated.
    let man = Man::new(titled).title(name.clone()).section("1").source(concat!("daochain ", env!("CARGO_PKG_VERSION")));
    man.render(&mut page)
        .map_err(|error| Failure::new("internal", &format!("the page `{name}` cannot be made: {error}")))?;
    pages.push((format!("{name}.1"), page));
    command.get_subcommands().try_for_each(|below| render(below, &words, pages))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn every_command_has_a_page_with_its_examples() {
        let pages = pages().unwrap();
        assert!(pages.len() > 60);
        let page = |name: &str| {
            let found = pages.iter().find(|(file, _)| file == name).unwrap_or_else(|| panic!("{name}"));
            String::from_utf8(found.1.clone()).unwrap()
        };
        assert!(page("daochain.1").contains("daochain\\-verify(1)"));
        let add = page("daochain-trust-add.1");
        assert!(add.contains("daochain trust add") && add.contains("Example") && add.contains("observer"), "{add}");
        assert!(
            page("daochain-tx-speed-up.1").contains("daochain tx speed\\-up"),
            "{}",
            page("daochain-tx-speed-up.1")
        );
        assert!(!add.contains('\u{1b}'));
    }
}
