//! Two images' layers in two columns, and the files of those that differ.
//!
//! ```text
//!    here                                 │ released
//!  = 9f2c61d0…  72.1 MB  FROM debian      │ 9f2c61d0…  72.1 MB  FROM debian
//!  ≠ 51aa07be…  12.3 MB  COPY app /srv    │ 0b12f3aa…  12.2 MB  COPY app /srv
//!  + 77c3…      4.00 kB  RUN chmod u+s …  │
//! ```

use unicode_width::UnicodeWidthChar as _;

use super::{Case, Section, Tone};
use crate::domain::{
    compare::{Comparison, FileChanges, LayerPart, Origin, Pair, ParameterChange, shown_path},
    text::{clean, count, size},
    verdict::Conclusion,
};

/// Columns of a layer's digest, of its size, and the least that is left to its instruction.
const DIGEST: usize = 9;
const SIZE: usize = 8;
/// Layers that are listed.
const LAYERS: usize = 512;
/// Files that are listed.
const FILES: usize = 1000;

impl Case<'_> {
    /// The layers, where something is to be compared.
    pub(super) fn layers(&self) -> Option<Section> {
        let compares = |conclusion| matches!(conclusion, Conclusion::Mismatch | Conclusion::Outdated);
        match &self.comparison {
            Some(Ok(comparison)) => Some(layers_section(comparison, self.width)),
            Some(Err(problem)) if self.conclusion().is_some_and(compares) => {
                let mut section = Section::new("layers", "Layers here and released");
                section.push("", Tone::Muted, problem.clone());
                Some(section)
            }
            _ => None,
        }
    }
}

/// Both images' layers side by side, in at most `width` columns.
#[must_use]
pub fn layers_section(comparison: &Comparison, width: usize) -> Section {
    let mut section = Section::new("layers", "Layers here and released, lowest first");
    let origin = match &comparison.origin {
        Origin::Measured => "an image of it was measured here".to_owned(),
        Origin::Local(name) => format!("{} here is that image", clean(name)),
        Origin::Registry { name, manifest } => {
            format!("as {name} serves it by its digest {}, which was checked", manifest.short())
        }
    };
    let version = comparison.version.map_or_else(String::new, |version| format!("v{version}, "));
    section.push("released", Tone::Muted, format!("{version}configuration {} · {origin}", comparison.released.config));
    let pairs = comparison.pairs();
    let count = |holds: &dyn Fn(&Pair) -> bool| pairs.iter().filter(|pair| holds(pair)).count();
    let same = count(&|pair| pair.is_same(&comparison.here, &comparison.released));
    let beside = count(&|pair| pair.here.is_some() && pair.released.is_some()) - same;
    let (own, theirs) = (count(&|pair| pair.released.is_none()), count(&|pair| pair.here.is_none()));
    let (tone, words) = if same == pairs.len() {
        (Tone::Good, format!("all {same} layers are the same; only the configuration differs"))
    } else {
        (Tone::Bad, format!("{same} the same, {beside} different, {own} only here, {theirs} only released"))
    };
    section.push("layers", tone, words);
    parameters(&mut section, comparison);
    let column = width.saturating_sub(2 + 3) / 2;
    section.row(Tone::Muted, format!("  {} │ released", padded("here", column)));
    for pair in pairs.iter().take(LAYERS) {
        let (sign, tone) = match (pair.here, pair.released) {
            _ if pair.is_same(&comparison.here, &comparison.released) => ('=', Tone::Muted),
            (Some(_), Some(_)) => ('≠', Tone::Bad),
            (Some(_), None) => ('+', Tone::Caution),
            (None, _) => ('-', Tone::Caution),
        };
        let own = pair.here.and_then(|at| comparison.here.layers.get(at));
        let theirs = pair.released.and_then(|at| comparison.released.layers.get(at));
        let text = format!("{sign} {} │ {}", padded(&told(own), column), cut(&told(theirs), column));
        section.row(tone, text.trim_end());
    }
    if pairs.len() > LAYERS {
        section.push("", Tone::Muted, format!("and {} more", pairs.len() - LAYERS));
    }
    section
}

