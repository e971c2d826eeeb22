//! The themes that come with the program.
//!
//! | theme | made for |
//! |---|---|
//! | `terminal` | any background: the terminal's own sixteen colours, whatever its user made of them |
//! | `dark` | a dark background, which shows through |
//! | `light` | a light background, which shows through |
//! | `colour-blind` | eyes that do not tell red from green: blue, yellow and orange on its own black |
//! | `high-contrast` | at least 7:1 on its own black (WCAG AAA) |
//! | `monochrome` | no colour |
//!
//! Colours are those of xterm's cube, so that 256 colours lose nothing; each has its own stand-in among sixteen.

use ratatui::style::{Color, Modifier, Style};

use super::{Role, colour};
use crate::config::Depth;

/// Their names.
pub const NAMES: [&str; 6] = ["terminal", "dark", "light", "colour-blind", "high-contrast", "monochrome"];

/// A colour, and which of sixteen stands for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink(pub(super) u32, pub(super) u8);

impl Ink {
    pub(super) const fn rgb(self) -> colour::Rgb {
        let [_, r, g, b] = self.0.to_be_bytes();
        [r, g, b]
    }

    fn told(self, depth: Depth) -> Option<Color> {
        let [r, g, b] = self.rgb();
        match depth {
            Depth::None => None,
            Depth::Sixteen => Some(Color::Indexed(self.1)),
            Depth::TwoHundredFiftySix => Some(Color::Indexed(colour::nearest_of_256([r, g, b]))),
            Depth::Truecolor => Some(Color::Rgb(r, g, b)),
        }
    }
}

/// Colour, what is behind it, and attributes.
pub(super) type Painted = (Option<Ink>, Option<Ink>, Modifier);

const BOLD: Modifier = Modifier::BOLD;
const NONE: Modifier = Modifier::empty();
const ITALIC: Modifier = Modifier::ITALIC;
const TURNED: Modifier = Modifier::BOLD.union(Modifier::REVERSED);
const BLACK: Ink = Ink(0x00_0000, 0);
const WHITE: Ink = Ink(0xff_ffff, 15);

/// How a role looks in a theme of colours; `None` for the themes that are not made of such.
pub(super) const fn painted(theme: &str, role: Role) -> Option<Painted> {
    match theme.as_bytes() {
        b"dark" => Some(dark(role)),
        b"light" => Some(light(role)),
        b"colour-blind" => Some(colour_blind(role)),
        b"high-contrast" => Some(high_contrast(role)),
        _ => None,
    }
}

const fn dark(role: Role) -> Painted {
    match role {
        Role::Plain => (None, None, NONE),
        Role::Muted => (Some(Ink(0xa8_a8a8, 7)), None, NONE),
        Role::Title => (None, None, BOLD),
        Role::Key => (Some(Ink(0x5f_d7ff, 14)), None, BOLD),
        Role::Good => (Some(Ink(0x5f_d75f, 10)), None, BOLD),
        Role::Lighter => (Some(Ink(0x87_d787, 2)), None, NONE),
        Role::Warning => (Some(Ink(0xff_d75f, 11)), None, NONE),
        Role::Danger => (Some(Ink(0xff_8787, 9)), None, BOLD),
        Role::Busy => (Some(Ink(0x5f_d7ff, 14)), None, NONE),
        Role::Stale => (Some(Ink(0xb2_b2b2, 7)), None, ITALIC),
        Role::Selected => (None, None, TURNED),
        Role::Field => (None, None, Modifier::UNDERLINED),
        Role::Line => (Some(Ink(0x80_8080, 8)), None, NONE),
        Role::Light => (Some(WHITE), Some(BLACK), NONE),
    }
}

const fn light(role: Role) -> Painted {
    match role {
        Role::Plain => (None, None, NONE),
        Role::Muted => (Some(Ink(0x58_5858, 8)), None, NONE),
        Role::Title => (None, None, BOLD),
        Role::Key => (Some(Ink(0x00_5f87, 6)), None, BOLD),
        Role::Good => (Some(Ink(0x00_5f00, 2)), None, BOLD),
        Role::Lighter => (Some(Ink(0x00_5f00, 2)), None, NONE),
        Role::Warning => (Some(Ink(0x87_5f00, 3)), None, NONE),
        Role::Danger => (Some(Ink(0xaf_0000, 1)), None, BOLD),
        Role::Busy => (Some(Ink(0x00_5faf, 4)), None, NONE),
        Role::Stale => (Some(Ink(0x58_5858, 8)), None, ITALIC),
        Role::Selected => (None, None, TURNED),
        Role::Field => (None, None, Modifier::UNDERLINED),
        Role::Line => (Some(Ink(0x76_7676, 8)), None, NONE),
        Role::Light => (Some(WHITE), Some(BLACK), NONE),
    }
}

