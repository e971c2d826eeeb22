//! A dozen meanings, and how each looks: in colour, without colour, and without anything beyond ASCII.
//!
//! ```text
//! TERM, terminfo, COLORTERM, NO_COLOR, locale ──▶ surroundings ──▶ depth, glyphs ─┐
//! theme.toml, DAOCHAIN_THEME ─────────────────▶ the theme's name, roles of its own ┼▶ Theme: role ──▶ style
//!                                                     builtin, colour ─────────────┘
//! ```

mod builtin;
mod colour;
mod finish;
mod surroundings;

use std::path::Path;

use ratatui::style::{Color, Modifier, Style};

pub use builtin::NAMES;
pub use surroundings::{Entry, usable};

use crate::{
    config::{Colour, ConfigError, Depth, Look, ThemeFile, known_word, read_theme},
    domain::verdict::Conclusion,
};

/// What a piece of text means. Never what it looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Ordinary text.
    Plain,
    /// Labels, units, what can wait.
    Muted,
    /// Heads of columns, the program's name, the pane that is open.
    Title,
    /// Keys that can be pressed.
    Key,
    /// Verified by measured bytes; what went well.
    Good,
    /// Verified by the engine's word alone.
    Lighter,
    /// Outdated, untrusted: somebody should look.
    Warning,
    /// Mismatch, revoked, errors.
    Danger,
    /// Work that is under way.
    Busy,
    /// True before, not known to be true now.
    Stale,
    /// The selected row's name.
    Selected,
    /// A field that is typed into.
    Field,
    /// Lines between regions, frames.
    Line,
    /// Light modules of a code for cameras.
    Light,
}

/// Every role, in the order of the enum.
pub const ROLES: [Role; 14] = [
    Role::Plain,
    Role::Muted,
    Role::Title,
    Role::Key,
    Role::Good,
    Role::Lighter,
    Role::Warning,
    Role::Danger,
    Role::Busy,
    Role::Stale,
    Role::Selected,
    Role::Field,
    Role::Line,
    Role::Light,
];

/// Their names in `theme.toml`, in the same order.
const ROLE_NAMES: [&str; 14] = [
    "plain", "muted", "title", "key", "good", "lighter", "warning", "danger", "busy", "stale", "selected", "field",
    "line", "light",
];

/// Which characters can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// All of them.
    Unicode,
    /// Those of one column that the fonts of Linux' console have.
    Console,
    /// ASCII.
    Ascii,
}

/// How things look here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    styles: [Style; ROLES.len()],
    glyphs: Glyphs,
    calm: bool,
}

impl Theme {
    /// The terminal's own colours, and characters beyond ASCII.
    pub const COLOUR: Self = Self::of(false);
    /// Each role its own number as colour: tests read it back from the cells.
    pub const NUMBERED: Self = Self::of(true);

    const fn of(numbered: bool) -> Self {
        let mut styles = [Style::new(); ROLES.len()];
        let mut at = 0;
        while at < ROLES.len() {
            let role = ROLES[at];
            styles[at] = if numbered { Style::new().fg(Color::Indexed(role as u8)) } else { builtin::terminal(role) };
            at += 1;
        }
        Self { styles, glyphs: Glyphs::Unicode, calm: false }
    }

    /// All that is wrong in the file, as [`Theme::find`] tells the first of it.
    #[must_use]
    pub fn faults(file: &Path) -> Vec<ConfigError> {
        read_theme(file, &NAMES, &ROLE_NAMES).1
    }

