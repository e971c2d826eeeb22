use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::*;

const SIZE: (u16, u16) = (20, 6);

fn colours() -> impl Strategy<Value = Color> {
    prop_oneof![
        3 => Just(Color::Reset),
        2 => (0u8..=255).prop_map(Color::Indexed),
        1 => (0u8..=255, 0u8..=255, 0u8..=255).prop_map(|(r, g, b)| Color::Rgb(r, g, b)),
    ]
}

fn styles() -> impl Strategy<Value = Style> {
    // Bold and dim at once are told apart by no two terminals alike.
    let attributes = [Modifier::ITALIC, Modifier::UNDERLINED, Modifier::REVERSED];
    let weights = proptest::sample::select(vec![Modifier::empty(), Modifier::BOLD, Modifier::DIM]);
    let modifiers = (weights, proptest::sample::subsequence(attributes.to_vec(), 0..3));
    (colours(), colours(), modifiers).prop_map(|(fg, bg, (weight, modifiers))| {
        let modifier = modifiers.into_iter().fold(weight, |all, one| all | one);
        Style::reset().fg(fg).bg(bg).patch(Style::new().add_modifier(modifier))
    })
}

fn texts() -> impl Strategy<Value = (u16, u16, String, Style)> {
    let text = prop_oneof![
        "[a-z ]{1,20}",
        " {1,20}",
        proptest::sample::select(vec!["東京", "✔ ok", "─│┌", "e\u{301}x", "ש\u{200e}ר\u{200e}"])
            .prop_map(str::to_owned)
    ];
    (0..SIZE.0, 0..SIZE.1, text, styles())
}

fn seen(colour: vt100::Color) -> Color {
    match colour {
        vt100::Color::Default => Color::Reset,
        vt100::Color::Idx(number) => Color::Indexed(number),
        vt100::Color::Rgb(r, g, b) => Color::Rgb(r, g, b),
    }
}

/// What of a cell can be seen.
fn visible(cell: &vt100::Cell) -> (String, Color, Option<Color>, Modifier) {
    let mut modifier = Modifier::empty();
    for (on, one) in [
        (cell.bold(), Modifier::BOLD),
        (cell.dim(), Modifier::DIM),
        (cell.italic(), Modifier::ITALIC),
        (cell.underline(), Modifier::UNDERLINED),
        (cell.inverse(), Modifier::REVERSED),
    ] {
        modifier.set(one, on);
    }
    let symbol = if cell.has_contents() { cell.contents() } else { " " };
    strip(symbol, seen(cell.bgcolor()), seen(cell.fgcolor()), modifier)
}

fn strip(symbol: &str, bg: Color, fg: Color, modifier: Modifier) -> (String, Color, Option<Color>, Modifier) {
    let symbol = symbol.trim_end_matches('\u{200e}').to_owned();
    if symbol != " " || modifier.contains(Modifier::REVERSED) {
        return (symbol, bg, Some(fg), modifier);
    }
    let underlined = modifier.contains(Modifier::UNDERLINED);
    (symbol, bg, underlined.then_some(fg), if underlined { modifier } else { Modifier::empty() })
}

proptest! {
    #[test]
    fn what_a_terminal_shows_is_what_was_drawn(frames in proptest::collection::vec(proptest::collection::vec(texts(), 0..8), 1..6)) {
        let area = Rect::new(0, 0, SIZE.0, SIZE.1);
        let mut terminal = vt100::Parser::new(SIZE.1, SIZE.0, 0);
        let mut pen = Pen { columns: SIZE.0, ..Pen::default() };
        let mut before = Buffer::empty(area);
        for frame in frames {
            let mut after = Buffer::empty(area);
            for (x, y, text, style) in frame {
                after.set_stringn(x, y, text, usize::from(SIZE.0 - x), style);
            }
            let mut out = Vec::new();
            pen.draw(&mut out, before.diff(&after).into_iter());
            terminal.process(&out);
            for y in 0..SIZE.1 {
                let mut x = 0;
                while x < SIZE.0 {
                    let (Some(shown), cell) = (terminal.screen().cell(y, x), &after[(x, y)]) else { panic!("a cell") };
                    let wanted = strip(cell.symbol(), cell.bg, cell.fg, cell.modifier);
                    prop_assert_eq!(visible(shown), wanted, "{},{} of {:?}", x, y, String::from_utf8_lossy(&out));
                    x += u16::try_from(cell.symbol().width().max(1)).unwrap_or(1);
                }
            }
            before = after;
        }
    }
}