const fn colour_blind(role: Role) -> Painted {
    match role {
        Role::Plain => (Some(Ink(0xe4_e4e4, 15)), Some(BLACK), NONE),
        Role::Muted => (Some(Ink(0xa8_a8a8, 7)), None, NONE),
        Role::Title | Role::Key => (Some(WHITE), None, BOLD),
        Role::Good => (Some(Ink(0x5f_afff, 12)), None, BOLD),
        Role::Lighter => (Some(Ink(0x87_afff, 6)), None, NONE),
        Role::Warning => (Some(Ink(0xff_ff87, 11)), None, NONE),
        Role::Danger => (Some(Ink(0xff_8700, 9)), None, BOLD),
        Role::Busy => (Some(WHITE), None, NONE),
        Role::Stale => (Some(Ink(0xb2_b2b2, 7)), None, ITALIC),
        Role::Selected => (Some(WHITE), None, TURNED),
        Role::Field => (Some(WHITE), None, Modifier::UNDERLINED),
        Role::Line => (Some(Ink(0x80_8080, 8)), None, NONE),
        Role::Light => (Some(WHITE), Some(BLACK), NONE),
    }
}

const fn high_contrast(role: Role) -> Painted {
    match role {
        Role::Plain | Role::Light => (Some(WHITE), Some(BLACK), NONE),
        Role::Muted => (Some(Ink(0xd0_d0d0, 7)), None, NONE),
        Role::Title => (Some(WHITE), None, BOLD),
        Role::Key => (Some(Ink(0x5f_ffff, 14)), None, BOLD),
        Role::Good => (Some(Ink(0x5f_ff5f, 10)), None, BOLD),
        Role::Lighter => (Some(Ink(0xaf_ffaf, 10)), None, NONE),
        Role::Warning => (Some(Ink(0xff_ff5f, 11)), None, BOLD),
        Role::Danger => (Some(Ink(0xff_afaf, 9)), None, TURNED),
        Role::Busy => (Some(Ink(0x5f_ffff, 14)), None, NONE),
        Role::Stale => (Some(Ink(0xd0_d0d0, 7)), None, ITALIC),
        Role::Selected => (Some(WHITE), None, TURNED),
        Role::Field => (Some(WHITE), None, Modifier::BOLD.union(Modifier::UNDERLINED)),
        Role::Line => (Some(WHITE), None, NONE),
    }
}

/// The terminal's own sixteen colours, so that light and dark terminals both stay readable.
pub(super) const fn terminal(role: Role) -> Style {
    let plain = Style::new();
    match role {
        Role::Plain => plain,
        Role::Muted | Role::Line => plain.fg(Color::DarkGray),
        Role::Stale => plain.fg(Color::DarkGray).add_modifier(ITALIC),
        Role::Title => plain.add_modifier(BOLD),
        Role::Key => plain.fg(Color::Cyan).add_modifier(BOLD),
        Role::Good => plain.fg(Color::Green).add_modifier(BOLD),
        Role::Lighter => plain.fg(Color::Green),
        Role::Warning => plain.fg(Color::Yellow),
        Role::Danger => plain.fg(Color::Red).add_modifier(BOLD),
        Role::Busy => plain.fg(Color::Cyan),
        Role::Selected => plain.add_modifier(TURNED),
        Role::Field => plain.add_modifier(Modifier::UNDERLINED),
        // Whatever the terminal's own colours are: what is drawn must be the lighter one.
        Role::Light => plain.fg(Color::White).bg(Color::Black),
    }
}

/// Bold, dim and reverse only.
pub(super) const fn monochrome(role: Role) -> Style {
    let plain = Style::new();
    match role {
        Role::Title | Role::Key | Role::Warning => plain.add_modifier(BOLD),
        Role::Danger | Role::Selected => plain.add_modifier(TURNED),
        Role::Muted | Role::Stale | Role::Line => plain.add_modifier(Modifier::DIM),
        Role::Field => plain.add_modifier(Modifier::UNDERLINED),
        Role::Plain | Role::Good | Role::Lighter | Role::Busy | Role::Light => plain,
    }
}

/// How a role looks in the theme of that name, with so many colours.
pub(super) fn style(theme: &str, role: Role, depth: Depth) -> Style {
    if depth == Depth::None {
        return monochrome(role);
    }
    match painted(theme, role) {
        Some((ink, behind, modifier)) => Style {
            fg: ink.and_then(|ink| ink.told(depth)),
            bg: behind.and_then(|ink| ink.told(depth)),
            ..Style::new().add_modifier(modifier)
        },
        None if theme == "monochrome" => monochrome(role),
        None => terminal(role),
    }
}

#[cfg(test)]
#[path = "contrast.rs"]
mod contrast;
