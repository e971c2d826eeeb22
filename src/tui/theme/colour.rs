//! Colours on terminals that have fewer of them.

use ratatui::style::Color;

use crate::config::{Colour, Depth};

/// Red, green, blue.
pub(super) type Rgb = [u8; 3];

/// The steps of the 6×6×6 cube that xterm and its heirs have at 16 to 231. Their greys from 232 to 255 are 8, 18 … 238.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// What xterm shows for the first sixteen where the user did not choose others.
const SIXTEEN: [Rgb; 16] = [
    [0, 0, 0],
    [205, 0, 0],
    [0, 205, 0],
    [205, 205, 0],
    [0, 0, 238],
    [205, 0, 205],
    [0, 205, 205],
    [229, 229, 229],
    [127, 127, 127],
    [255, 0, 0],
    [0, 255, 0],
    [255, 255, 0],
    [92, 92, 255],
    [255, 0, 255],
    [0, 255, 255],
    [255, 255, 255],
];

/// What one of the 256 looks like.
pub(super) fn shown(number: u8) -> Rgb {
    match number {
        0..=15 => SIXTEEN[usize::from(number)],
        16..=231 => {
            let at = usize::from(number - 16);
            [STEPS[at / 36], STEPS[at / 6 % 6], STEPS[at % 6]]
        }
        _ => [8 + 10 * (number - 232); 3],
    }
}

/// The nearest of the 256. The first sixteen are left out: every user's are others.
pub(super) fn nearest_of_256(rgb: Rgb) -> u8 {
    nearest(rgb, 16..=255)
}

/// Between its channels a colour that has a hue differs by more than this.
const GREY: u8 = 48;

/// The nearest of the sixteen. What a colour means is its hue: a pale red is nearer to grey than to any red, and still red.
pub(super) fn nearest_of_16(rgb: Rgb) -> u8 {
    let [r, g, b] = rgb;
    let (least, most) = (r.min(g).min(b), r.max(g).max(b));
    if most - least <= GREY {
        return nearest(rgb, [0, 7, 8, 15].into_iter());
    }
    // The terminals' numbers have a bit for each of the three.
    let strong = |channel: u8| u8::from(channel - least > (most - least) / 2);
    let hue = strong(r) | strong(g) << 1 | strong(b) << 2;
    if most > BRIGHT { hue + 8 } else { hue }
}

/// What is no brighter than xterm's first eight is one of them.
const BRIGHT: u8 = 205;

fn nearest(rgb: Rgb, among: impl Iterator<Item = u8>) -> u8 {
    among.min_by_key(|number| distance(rgb, shown(*number))).unwrap_or_default()
}

/// How different two colours look, roughly: the eye sees green best and blue worst, and how well it sees red and blue
/// depends on how much red there is ("redmean", compuphase.com/cmetric.htm).
fn distance(one: Rgb, other: Rgb) -> u32 {
    let mean = u32::midpoint(u32::from(one[0]), u32::from(other[0]));
    let [r, g, b] = std::array::from_fn(|at| u32::from(one[at].abs_diff(other[at])).pow(2));
    (512 + mean) * r + 1024 * g + (767 - mean) * b
}

/// The colour as a terminal of this depth is told it; `None` where there are no colours.
pub(super) fn told(colour: Colour, depth: Depth) -> Option<Color> {
    let named = |number: u8| Color::Indexed(number);
    match (colour, depth) {
        (_, Depth::None) => None,
        (Colour::Default, _) => Some(Color::Reset),
        (Colour::Rgb(r, g, b), Depth::Truecolor) => Some(Color::Rgb(r, g, b)),
        (Colour::Rgb(r, g, b), Depth::TwoHundredFiftySix) => Some(named(nearest_of_256([r, g, b]))),
        (Colour::Rgb(r, g, b), Depth::Sixteen) => Some(named(nearest_of_16([r, g, b]))),
        (Colour::Number(number @ 16..), Depth::Sixteen) => Some(named(nearest_of_16(shown(number)))),
        (Colour::Number(number), _) => Some(named(number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_of_cube_and_greys_is_its_own_nearest() {
        for number in 16..=255 {
            let again = nearest_of_256(shown(number));
            assert_eq!(shown(again), shown(number), "{number} became {again}");
        }
    }

    #[test]
    fn a_hue_stays_that_hue() {
        for (rgb, of_256, of_16) in [
            ([255, 135, 135], 210, 9),
            ([95, 215, 95], 77, 10),
            ([255, 215, 95], 221, 11),
            ([0, 0, 200], 20, 4),
            ([160, 160, 160], 247, 8),
            ([250, 250, 250], 231, 15),
            ([5, 5, 5], 232, 0),
        ] {
            assert_eq!((nearest_of_256(rgb), nearest_of_16(rgb)), (of_256, of_16), "{rgb:?}");
        }
    }

    #[test]
    fn each_depth_is_told_what_it_knows() {
        let orange = Colour::Rgb(255, 135, 0);
        assert_eq!(told(orange, Depth::Truecolor), Some(Color::Rgb(255, 135, 0)));
        assert_eq!(told(orange, Depth::TwoHundredFiftySix), Some(Color::Indexed(208)));
        assert!(matches!(told(orange, Depth::Sixteen), Some(Color::Indexed(..16))));
        assert!(matches!(told(Colour::Number(208), Depth::Sixteen), Some(Color::Indexed(..16))));
        assert_eq!(told(Colour::Number(208), Depth::Truecolor), Some(Color::Indexed(208)));
        assert_eq!(told(Colour::Default, Depth::Sixteen), Some(Color::Reset));
        assert_eq!(told(orange, Depth::None), None);
    }
}