/// What differs of how containers are run.
fn parameters(section: &mut Section, comparison: &Comparison) {
    match comparison.parameters() {
        Some(changes) if changes.is_empty() => {
            section.push(
                "run",
                Tone::Plain,
                "as far as `config` says containers of both are run in the same way; the rest of the configuration differs",
            );
        }
        Some(changes) => {
            section.push("run", Tone::Bad, format!("{} of how containers are run:", differ(changes.len())));
            for ParameterChange { name, here, released } in changes {
                let side = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
                section.push("differs", Tone::Bad, format!("{name}: here {}, released {}", side(here), side(released)));
            }
        }
        None => {
            section.push("run", Tone::Muted, "how containers of one of them are run was not kept: measure it again");
        }
    }
}

fn differ(things: usize) -> String {
    format!("{} {}", count(things, "thing"), if things == 1 { "differs" } else { "differ" })
}

fn told(layer: Option<&LayerPart>) -> String {
    let Some(layer) = layer else { return String::new() };
    let digest: String = layer.diff_id.hex().chars().take(DIGEST - 1).collect();
    // What a registry stores is compressed: another number, and marked as one.
    let bytes = match (layer.bytes, layer.stored) {
        (Some(bytes), _) => size(bytes),
        (None, Some(stored)) => format!("~{}", size(stored)),
        (None, None) => "?".to_owned(),
    };
    format!("{digest}…{bytes:>width$}  {}", layer.made_by.as_deref().unwrap_or("–"), width = SIZE + 2)
}

/// What differs between the files of two layers that stand beside each other.
#[must_use]
pub fn files_section(comparison: &Comparison, pair: Pair, changes: &FileChanges) -> Section {
    let layer = pair.here.and_then(|at| comparison.here.layers.get(at));
    let layer = layer.or_else(|| pair.released.and_then(|at| comparison.released.layers.get(at)));
    let made = layer.and_then(|layer| layer.made_by.clone()).unwrap_or_else(|| "–".to_owned());
    let place = match (pair.here, pair.released) {
        (Some(own), Some(_)) => format!("layer {}", own + 1),
        (Some(own), None) => format!("layer {}, only here", own + 1),
        (None, theirs) => format!("released layer {}, not here", theirs.unwrap_or_default() + 1),
    };
    let mut section = Section::new("files", format!("Files of {place}: {made}"));
    section.push("", Tone::Plain, changes.told());
    for one in changes.changes.iter().take(FILES) {
        let tone = match one.change.sign() {
            _ if one.change.is_grave() => Tone::Bad,
            '~' => Tone::Caution,
            _ => Tone::Plain,
        };
        let grave = if one.change.is_grave() { " · RUNS AS ITS OWNER" } else { "" };
        let text = format!("{} {}  {}{grave}", one.change.sign(), shown_path(&one.path), one.change.words());
        section.push("", tone, text);
    }
    let rest = changes.total - changes.changes.len().min(FILES);
    if rest > 0 {
        section.push("", Tone::Muted, format!("and {rest} more"));
    }
    section
}

/// `text` in at most so many columns, with a mark where it was cut.
fn cut(text: &str, columns: usize) -> String {
    let width = |c: char| c.width().unwrap_or_default();
    if text.chars().map(width).sum::<usize>() <= columns {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |c: &char| {
        used += width(*c);
        used <= columns
    };
    let mut out: String = text.chars().take_while(fits).collect();
    out.push('…');
    out
}

fn padded(text: &str, columns: usize) -> String {
    let mut out = cut(text, columns);
    let used: usize = out.chars().map(|c| c.width().unwrap_or_default()).sum();
    out.push_str(&" ".repeat(columns.saturating_sub(used)));
    out
}
