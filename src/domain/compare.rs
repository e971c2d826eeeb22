//! Two images side by side: which layers they share, and which stand where others should.
//!
//! ```text
//! here      a  b  c  d       pairs: a=a  b=b  c≠x (made by the same instruction)  d=d
//! released  a  b  x  d
//! ```
//!
//! A layer is its diffID. What both have in the same order is the same; between two such places the layers that the same
//! instruction made stand beside each other, then the others in their order, and what is left over stands alone.

mod files;
mod parameters;

use serde::{Deserialize, Serialize};

pub use files::{Change, FileChange, FileChanges, FileEntry, FileKind, LayerFiles, shown_path};
pub use parameters::{Parameter, ParameterChange};

use super::{
    digest::Digest,
    image::LocalImage,
    reference::Reference,
    verdict::{Conclusion, Verdict},
};

/// Products of two lengths up to which the longest common order is looked for: 4 MB of memory. Longer ones, of which both ends
/// that are the same are taken off before, are compared by position.
const COMPARED: usize = 1 << 20;

/// One layer of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerPart {
    /// SHA-256 of its uncompressed tar.
    pub diff_id: Digest,
    /// Bytes of that, where it was measured.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// Bytes as a registry stores it, where its manifest says so.
    #[serde(default)]
    pub stored: Option<u64>,
    /// The instruction that made it, as the configuration tells and safe to show.
    #[serde(default)]
    pub made_by: Option<String>,
}

/// What an image is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Makeup {
    /// SHA-256 of its configuration.
    pub config: Digest,
    /// `os/architecture[/variant]`, made safe to show.
    #[serde(default)]
    pub platform: Option<String>,
    /// Lowest first.
    pub layers: Vec<LayerPart>,
    /// How its containers are run, in the order of names; `None` where that was not looked at.
    #[serde(default)]
    pub parameters: Option<Vec<Parameter>>,
}

/// Layers that stand beside each other, by their positions. Never neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The image's here.
    pub here: Option<usize>,
    /// The released image's.
    pub released: Option<usize>,
}

impl Pair {
    /// True where both sides have the same content.
    #[must_use]
    pub fn is_same(self, here: &Makeup, released: &Makeup) -> bool {
        let own = self.here.and_then(|at| here.layers.get(at));
        let theirs = self.released.and_then(|at| released.layers.get(at));
        own.zip(theirs).is_some_and(|(own, theirs)| own.diff_id == theirs.diff_id)
    }
}

/// Where the released image's layers are known from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An image with its configuration was measured here at some time.
    Measured,
    /// An image that is here, under this name.
    Local(String),
    /// A registry serves it.
    Registry {
        /// The repository.
        name: String,
        /// The manifest's digest, which its bytes have.
        manifest: Digest,
    },
}

/// What is to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The image.
    pub image: LocalImage,
    /// Its name.
    pub reference: Reference,
    /// The release's digests, as a verdict [tells](Verdict::expected) them.
    pub expected: Vec<Digest>,
    /// The release's version.
    pub version: Option<u32>,
}

impl Question {
    /// Of an image whose verdict leaves something to be compared.
    #[must_use]
    pub fn of(image: &LocalImage, reference: &Reference, verdict: &Verdict) -> Option<Self> {
        let compares = matches!(verdict.conclusion, Conclusion::Mismatch | Conclusion::Outdated);
        (compares && verdict.problem.is_none() && !verdict.expected.is_empty()).then(|| Self {
            image: image.clone(),
            reference: reference.clone(),
            expected: verdict.expected.clone(),
            version: verdict.current_version,
        })
    }
}

/// An image and the released one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The image.
    pub here: Makeup,
    /// The released one, for the same platform.
    pub released: Makeup,
    /// The release's version, where it is known.
    pub version: Option<u32>,
    /// Where the released one's layers are known from.
    pub origin: Origin,
}

impl Comparison {
    /// The layers of both, side by side.
    #[must_use]
    pub fn pairs(&self) -> Vec<Pair> {
        pairs(&self.here, &self.released)
    }

