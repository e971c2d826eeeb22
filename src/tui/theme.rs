//! A dozen meanings, and how each looks: in colour, without colour, and without anything beyond ASCII.

use ratatui::{
    buffer::Buffer,
    style::{Color, Modifier, Style},
};

use crate::domain::verdict::Conclusion;

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

/// How roles become styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Palette {
    /// The terminal's own sixteen colours, so that light and dark terminals both stay readable.
    Colour,
    /// Bold, dim and reverse only.
    Plain,
    /// Each role its own number as colour: tests read it back from the cells.
    Numbered,
}

/// How things look here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    palette: Palette,
    ascii: bool,
}

impl Theme {
    /// Colours, and characters beyond ASCII.
    pub const COLOUR: Self = Self { palette: Palette::Colour, ascii: false };
    /// What tests read roles from.
    pub const NUMBERED: Self = Self { palette: Palette::Numbered, ascii: false };

    /// What the environment wishes: `NO_COLOR` (no-color.org), and the locale's character set as POSIX finds it.
    #[must_use]
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        let palette = if set("NO_COLOR").is_some() { Palette::Plain } else { Palette::Colour };
        Self { palette, ascii: !(locale.contains("utf-8") || locale.contains("utf8")) }
    }

    /// The same without characters beyond ASCII.
    #[must_use]
    pub const fn in_ascii(self) -> Self {
        Self { ascii: true, ..self }
    }

    /// How a role looks.
    #[must_use]
    pub const fn style(self, role: Role) -> Style {
        let plain = Style::new();
        match self.palette {
            Palette::Numbered => plain.fg(Color::Indexed(role as u8)),
            Palette::Plain => match role {
                Role::Title | Role::Key | Role::Warning => plain.add_modifier(Modifier::BOLD),
                Role::Danger | Role::Selected => plain.add_modifier(Modifier::BOLD.union(Modifier::REVERSED)),
                Role::Muted | Role::Stale | Role::Line => plain.add_modifier(Modifier::DIM),
                Role::Field => plain.add_modifier(Modifier::UNDERLINED),
                Role::Plain | Role::Good | Role::Lighter | Role::Busy | Role::Light => plain,
            },
            Palette::Colour => match role {
                Role::Plain => plain,
                Role::Muted | Role::Line => plain.fg(Color::DarkGray),
                Role::Stale => plain.fg(Color::DarkGray).add_modifier(Modifier::ITALIC),
                Role::Title => plain.add_modifier(Modifier::BOLD),
                Role::Key => plain.fg(Color::Cyan).add_modifier(Modifier::BOLD),
                Role::Good => plain.fg(Color::Green).add_modifier(Modifier::BOLD),
                Role::Lighter => plain.fg(Color::Green),
                Role::Warning => plain.fg(Color::Yellow),
                Role::Danger => plain.fg(Color::Red).add_modifier(Modifier::BOLD),
                Role::Busy => plain.fg(Color::Cyan),
                Role::Selected => plain.add_modifier(Modifier::BOLD.union(Modifier::REVERSED)),
                Role::Field => plain.add_modifier(Modifier::UNDERLINED),
                // Whatever the terminal's own colours are: what is drawn must be the lighter one.
                Role::Light => plain.fg(Color::White).bg(Color::Black),
            },
        }
    }

    /// The sign of a conclusion, as DESIGN fixes it; a lighter one while only the engine's word stands behind it.
    #[must_use]
    pub const fn glyph(self, conclusion: Conclusion, measured: bool) -> &'static str {
        match (self.ascii, conclusion) {
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
        !self.ascii
    }

    /// Columns of the sign.
    #[must_use]
    pub const fn glyph_width(self) -> u16 {
        if self.ascii { 3 } else { 1 }
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

    /// The last pass over a frame: where the locale has only ASCII, nothing else leaves the program.
    pub fn finish(self, buffer: &mut Buffer) {
        if !self.ascii {
            return;
        }
        for cell in &mut buffer.content {
            if !cell.symbol().is_ascii() {
                let plain = cell.symbol().chars().next().map_or(' ', in_ascii);
                cell.set_char(plain);
            }
        }
    }
}

/// The nearest ASCII character of the same width.
const fn in_ascii(c: char) -> char {
    match c {
        '─' | '–' | '—' => '-',
        '│' | '▌' => '|',
        '┌' | '┐' | '└' | '┘' | '┬' | '┴' | '├' | '┤' | '┼' | '✔' | '✓' => '+',
        '…' | '·' | '○' | '░' => '.',
        '•' | '●' | '▓' => '#',
        '◐' => 'o',
        '‹' | '←' | '◀' => '<',
        '›' | '→' => '>',
        '↑' | '▲' => '^',
        '↓' | '▼' => 'v',
        '✘' => 'X',
        '≠' => '!',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides_as_posix_and_no_color_say() {
        let theme = |variables: &[(&str, &str)]| {
            let variables: Vec<(String, String)> =
                variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Theme::from_environment(move |name| {
                variables.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone())
            })
        };
        assert_eq!(theme(&[("LANG", "en_US.UTF-8")]), Theme::COLOUR);
        assert_eq!(theme(&[("LANG", "en_US.UTF-8"), ("NO_COLOR", "")]), Theme::COLOUR);
        assert!(theme(&[]).ascii);
        assert!(theme(&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")]).ascii);
        assert!(!theme(&[("LC_CTYPE", "C.utf8"), ("LANG", "C")]).ascii);
        assert_eq!(theme(&[("LANG", "C.UTF-8"), ("NO_COLOR", "1")]).palette, Palette::Plain);
    }
}