fn drawn(pen: &mut Pen, cells: &[(u16, u16, &str, Style)]) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
    for (x, y, text, style) in cells {
        buffer.set_string(*x, *y, text, *style);
    }
    let touched = cells.iter().flat_map(|(x, y, text, _)| {
        let width = u16::try_from(text.width()).unwrap_or_default();
        (*x..x + width).map(|x| (x, *y))
    });
    let touched: Vec<(u16, u16)> = touched.collect();
    let mut out = Vec::new();
    pen.draw(&mut out, touched.iter().map(|(x, y)| (*x, *y, &buffer[(*x, *y)])));
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn the_shortest_way_is_taken_and_a_style_is_told_once() {
    let mut pen = Pen { columns: 80, ..Pen::default() };
    let (plain, bold) = (Style::new(), Style::new().add_modifier(Modifier::BOLD).fg(Color::Cyan));
    assert_eq!(drawn(&mut pen, &[(3, 3, "ab", plain)]), "\u{1b}[4;4H\u{1b}[mab");
    assert_eq!(drawn(&mut pen, &[(5, 3, "c", plain)]), "c", "it goes on where it was");
    assert_eq!(drawn(&mut pen, &[(0, 4, "d", plain), (8, 4, "e", plain)]), "\r\nd\u{1b}[7Ce");
    assert_eq!(drawn(&mut pen, &[(8, 5, "f", bold), (11, 5, "g", bold)]), "\n\u{8}\u{1b}[1;36mf\u{1b}[2Cg");
    assert_eq!(drawn(&mut pen, &[(12, 5, "  x", plain)]), "  \u{1b}[mx");
    assert_eq!(drawn(&mut pen, &[(0, 0, "y", plain)]), "\u{1b}[Hy");
    let bright = Style::new().fg(Color::DarkGray).bg(Color::Indexed(20));
    assert_eq!(drawn(&mut pen, &[(1, 0, "z", bright)]), "\u{1b}[90;48;5;20mz");
}

#[test]
fn behind_what_terminals_disagree_on_the_way_is_told_in_full() {
    let mut pen = Pen { columns: 80, ..Pen::default() };
    let plain = Style::new();
    assert_eq!(drawn(&mut pen, &[(0, 0, "✔a", plain)]), "\u{1b}[H\u{1b}[m✔\u{1b}[1;2Ha");
    assert_eq!(drawn(&mut pen, &[(79, 1, "x", plain), (0, 2, "y", plain)]), "\n\u{1b}[77Cx\u{1b}[3Hy");
}

#[test]
fn what_stands_between_two_cells_is_written_again_where_that_is_shorter() {
    let mut pen = Pen { columns: 80, ..Pen::default() };
    let (plain, bold) = (Style::new(), Style::new().add_modifier(Modifier::BOLD));
    assert_eq!(drawn(&mut pen, &[(0, 0, "0123456789", plain)]), "\u{1b}[H\u{1b}[m0123456789");
    assert_eq!(drawn(&mut pen, &[(0, 0, "a", plain), (2, 0, "b", plain), (7, 0, "c", plain)]), "\ra1b\u{1b}[4Cc");
    assert_eq!(drawn(&mut pen, &[(0, 1, "x y", bold)]), "\r\n\u{1b}[1mx y");
    assert_eq!(
        drawn(&mut pen, &[(0, 1, "a", plain), (3, 1, "b", plain)]),
        "\r\u{1b}[ma\u{1b}[2Cb",
        "bold is not plain"
    );
    pen.forget();
    assert_eq!(drawn(&mut pen, &[(0, 0, "a", plain), (2, 0, "b", plain)]), "\u{1b}[H\u{1b}[ma\u{1b}[Cb");
}

#[test]
fn the_blank_rest_of_a_line_is_erased() {
    let mut pen = Pen { columns: 80, ..Pen::default() };
    let plain = Style::new();
    assert_eq!(drawn(&mut pen, &[(70, 0, "a         ", plain)]), "\u{1b}[1;71H\u{1b}[ma\u{1b}[K");
    let turned = plain.add_modifier(Modifier::REVERSED);
    assert_eq!(
        drawn(&mut pen, &[(60, 1, "r", turned), (61, 1, &" ".repeat(19), plain)]),
        "\n\u{1b}[11D\u{1b}[7mr\u{1b}[m\u{1b}[K"
    );
    assert!(!drawn(&mut pen, &[(60, 2, "          ", plain)]).contains("\u{1b}[K"), "what stands behind it stays");
}