    /// What differs of how containers are run; `None` where one side was not looked at.
    #[must_use]
    pub fn parameters(&self) -> Option<Vec<ParameterChange>> {
        let (here, released) = self.here.parameters.as_ref().zip(self.released.parameters.as_ref())?;
        Some(parameters::changes(here, released))
    }

    /// Those that are not the same.
    #[must_use]
    pub fn different(&self) -> Vec<Pair> {
        self.pairs().into_iter().filter(|pair| !pair.is_same(&self.here, &self.released)).collect()
    }
}

/// The layers of both, side by side, lowest first.
#[must_use]
pub fn pairs(here: &Makeup, released: &Makeup) -> Vec<Pair> {
    let mut out = Vec::with_capacity(here.layers.len().max(released.layers.len()));
    let same = |own: &LayerPart, theirs: &LayerPart| own.diff_id == theirs.diff_id;
    between((&here.layers, 0), (&released.layers, 0), &[&same, &made_alike], &mut out);
    out
}

fn made_alike(own: &LayerPart, theirs: &LayerPart) -> bool {
    own.made_by.is_some() && own.made_by == theirs.made_by
}

/// A part of an image's layers, and where it begins.
type Part<'l> = (&'l [LayerPart], usize);
type Likeness<'l> = &'l dyn Fn(&LayerPart, &LayerPart) -> bool;