    /// What the file in the home and the environment wish, as far as terminal and locale can. A theme that the environment
    /// names takes the place of the file's, with the roles that the file changed in it.
    ///
    /// # Errors
    /// `theme-invalid` with line and column; `config-unreadable`; `usage` for a theme that there is not.
    pub fn find(file: &Path, variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let (mut file, faults) = read_theme(file, &NAMES, &ROLE_NAMES);
        if let Some(fault) = faults.into_iter().next() {
            return Err(fault);
        }
        if let Some(name) = variable("DAOCHAIN_THEME").filter(|name| !name.is_empty()) {
            known_word("theme", &name, &NAMES)
                .map_err(|cause| ConfigError::Usage(format!("DAOCHAIN_THEME: {cause}")))?;
            file = ThemeFile { theme: Some(name), looks: std::collections::BTreeMap::default(), ..file };
        }
        let found = surroundings::depth(&variable, Entry::find);
        let no_color = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        let depth = file.depth.filter(|_| !no_color).unwrap_or(found);
        let name = file.theme.as_deref().unwrap_or(NAMES[0]);
        let styles = std::array::from_fn(|at| match file.looks.get(ROLE_NAMES[at]) {
            Some(look) => own(look, depth),
            None => builtin::style(name, ROLES[at], depth),
        });
        let glyphs = match file.ascii {
            Some(true) => Glyphs::Ascii,
            Some(false) => Glyphs::Unicode,
            None => surroundings::glyphs(&variable),
        };
        Ok(Self { styles, glyphs, calm: file.reduced_motion })
    }

    /// The same without characters beyond ASCII.
    #[must_use]
    pub const fn in_ascii(self) -> Self {
        Self { glyphs: Glyphs::Ascii, ..self }
    }

    /// The same with no character that Linux' console lacks.
    #[must_use]
    pub const fn on_a_console(self) -> Self {
        Self { glyphs: Glyphs::Console, ..self }
    }

    /// How a role looks.
    #[must_use]
    pub const fn style(self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// True where less is to move.
    #[must_use]
    pub const fn is_calm(self) -> bool {
        self.calm
    }

    /// Signs are words where no font is sure to have them.
    const fn has_words(self) -> bool {
        !matches!(self.glyphs, Glyphs::Unicode)
    }

    /// The sign of a conclusion, as DESIGN fixes it; a lighter one while only the engine's word stands behind it.
    #[must_use]
    pub const fn glyph(self, conclusion: Conclusion, measured: bool) -> &'static str {
        match (self.has_words(), conclusion) {
            (false, Conclusion::Verified) if !measured => "✓",
            (false, Conclusion::Verified) => "✔",
            (false, Conclusion::Outdated) => "↑",
            (false, Conclusion::Revoked) => "⊘",
            (false, Conclusion::Mismatch) => "✘",
            (false, Conclusion::Unpublished) => "·",
            (_, Conclusion::Untrusted) => "?",
            (false, Conclusion::Undecided) => "…",
            (true, Conclusion::Verified) if !measured => "ok",
            (true, Conclusion::Verified) => "OK",
            (true, Conclusion::Outdated) => "OLD",
            (true, Conclusion::Revoked) => "REV",
            (true, Conclusion::Mismatch) => "BAD",
            (true, Conclusion::Unpublished) => "-",
            (true, Conclusion::Undecided) => "...",
        }
    }

    /// True where characters beyond ASCII can be shown.
    #[must_use]
    pub const fn is_unicode(self) -> bool {
        !matches!(self.glyphs, Glyphs::Ascii)
    }

    /// Columns of the sign.
    #[must_use]
    pub const fn glyph_width(self) -> u16 {
        if self.has_words() { 3 } else { 1 }
    }

    /// The role of a conclusion.
    #[must_use]
    pub const fn role(conclusion: Conclusion, measured: bool) -> Role {
        match conclusion {
            Conclusion::Verified if measured => Role::Good,
            Conclusion::Verified => Role::Lighter,
            Conclusion::Outdated | Conclusion::Untrusted => Role::Warning,
            Conclusion::Revoked | Conclusion::Mismatch => Role::Danger,
            Conclusion::Unpublished => Role::Muted,
            Conclusion::Undecided => Role::Stale,
        }
    }
}

