//! JSON that every program reads alike.
//!
//! Parsers differ on documents that repeat a key: the last value wins in Go, the first in others. Go also takes `Config`
//! and `config` for one field. An archive could show one image to a checker and another to an engine, so such
//! documents are refused before they are used.

use std::{borrow::Cow, collections::HashSet, fmt};

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::limits::{DOCUMENT_DEPTH, DOCUMENT_KEYS};
use crate::domain::{digest::Digest, text::clean_to};

/// Why a document cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum JsonProblem {
    #[error("it is not JSON of the expected shape: {0}")]
    Malformed(String),
    #[error("the key `{0}` is repeated")]
    Repeated(String),
    #[error("the key `{found}` is also read as `{known}` by engines")]
    OtherCase { found: String, known: &'static str },
    #[error("it is nested deeper than {DOCUMENT_DEPTH} levels")]
    TooDeep,
    #[error("it has more than {DOCUMENT_KEYS} keys and list items")]
    TooManyKeys,
    #[error("it is larger than 8 MiB, or than the room that other members, or zstd around the archive, leave")]
    TooLarge,
    #[error("it is an index and a manifest or configuration at once")]
    Polyglot,
}

impl JsonProblem {
    /// Bytes of its text.
    pub(super) const fn weight(&self) -> usize {
        match self {
            Self::Malformed(text) | Self::Repeated(text) | Self::OtherCase { found: text, .. } => text.len(),
            Self::TooDeep | Self::TooManyKeys | Self::TooLarge | Self::Polyglot => 0,
        }
    }
}

/// Fields that are read, whose absence may have a meaning: another spelling would hide them from this program only.
/// `config` and `layers` are also written with capitals, in `manifest.json`.
const KNOWN: [&str; 15] = [
    "rootfs",
    "diff_ids",
    "RepoTags",
    "mediaType",
    "manifests",
    "annotations",
    "platform",
    "data",
    "os",
    "architecture",
    "variant",
    "os.version",
    "os.features",
    "Config",
    "Layers",
];
/// The other spelling that is as good.
const LOWER: [&str; 2] = ["config", "layers"];

/// Objects whose keys are data and not fields: Go compares those exactly.
const MAPS: [&str; 5] = ["Labels", "annotations", "ExposedPorts", "Volumes", "LayerSources"];

/// `Ok` when every JSON program reads `bytes` alike and within the bounds.
pub(super) fn check(bytes: &[u8]) -> Result<(), JsonProblem> {
    let mut walk = Walk { keys: 0, problem: None };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let result = Value { walk: &mut walk, depth: 0, is_map: false }.deserialize(&mut json).and_then(|()| json.end());
    match (walk.problem, result) {
        (Some(problem), _) => Err(problem),
        (None, Err(error)) => Err(malformed(&error)),
        (None, Ok(())) => Ok(()),
    }
}

/// serde's message may repeat the document's text.
pub(super) fn malformed(error: &serde_json::Error) -> JsonProblem {
    JsonProblem::Malformed(clean_to(&error.to_string(), 200))
}

struct Walk {
    keys: usize,
    problem: Option<JsonProblem>,
}

struct Value<'a> {
    walk: &'a mut Walk,
    depth: usize,
    is_map: bool,
}