/// Pairs by the first likeness, and what is between those pairs by the next; what is alike in no way by position.
fn between((own, own_at): Part<'_>, (theirs, their_at): Part<'_>, likenesses: &[Likeness<'_>], out: &mut Vec<Pair>) {
    let Some((alike, rest)) = likenesses.split_first() else {
        for at in 0..own.len().max(theirs.len()) {
            out.push(Pair {
                here: (at < own.len()).then_some(own_at + at),
                released: (at < theirs.len()).then_some(their_at + at),
            });
        }
        return;
    };
    let (mut own_done, mut their_done) = (0, 0);
    let ends = std::iter::once((own.len(), theirs.len()));
    for (own_next, their_next) in common(own, theirs, *alike).into_iter().chain(ends) {
        between(
            (&own[own_done..own_next], own_at + own_done),
            (&theirs[their_done..their_next], their_at + their_done),
            rest,
            out,
        );
        if own_next < own.len() && their_next < theirs.len() {
            out.push(Pair { here: Some(own_at + own_next), released: Some(their_at + their_next) });
        }
        (own_done, their_done) = (own_next + 1, their_next + 1);
    }
}

/// The longest row of pairs that are alike and in the same order on both sides.
fn common(own: &[LayerPart], theirs: &[LayerPart], alike: Likeness<'_>) -> Vec<(usize, usize)> {
    let shorter = own.len().min(theirs.len());
    let front = (0..shorter).take_while(|at| alike(&own[*at], &theirs[*at])).count();
    let back =
        (0..shorter - front).take_while(|at| alike(&own[own.len() - 1 - at], &theirs[theirs.len() - 1 - at])).count();
    let (rows, columns) = (own.len() - front - back, theirs.len() - front - back);
    let mut found: Vec<_> = (0..front).map(|at| (at, at)).collect();
    if rows > 0 && columns > 0 && (rows + 1) * (columns + 1) <= COMPARED {
        // lengths[row][column]: the longest from there to the end.
        let width = columns + 1;
        let mut lengths = vec![0_u32; (rows + 1) * width];
        for row in (0..rows).rev() {
            for column in (0..columns).rev() {
                lengths[row * width + column] = if alike(&own[front + row], &theirs[front + column]) {
                    lengths[(row + 1) * width + column + 1] + 1
                } else {
                    lengths[(row + 1) * width + column].max(lengths[row * width + column + 1])
                };
            }
        }
        let (mut row, mut column) = (0, 0);
        while row < rows && column < columns {
            if alike(&own[front + row], &theirs[front + column]) {
                found.push((front + row, front + column));
                (row, column) = (row + 1, column + 1);
            } else if lengths[(row + 1) * width + column] >= lengths[row * width + column + 1] {
                row += 1;
            } else {
                column += 1;
            }
        }
    }
    found.extend((0..back).rev().map(|at| (own.len() - 1 - at, theirs.len() - 1 - at)));
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Layers by letters; behind a colon stands the instruction.
    fn image(layers: &str) -> Makeup {
        let layer = |word: &str| {
            let (content, made_by) = word.split_once(':').map_or((word, None), |(content, by)| (content, Some(by)));
            LayerPart {
                diff_id: Digest::of(content.as_bytes()),
                bytes: Some(1),
                stored: None,
                made_by: made_by.map(str::to_owned),
            }
        };
        Makeup {
            config: Digest::of(layers.as_bytes()),
            platform: None,
            layers: layers.split_whitespace().map(layer).collect(),
            parameters: None,
        }
    }

    /// `0=0` the same, `1!1` beside each other, `2-` here alone, `-2` released alone.
    fn told(here: &str, released: &str) -> String {
        let (here, released) = (image(here), image(released));
        let word = |pair: Pair| match (pair.here, pair.released) {
            (Some(own), Some(theirs)) if pair.is_same(&here, &released) => format!("{own}={theirs}"),
            (Some(own), Some(theirs)) => format!("{own}!{theirs}"),
            (Some(own), None) => format!("{own}-"),
            (None, theirs) => format!("-{}", theirs.unwrap_or_default()),
        };
        pairs(&here, &released).into_iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_the_same_stands_beside_itself() {
        assert_eq!(told("a b c", "a b c"), "0=0 1=1 2=2");
        assert_eq!(told("a x c", "a b c"), "0=0 1!1 2=2");
        assert_eq!(told("a b c x", "a b c"), "0=0 1=1 2=2 3-");
        assert_eq!(told("a c", "a b c"), "0=0 -1 1=2");
        assert_eq!(told("x a b", "a b"), "0- 1=0 2=1");
        assert_eq!(told("a x b y c", "a b z c"), "0=0 1- 2=1 3!2 4=3");
        assert_eq!(told("", "a"), "-0");
        assert_eq!(told("", ""), "");
    }

    #[test]
    fn between_them_the_same_instruction_makes_neighbours() {
        assert_eq!(told("a x:RUN1 y:RUN2", "a b:RUN2"), "0=0 1- 2!1");
        assert_eq!(told("a x:COPY c", "a b:RUN d:COPY c"), "0=0 -1 1!2 2=3");
        assert_eq!(told("x:RUN y", "b c"), "0!0 1!1", "without one the order tells");
    }

    #[test]
    fn many_layers_of_one_content_are_no_trouble() {
        let many = "e ".repeat(3000);
        let told = told(&many, &format!("{many} e"));
        assert_eq!(told.split(' ').count(), 3001);
        let row = |letter: char| (0..2000).map(|n| format!("{letter}{n}")).collect::<Vec<_>>().join(" ");
        let (others, more) = (row('x'), row('y'));
        assert_eq!(super::pairs(&image(&others), &image(&more)).len(), 2000, "by position");
    }

    proptest! {
        #[test]
        fn every_layer_stands_once_and_in_order(own in "[abc ]{0,20}", theirs in "[abc ]{0,20}") {
            let spaced = |text: &str| text.chars().map(String::from).collect::<Vec<_>>().join(" ");
            let (here, released) = (image(&spaced(&own)), image(&spaced(&theirs)));
            let pairs = pairs(&here, &released);
            let positions = |side: fn(&Pair) -> Option<usize>| pairs.iter().filter_map(side).collect::<Vec<_>>();
            prop_assert_eq!(positions(|pair| pair.here), (0..here.layers.len()).collect::<Vec<_>>());
            prop_assert_eq!(positions(|pair| pair.released), (0..released.layers.len()).collect::<Vec<_>>());
        }
    }
}
