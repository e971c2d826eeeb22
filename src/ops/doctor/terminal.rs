//! What the terminal can show. Who owns it looks; here it is judged.

use crate::domain::finding::{Area, Finding, Health};

/// The smallest screen that shows everything.
const USUAL: (u16, u16) = (80, 24);
/// Below this the screen only says what it needs.
const LEAST: (u16, u16) = (60, 15);

/// What a process sees of its terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Standard input and output lead to one.
    pub is_terminal: bool,
    /// `TERM`.
    pub name: Option<String>,
    /// The first of `LC_ALL`, `LC_CTYPE` and `LANG` that says something.
    pub locale: Option<String>,
    /// `COLORTERM`.
    pub colours: Option<String>,
    /// `NO_COLOR` says something.
    pub no_colour: bool,
    /// Columns and lines.
    pub size: Option<(u16, u16)>,
}

/// What is to be said of it.
#[must_use]
pub fn terminal(seen: &Seen) -> Vec<Finding> {
    if !seen.is_terminal {
        return vec![Finding::fine(Area::Terminal, "there is none here: the command line needs none, the screen does")];
    }
    let mut findings = Vec::new();
    let mut doubt = |words: &str, step: &str| findings.push(Finding::note(Area::Terminal, words).step(step));
    let name = seen.name.as_deref().filter(|name| !name.is_empty());
    let can_draw = !matches!(name, None | Some("dumb" | "unknown"));
    if !can_draw {
        let words = format!("TERM is `{}`: the screen cannot be drawn", name.unwrap_or_default());
        doubt(&words, "use the command line, or name the terminal: `export TERM=xterm-256color`");
    }
    let locale = seen.locale.clone().unwrap_or_default();
    let lower = locale.to_ascii_lowercase();
    let is_unicode = lower.contains("utf-8") || lower.contains("utf8");
    if !is_unicode {
        let words = format!("the locale `{locale}` is not UTF-8: glyphs and names are shown in ASCII");
        doubt(&words, "`export LANG=C.UTF-8`");
    }
    match seen.size {
        None | Some((0, _) | (_, 0)) => {
            doubt("it does not tell its size; 80 columns are taken", "`stty cols 80 rows 24`");
        }
        Some((columns, lines)) if columns < LEAST.0 || lines < LEAST.1 => {
            let words = format!("it has {columns}×{lines} cells, and the screen needs {}×{}", LEAST.0, LEAST.1);
            doubt(&words, "make the window larger");
        }
        Some((columns, lines)) if columns < USUAL.0 || lines < USUAL.1 => {
            let words = format!("it has {columns}×{lines} cells; the screen shows all from {}×{}", USUAL.0, USUAL.1);
            doubt(&words, "make the window larger");
        }
        Some(_) => {}
    }
    if findings.is_empty() {
        let (columns, lines) = seen.size.unwrap_or(USUAL);
        let name = name.unwrap_or_default();
        let words = format!("`{name}`, {columns}×{lines}, {}, {}", colours(seen, name), locale);
        return vec![Finding { health: Health::Fine, ..Finding::fine(Area::Terminal, &words) }];
    }
    findings
}

fn colours(seen: &Seen, name: &str) -> &'static str {
    match seen.colours.as_deref() {
        _ if seen.no_colour => "no colours, as NO_COLOR says",
        Some("truecolor" | "24bit") => "all colours",
        _ if name.contains("256") => "256 colours",
        _ if name.starts_with("vt") => "no colours",
        _ => "16 colours",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> Seen {
        Seen {
            is_terminal: true,
            name: Some("xterm-256color".to_owned()),
            locale: Some("C.UTF-8".to_owned()),
            size: Some((80, 24)),
            ..Seen::default()
        }
    }

    fn words(seen: &Seen) -> String {
        terminal(seen).iter().map(|one| format!("{:?} {}", one.health, one.words)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_usual_terminal_is_one_line() {
        assert_eq!(words(&usual()), "Fine `xterm-256color`, 80×24, 256 colours, C.UTF-8");
        assert!(words(&Seen { no_colour: true, ..usual() }).contains("as NO_COLOR says"));
        assert!(words(&Seen { colours: Some("truecolor".to_owned()), ..usual() }).contains("all colours"));
        assert!(words(&Seen::default()).starts_with("Fine there is none"));
    }

    #[test]
    fn what_is_odd_is_said_each_for_itself() {
        let odd = Seen { name: Some("dumb".to_owned()), locale: None, size: Some((50, 10)), ..usual() };
        let said = words(&odd);
        assert_eq!(said.lines().count(), 3, "{said}");
        assert!(said.contains("TERM is `dumb`") && said.contains("not UTF-8") && said.contains("60×15"), "{said}");
        assert!(words(&Seen { size: Some((0, 0)), ..usual() }).contains("does not tell its size"));
        assert!(words(&Seen { size: Some((70, 24)), ..usual() }).contains("shows all from 80×24"));
        assert!(terminal(&odd).iter().all(|one| one.step.is_some() && one.health == Health::Note));
    }
}
