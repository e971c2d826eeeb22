//! Names of every script, in every pane that shows strangers' words: they stay in their own cells, and nothing beside them
//! moves.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod screen;

use daochain::{app::Key, domain::text::clean, tui::theme::Theme};
use ratatui::{buffer::Buffer, style::Style, text::Span};
use screen::{Play, account, accounts, draw, endpoint, endpoints};
use unicode_width::UnicodeWidthStr as _;

/// Letters of two columns, joined emoji, marks that combine, and letters that are read from right to left.
const NAMES: [&str; 8] =
    ["东京の鍵", "한국어 이름", "👩‍💻 ops", "👍🏽🇩🇪", "e\u{301}\u{323}quipe", "ראשי 12", "المفتاح الأول", "नमस्ते"];

/// What the letters of a name take, one by one.
fn columns(name: &str) -> usize {
    Span::raw(name).styled_graphemes(Style::new()).map(|letter| letter.symbol.width()).sum()
}

/// The panes that show an account's label or a peer's name, at this size.
fn shown(name: &str, (width, height): (u16, u16), theme: Theme) -> Vec<Buffer> {
    let name = clean(name);
    let play = Play::ready(width, height);
    let mut own = account(1, true, 9998);
    own.label = Some(name.clone());
    let play = play.tell(accounts(vec![own, account(2, false, 0)]));
    let mut panes = vec![draw(&play.model, theme)];
    let play = play.keys("3");
    panes.push(draw(&play.model, theme));
    let mut one = endpoint("https://rpc.one.example", 11_155_111, 9_204_512, 1);
    one.peers.as_mut().expect("it tells of peers")[0].name.clone_from(&name);
    one.status.client = Some(name);
    let play = play.keys("5").tell(endpoints("sepolia", None, 1, vec![one])).key(Key::PageDown);
    panes.push(draw(&play.model, theme));
    panes
}

/// Which cells of a row hold the name, or what is left of it: three `x` at least, and the mark of a cut.
fn name_cells(row: &str) -> Vec<bool> {
    let chars: Vec<char> = row.chars().collect();
    let run = |at: usize| chars[at..].iter().take_while(|c| **c == 'x').count();
    let mut cells = vec![false; chars.len()];
    let mut at = 0;
    while at < chars.len() {
        let length = run(at);
        if length >= 3 {
            let cut = usize::from(matches!(chars.get(at + length), Some('…' | '~')));
            cells[at..at + length + cut].fill(true);
        }
        at += length.max(1);
    }
    cells
}

#[test]
fn a_name_moves_nothing_beside_it() {
    for name in NAMES {
        let width = columns(&clean(name));
        let plain = "x".repeat(width);
        for size in [(80, 24), (120, 40), (200, 60)] {
            for theme in [Theme::COLOUR, Theme::COLOUR.in_ascii(), Theme::COLOUR.on_a_console()] {
                let (with, without) = (shown(name, size, theme), shown(&plain, size, theme));
                let mut seen = 0;
                for (with, without) in with.iter().zip(&without) {
                    for y in 0..size.1 {
                        let row: String = (0..size.0).map(|x| without[(x, y)].symbol()).collect();
                        // The name may be cut.
                        let names: Vec<bool> = name_cells(&row);
                        seen += names.iter().filter(|is_name| **is_name).count();
                        let is_name = |x: usize| names[x];
                        for x in (0..size.0).filter(|x| !is_name(usize::from(*x))) {
                            let (one, other) = (with[(x, y)].symbol(), without[(x, y)].symbol());
                            assert_eq!(one, other, "{name} at {size:?}: column {x} of row {y}: {row}");
                        }
                    }
                }
                assert!(seen > 0, "no pane at {size:?} shows the name");
            }
        }
    }
}

#[test]
fn every_cell_holds_one_letter_of_its_own_width() {
    for name in NAMES {
        for buffer in shown(name, (80, 24), Theme::COLOUR) {
            for y in 0..24 {
                let mut x = 0;
                while x < 80 {
                    let symbol = buffer[(x, y)].symbol();
                    assert!(!symbol.chars().any(char::is_control), "{symbol:?}");
                    assert!(symbol.chars().count() <= 6, "{symbol:?} piles up");
                    let turned = symbol.chars().any(|c| matches!(c, '\u{590}'..='\u{8ff}'));
                    assert_eq!(turned, symbol.contains('\u{200e}'), "{symbol:?} may move on a terminal that reorders");
                    x += u16::try_from(symbol.width().max(1)).unwrap();
                }
                assert_eq!(x, 80, "the last letter stays on the screen");
            }
        }
    }
}
