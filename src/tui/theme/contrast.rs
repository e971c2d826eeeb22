//! Whether the themes can be read: contrasts as WCAG 2.2 reckons them, and colours as eyes see them that lack a kind of
//! cone.

use super::{super::ROLES, *};

/// Backgrounds that a theme is made for: the usual ones, and the one that is hardest.
fn backgrounds(theme: &str) -> &'static [colour::Rgb] {
    match theme {
        "light" => &[[255, 255, 255], [253, 246, 227], [238, 238, 238]],
        "dark" => &[[0, 0, 0], [30, 30, 30], [40, 44, 52]],
        _ => &[[0, 0, 0]],
    }
}

fn linear(channel: u8) -> f64 {
    let value = f64::from(channel) / 255.0;
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

fn luminance(rgb: colour::Rgb) -> f64 {
    let [r, g, b] = rgb.map(linear);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn contrast(one: colour::Rgb, other: colour::Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// What somebody sees without the cones for long waves (protanopia) or middle ones (deuteranopia): Viénot, Brettel and
/// Mollon 1999, in linear light.
fn seen(rgb: colour::Rgb, matrix: [[f64; 3]; 3]) -> [f64; 3] {
    let linear = rgb.map(linear);
    matrix.map(|row| row.iter().zip(linear).map(|(factor, value)| factor * value).sum::<f64>().clamp(0.0, 1.0))
}

const FULL: [[f64; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
const PROTAN: [[f64; 3]; 3] = [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]];
const DEUTAN: [[f64; 3]; 3] = [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]];

/// CIE L*a*b* under D65.
fn lab(linear: [f64; 3]) -> [f64; 3] {
    const WHITE: [([f64; 3], f64); 3] =
        [([0.4124, 0.3576, 0.1805], 0.950_47), ([0.2126, 0.7152, 0.0722], 1.0), ([0.0193, 0.1192, 0.9505], 1.088_83)];
    let [red, light, blue] = WHITE.map(|(row, white)| {
        let share = row.iter().zip(linear).map(|(factor, value)| factor * value).sum::<f64>() / white;
        if share > 0.008_856 { share.cbrt() } else { 7.787 * share + 16.0 / 116.0 }
    });
    [116.0 * light - 16.0, 500.0 * (red - light), 200.0 * (light - blue)]
}

/// CIE 1976: 2.3 is just seen side by side, 20 is another colour to anybody.
fn difference(one: colour::Rgb, other: colour::Rgb, eyes: [[f64; 3]; 3]) -> f64 {
    let (one, other) = (lab(seen(one, eyes)), lab(seen(other, eyes)));
    one.iter().zip(other).map(|(one, other)| (one - other).powi(2)).sum::<f64>().sqrt()
}

/// Each theme's colours as a depth shows them.
fn inks(theme: &str, role: Role, depth: Depth) -> Option<(colour::Rgb, Option<colour::Rgb>)> {
    let (ink, behind, _) = painted(theme, role)?;
    let shown = |ink: Ink| match depth {
        Depth::TwoHundredFiftySix => colour::shown(colour::nearest_of_256(ink.rgb())),
        _ => ink.rgb(),
    };
    Some((shown(ink?), behind.map(shown)))
}

const THEMES: [&str; 4] = ["dark", "light", "colour-blind", "high-contrast"];
const DEPTHS: [Depth; 2] = [Depth::Truecolor, Depth::TwoHundredFiftySix];

#[test]
fn every_role_can_be_read_on_the_backgrounds_that_its_theme_is_made_for() {
    for (theme, depth) in THEMES.iter().flat_map(|theme| DEPTHS.map(|depth| (*theme, depth))) {
        for role in ROLES {
            let Some((ink, behind)) = inks(theme, role, depth) else { continue };
            // Lines are no text (WCAG 1.4.11).
            let least = match (theme, role) {
                ("high-contrast", _) => 7.0,
                (_, Role::Line) => 3.0,
                _ => 4.5,
            };
            for background in behind.as_slice().iter().chain(backgrounds(theme).iter().filter(|_| behind.is_none())) {
                let found = contrast(ink, *background);
                assert!(found >= least, "{theme}, {role:?} on {background:?}: {found:.2}, and {least} is wanted");
            }
        }
    }
}

#[test]
fn themes_with_a_background_of_their_own_name_every_colour() {
    for theme in ["colour-blind", "high-contrast"] {
        let behind = painted(theme, Role::Plain).and_then(|(_, behind, _)| behind).map(Ink::rgb);
        assert_eq!(behind, Some(backgrounds(theme)[0]));
        assert!(ROLES.iter().all(|role| inks(theme, *role, Depth::Truecolor).is_some()), "{theme}");
    }
}

#[test]
fn good_warning_and_danger_differ_for_eyes_that_do_not_tell_red_from_green() {
    let signs = [Role::Good, Role::Warning, Role::Danger];
    for (eyes, who) in [(FULL, "all cones"), (PROTAN, "protanopia"), (DEUTAN, "deuteranopia")] {
        for depth in DEPTHS {
            for (one, other) in
                signs.iter().enumerate().flat_map(|(at, one)| signs[at + 1..].iter().map(move |o| (one, o)))
            {
                let ink = |role: Role| inks("colour-blind", role, depth).map(|(ink, _)| ink);
                let (Some(first), Some(second)) = (ink(*one), ink(*other)) else {
                    panic!("{one:?} and {other:?} have colours")
                };
                let found = difference(first, second, eyes);
                assert!(found >= 30.0, "{who}: {one:?} and {other:?} differ by {found:.1}");
            }
        }
    }
}

/// The reason for that theme: the others' good and danger are the same to many.
#[test]
fn the_check_for_such_eyes_can_fail() {
    let (green, red) = ([0, 175, 0], [215, 95, 0]);
    assert!(difference(green, red, FULL) > 80.0);
    assert!(difference(green, red, DEUTAN) < 30.0, "{}", difference(green, red, DEUTAN));
}

#[test]
fn without_colour_no_theme_has_any_and_what_matters_still_stands_out() {
    for theme in NAMES {
        for role in ROLES {
            let style = style(theme, role, Depth::None);
            assert_eq!((style.fg, style.bg), (None, None), "{theme} {role:?}");
        }
        let looks = [Role::Plain, Role::Danger, Role::Warning, Role::Muted, Role::Field]
            .map(|role| style(theme, role, Depth::None).add_modifier);
        for (at, look) in looks.iter().enumerate() {
            assert!(!looks[..at].contains(look), "{theme}: two of these look the same: {looks:?}");
        }
    }
}

#[test]
fn sixteen_colours_are_sixteen() {
    for (theme, role) in NAMES.iter().flat_map(|theme| ROLES.map(|role| (*theme, role))) {
        let style = style(theme, role, Depth::Sixteen);
        for colour in [style.fg, style.bg].into_iter().flatten() {
            assert!(!matches!(colour, Color::Rgb(..) | Color::Indexed(16..)), "{theme} {role:?}: {colour:?}");
        }
    }
}
