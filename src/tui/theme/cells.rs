//! Names of every script stay in the cells that they were given.

use proptest::prelude::*;
use ratatui::layout::Rect;

use super::*;

const NAMES: [&str; 9] = [
    "größe",
    "东京/图像",
    "한국어",
    "e\u{301}\u{323}clair",
    "👍🏽 ok 🇩🇪",
    "שרת-ראשי",
    "خادم/الويب",
    "Z\u{334}\u{335}\u{336}\u{337}\u{338}\u{339}\u{33a}\u{33b}\u{33c}algo",
    "नमस्ते",
];

fn finished(text: &str, theme: Theme) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 24, 1));
    buffer.set_stringn(0, 0, text, 12, Style::new());
    buffer.set_string(14, 0, "310 MB", Style::new());
    theme.finish(&mut buffer);
    buffer
}

/// The cells from the 14th on.
fn neighbour(buffer: &Buffer) -> String {
    buffer.content[14..20].iter().map(Cell::symbol).collect()
}

#[test]
fn the_cells_beside_a_name_are_never_touched() {
    for name in NAMES {
        for theme in [Theme::COLOUR, Theme::COLOUR.in_ascii(), Theme::COLOUR.on_a_console()] {
            let buffer = finished(name, theme);
            assert_eq!(neighbour(&buffer), "310 MB", "{name}");
        }
    }
}

#[test]
fn every_letter_that_is_read_from_right_to_left_is_held_in_its_cell() {
    for name in ["שרת-ראשי", "خادم/الويب"] {
        let buffer = finished(name, Theme::COLOUR);
        let mut held = 0;
        for cell in buffer.content.iter().filter(|cell| cell.symbol().chars().any(is_right_to_left)) {
            assert!(cell.symbol().ends_with(LEFT_TO_RIGHT), "{:?}", cell.symbol());
            assert_eq!(cell.symbol().width(), 1, "the mark takes no column");
            held += 1;
        }
        assert_eq!(held, name.chars().filter(|c| is_right_to_left(*c)).count(), "{name}");
    }
}

#[test]
fn marks_do_not_pile_up() {
    let buffer = finished(NAMES[7], Theme::COLOUR);
    assert_eq!(buffer.content[0].symbol().chars().count(), 1 + MARKS);
    assert_eq!(
        finished("e\u{301}\u{323}", Theme::COLOUR).content[0].symbol(),
        "e\u{301}\u{323}",
        "a letter keeps its own"
    );
}

#[test]
fn a_console_gets_one_column_and_its_own_fonts_characters() {
    let buffer = finished("✔ ▌ 东 größe ЖΩ…", Theme::COLOUR.on_a_console());
    let shown: String = buffer.content.iter().map(Cell::symbol).collect();
    assert_eq!(shown.trim_end(), "+ █ ?  größe  310 MB");
    for c in (' '..='\u{ffff}').map(on_a_console) {
        assert!(c < '\u{530}' || matches!(c, '\u{2022}' | '\u{2190}'..='\u{2193}' | '\u{2500}'..='\u{25ff}'), "{c:?}");
    }
}

proptest! {
    #[test]
    fn whatever_is_drawn_keeps_its_columns(text in "\\PC{0,40}") {
        let before = {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 24, 1));
            buffer.set_stringn(0, 0, &text, 24, Style::new());
            buffer
        };
        for theme in [Theme::COLOUR, Theme::COLOUR.in_ascii(), Theme::COLOUR.on_a_console()] {
            let mut after = before.clone();
            theme.finish(&mut after);
            for (old, new) in before.content.iter().zip(&after.content) {
                let (old, new) = (old.symbol(), new.symbol());
                let width = new.width();
                prop_assert!(width == old.width() || width == 1, "{old:?} became {new:?}");
                if theme == Theme::COLOUR.in_ascii() {
                    prop_assert!(new.is_ascii());
                }
                prop_assert!(new.chars().count() <= 2 + MARKS);
            }
        }
    }
}
