//! `daochain doctor`

use std::io::{IsTerminal as _, stdin, stdout};

use serde::Serialize;

use super::{args::Globals, console::Console, human::Role, signals};
use crate::{
    config::Home,
    domain::finding::{Area, Finding, Health},
    ops::{
        Failure,
        doctor::{Seen, check_up, terminal},
    },
    tui::{keys, theme::Theme},
};

/// `daochain.doctor/1`
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    checks: Vec<Check>,
}

#[derive(Serialize)]
struct Check {
    name: &'static str,
    state: &'static str,
    message: String,
    hint: Option<String>,
}

impl From<&Finding> for Check {
    fn from(finding: &Finding) -> Self {
        let state = match finding.health {
            Health::Fine => "ok",
            Health::Note => "warning",
            Health::Trouble => "failed",
        };
        let (name, message, hint) = (finding.area.word(), finding.words.clone(), finding.step.clone());
        Self { name, state, message, hint }
    }
}

/// Opens no session: what it looks at may be why none can be opened.
pub async fn run(console: &mut Console, globals: &Globals) -> Result<u8, Failure> {
    let token = tokio_util::sync::CancellationToken::new();
    let look = Box::pin(check_up(globals.options(), |name| std::env::var(name).ok()));
    let mut findings = match signals::unless_ended(look, &token).await? {
        Ok(findings) => findings,
        Err(ended) => {
            console.fail(&Failure::new("cancelled", &format!("ended by {}", ended.name())));
            return Ok(ended.exit_code());
        }
    };
    findings.extend(terminal(&seen()));
    findings.extend(own_files(globals));
    let checks = findings.iter().map(Check::from).collect();
    console.present(&Document { schema: "daochain.doctor/1", checks }, |page| {
        for finding in &findings {
            let (role, word) = match finding.health {
                Health::Fine => (Role::Good, "ok"),
                Health::Note => (Role::Caution, "note"),
                Health::Trouble => (Role::Bad, "TROUBLE"),
            };
            let area = format!("{:<15}", finding.area.word());
            page.paragraph(&[(role, &format!("{word:<9}")), (Role::Plain, &area)], &finding.words);
            if let Some(step) = &finding.step {
                page.paragraph(&[(Role::Plain, &" ".repeat(24))], &format!("→ {step}"));
            }
        }
    });
    Ok(u8::from(findings.iter().any(|finding| finding.health == Health::Trouble)))
}

/// Files that the screen cannot start with.
fn own_files(globals: &Globals) -> Vec<Finding> {
    let Ok(home) = Home::find(globals.home.as_deref(), &|name| std::env::var(name).ok()) else { return Vec::new() };
    let failures = keys::read(&home).1.into_iter().chain(Theme::faults(&home.theme_file)).map(Failure::from);
    failures
        .map(|failure| {
            let finding =
                Finding::trouble(Area::Configuration, &format!("the screen does not start: {}", failure.message));
            failure.hint.iter().fold(finding, |finding, hint| finding.step(hint))
        })
        .collect()
}

fn seen() -> Seen {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let size = rustix::termios::tcgetwinsize(stdout()).ok().map(|size| (size.ws_col, size.ws_row));
    Seen {
        is_terminal: stdin().is_terminal() && stdout().is_terminal(),
        name: set("TERM"),
        locale: ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| set(name)),
        colours: set("COLORTERM"),
        no_colour: set("NO_COLOR").is_some(),
        size,
    }
}