impl Value<'_> {
    /// Stops the parser and remembers why.
    fn stop<E: serde::de::Error>(&mut self, problem: JsonProblem) -> E {
        let error = E::custom(&problem);
        self.walk.problem = Some(problem);
        error
    }

    fn enter<E: serde::de::Error>(&mut self) -> Result<usize, E> {
        if self.depth == DOCUMENT_DEPTH { Err(self.stop(JsonProblem::TooDeep)) } else { Ok(self.depth + 1) }
    }

    fn count<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.walk.keys += 1;
        if self.walk.keys > DOCUMENT_KEYS { Err(self.stop(JsonProblem::TooManyKeys)) } else { Ok(()) }
    }

    fn note<E: serde::de::Error>(&mut self, seen: &mut HashSet<[u8; 32]>, key: &str) -> Result<(), E> {
        self.count()?;
        // Upper case first: it makes `K` of the Kelvin sign and `S` of the long s, as Go's folding does.
        let folded = || key.to_uppercase().to_lowercase();
        let name = if self.is_map { key.to_owned() } else { folded() };
        let is_other = |known: &&str| *known != key && known.to_lowercase() == name && !LOWER.contains(&key);
        if let Some(known) = KNOWN.into_iter().find(|known| !self.is_map && is_other(known)) {
            return Err(self.stop(JsonProblem::OtherCase { found: clean_to(key, 100), known }));
        }
        // Names may be long; nobody finds two of one digest.
        if seen.insert(*Digest::of(name.as_bytes()).as_bytes()) {
            Ok(())
        } else {
            Err(self.stop(JsonProblem::Repeated(clean_to(key, 100))))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let depth = self.enter()?;
        while items.next_element_seed(Value { walk: self.walk, depth, is_map: false })?.is_some() {
            self.count()?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        let depth = self.enter()?;
        let mut seen = HashSet::new();
        while let Some(key) = entries.next_key::<Cow<'de, str>>()? {
            self.note(&mut seen, &key)?;
            let is_map = MAPS.contains(&key.as_ref());
            entries.next_value_seed(Value { walk: self.walk, depth, is_map })?;
        }
        Ok(())
    }
}

/// The first JSON value of `bytes`, read as `T`; what follows it does not matter.
pub(super) fn first<'de, T: serde::Deserialize<'de>>(bytes: &'de [u8]) -> Option<T> {
    serde_json::Deserializer::from_slice(bytes).into_iter::<T>().next()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<JsonProblem> {
        check(text.as_bytes()).err()
    }

    #[test]
    fn ordinary_documents_pass() {
        for text in [
            "{}",
            "[]",
            " null ",
            r#"{"a":{"b":1},"c":{"b":[true,-1,1.5,"x",null]}}"#,
            r#"{"Labels":{"a":"1","A":"2"}}"#,
        ] {
            assert_eq!(problem(text), None, "{text}");
        }
    }

    #[test]
    fn keys_that_programs_read_differently_are_told() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"[{"x":{"Config":1,"config":2}}]"#,
            r#"{"disk":1,"di\u017f\u212a":2}"#,
            r#"{"Labels":{"a":1,"a":2}}"#,
        ] {
            assert!(matches!(problem(text), Some(JsonProblem::Repeated(_))), "{text}");
        }
        assert!(matches!(problem(r#"{"RootFS":{}}"#), Some(JsonProblem::OtherCase { known: "rootfs", .. })));
        assert!(matches!(problem(r#"{"rootfs":{"Diff_IDs":[]}}"#), Some(JsonProblem::OtherCase { .. })));
    }

    #[test]
    fn bounds_are_kept() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(problem(&nested(DOCUMENT_DEPTH)), None);
        assert_eq!(problem(&nested(DOCUMENT_DEPTH + 1)), Some(JsonProblem::TooDeep));
        let many: Vec<String> = (0..=DOCUMENT_KEYS).map(|key| format!("\"{key}\":0")).collect();
        assert_eq!(problem(&format!("{{{}}}", many.join(","))), Some(JsonProblem::TooManyKeys));
        let items = |count: usize| format!("[{}]", vec!["0"; count].join(","));
        assert_eq!(problem(&items(DOCUMENT_KEYS)), None);
        assert_eq!(problem(&items(DOCUMENT_KEYS + 1)), Some(JsonProblem::TooManyKeys));
    }

    #[test]
    fn what_is_no_json_is_malformed_and_shown_safely() {
        for text in ["", "{", "{} {}", "{\"a\":}", "\u{feff}{}", "{\"\u{1b}[2J\":1"] {
            let Some(JsonProblem::Malformed(message)) = problem(text) else { panic!("{text:?}") };
            assert!(!message.contains('\u{1b}'), "{message}");
        }
    }
}
