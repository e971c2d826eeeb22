//! `daochain config`

use serde::Serialize;
use serde_json::Value;

use super::{
    args::{self, Globals},
    console::Console,
    human::{Cell, Role, Table},
};
use crate::{
    config::{Checked, Home, Origin, Setting, check, commented, settings},
    domain::text::clean,
    ops::Failure,
    tui::{keys, theme::Theme},
};

/// `daochain.config/1`
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    settings: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    key: String,
    /// `null` where nothing was said.
    value: Option<Value>,
    origin: &'static str,
    /// The flag or variable.
    source: Option<&'static str>,
    line: Option<usize>,
    column: Option<usize>,
}

/// `daochain.config-check/1`
#[derive(Serialize)]
struct Report {
    schema: &'static str,
    files: Vec<FilePart>,
}

#[derive(Serialize)]
struct FilePart {
    file: String,
    exists: bool,
    problems: Vec<ProblemPart>,
}

#[derive(Serialize)]
struct ProblemPart {
    code: &'static str,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
}

/// Opens no home: what it looks at may be why none can be opened.
pub fn run(console: &mut Console, globals: &Globals, command: &args::Config) -> Result<u8, Failure> {
    let env = |name: &str| std::env::var(name).ok();
    match command {
        args::Config::Show { default: true } if console.json => {
            Err(Failure::new("usage", "the commented configuration is TOML and no JSON").hint("leave out --json"))
        }
        args::Config::Show { default: true } => {
            console.raw(&commented());
            Ok(0)
        }
        args::Config::Show { default: false } => {
            present(console, settings(&globals.options(), &env)?);
            Ok(0)
        }
        args::Config::Check => {
            let home = Home::find(globals.home.as_deref(), &env)?;
            let mut files = check(&home);
            files.push(Checked::of(&home.keys_file, keys::read(&home).1));
            files.push(Checked::of(&home.theme_file, Theme::faults(&home.theme_file)));
            Ok(report(console, &files))
        }
    }
}

fn present(console: &mut Console, settings: Vec<Setting>) {
    console.present(
        &Document { schema: "daochain.config/1", settings: settings.iter().map(Entry::from).collect() },
        |page| {
            let mut table = Table::new(&["KEY", "VALUE", "FROM"]).gives_way(1);
            for setting in settings {
                let from = setting.from();
                let Setting { key, value, without, .. } = setting;
                let value = match value {
                    Some(value) => Cell::from(value.to_string()),
                    None => Cell::new(Role::Muted, without),
                };
                table.row(vec![key.into(), value, from.into()]);
            }
            page.table(&table);
        },
    );
}

impl From<&Setting> for Entry {
    fn from(setting: &Setting) -> Self {
        let (origin, source) = match setting.origin {
            Origin::Default => ("default", None),
            Origin::File => ("file", None),
            Origin::Environment(name) => ("environment", Some(name)),
            Origin::Flag(name) => ("flag", Some(name)),
        };
        let (line, column) = setting.at.unzip();
        Self { key: setting.key.clone(), value: setting.value.clone(), origin, source, line, column }
    }
}

fn report(console: &mut Console, files: &[Checked]) -> u8 {
    let part = |checked: &Checked| FilePart {
        file: clean(&checked.file.to_string_lossy()),
        exists: checked.exists,
        problems: checked
            .problems
            .iter()
            .map(|problem| {
                let (line, column) = problem.at.unzip();
                ProblemPart { code: problem.code, line, column, message: problem.words.clone() }
            })
            .collect(),
    };
    let document = Report { schema: "daochain.config-check/1", files: files.iter().map(part).collect() };
    console.present(&document, |page| {
        for FilePart { file, exists, problems } in &document.files {
            if problems.is_empty() {
                let words = if *exists { "good" } else { "not there, and not needed" };
                page.spans(&[(Role::Good, "ok       "), (Role::Plain, &format!("{file}: {words}"))]);
            }
            for problem in problems {
                // As compilers write it, so that editors find the place.
                let place = problem
                    .line
                    .zip(problem.column)
                    .map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
                page.spans(&[(Role::Bad, "TROUBLE  "), (Role::Plain, &format!("{file}{place}: {}", problem.message))]);
            }
        }
    });
    u8::from(document.files.iter().any(|file| !file.problems.is_empty()))
}