/// A look of the user's own.
fn own(look: &Look, depth: Depth) -> Style {
    let told = |colour: Option<Colour>| colour.and_then(|colour| colour::told(colour, depth));
    let attributes = [
        (look.bold, Modifier::BOLD),
        (look.dim, Modifier::DIM),
        (look.italic, Modifier::ITALIC),
        (look.underline, Modifier::UNDERLINED),
        (look.reverse, Modifier::REVERSED),
    ];
    let modifier = attributes.iter().filter(|(on, _)| *on).fold(Modifier::empty(), |all, (_, one)| all | *one);
    Style { fg: told(look.colour), bg: told(look.behind), ..Style::new().add_modifier(modifier) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn find(file: &str, variables: &[(&str, &str)]) -> Result<Theme, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("theme.toml");
        std::fs::write(&path, file).unwrap();
        let variable =
            |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        Theme::find(&path, variable).map_err(|error| format!("{}: {error}", error.code()))
    }

    const XTERM: [(&str, &str); 2] = [("TERM", "xterm-256color"), ("LANG", "C.UTF-8")];

    #[test]
    fn without_a_wish_the_terminals_own_colours_are_used() {
        assert_eq!(find("", &XTERM), Ok(Theme::COLOUR));
        assert_eq!(find("theme = \"terminal\"", &XTERM), Ok(Theme::COLOUR));
        assert_eq!(find("", &XTERM[..1]), Ok(Theme::COLOUR.in_ascii()));
        let console = [("TERM", "linux"), ("LANG", "C.UTF-8")];
        assert_eq!(find("", &console), Ok(Theme::COLOUR.on_a_console()));
        assert_eq!(find("characters = \"unicode\"", &console), Ok(Theme::COLOUR));
        assert_eq!(find("characters = \"ascii\"", &XTERM), Ok(Theme::COLOUR.in_ascii()));
    }

    #[test]
    fn roles_of_the_users_own_change_the_theme_and_no_color_takes_their_colours() {
        let file = "theme = \"dark\"\nreduced_motion = true\n[roles]\ndanger = \"bold #ff8700 on 16\"";
        let theme = find(file, &XTERM).unwrap();
        let danger = Style::new().fg(Color::Indexed(208)).bg(Color::Indexed(16)).add_modifier(Modifier::BOLD);
        assert_eq!(theme.style(Role::Danger), danger);
        assert_eq!(theme.style(Role::Warning), Style::new().fg(Color::Indexed(221)));
        assert!(theme.is_calm());
        let bare = find(file, &[XTERM[0], XTERM[1], ("NO_COLOR", "1")]).unwrap();
        assert_eq!(bare.style(Role::Danger), Style::new().add_modifier(Modifier::BOLD));
        let forced =
            find("colours = \"truecolor\"\ntheme = \"dark\"", &[XTERM[0], XTERM[1], ("NO_COLOR", "1")]).unwrap();
        assert_eq!(forced.style(Role::Warning).fg, None, "NO_COLOR wins");
        let forced = find("colours = \"truecolor\"\ntheme = \"dark\"", &XTERM).unwrap();
        assert_eq!(forced.style(Role::Warning).fg, Some(Color::Rgb(0xff, 0xd7, 0x5f)));
    }

    #[test]
    fn the_environment_names_another_theme() {
        let file = "theme = \"dark\"\n[roles]\ndanger = \"blue\"";
        let light = find(file, &[XTERM[0], XTERM[1], ("DAOCHAIN_THEME", "light")]).unwrap();
        assert_eq!(Ok(light), find("theme = \"light\"", &XTERM));
        let error = find("", &[XTERM[0], ("DAOCHAIN_THEME", "lihgt")]).unwrap_err();
        assert!(error.starts_with("usage: DAOCHAIN_THEME: unknown theme `lihgt`"), "{error}");
        assert!(error.contains("did you mean `light`?"), "{error}");
        let error = find("[roles]\nmutd = \"red\"", &XTERM).unwrap_err();
        assert!(error.starts_with("theme-invalid: ") && error.contains("line 2, column 1"), "{error}");
    }

    #[test]
    fn every_role_has_its_name() {
        for (role, name) in ROLES.iter().zip(ROLE_NAMES) {
            assert_eq!(format!("{role:?}").to_lowercase(), name);
        }
    }
}
