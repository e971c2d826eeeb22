//! The table of keys is the parser's own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt;

use serde::{
    Deserializer,
    de::{Error, Visitor},
    forward_to_deserialize_any,
};

use super::*;
use crate::config::reference::{KEYS, Section as Place, commented};

/// Asks a type for its fields, and gives it nothing.
struct Asking;

/// The fields, in the place of an error.
#[derive(Debug)]
struct Told(&'static [&'static str]);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Told {}

impl Error for Told {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(&[])
    }
}

impl<'de> Deserializer<'de> for Asking {
    type Error = Told;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Told> {
        Err(Told(&[]))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Told> {
        Err(Told(fields))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn fields<'de, T: Deserialize<'de>>() -> Vec<&'static str> {
    let mut fields = T::deserialize(Asking).err().unwrap().0.to_vec();
    fields.sort_unstable();
    assert!(!fields.is_empty());
    fields
}

fn told(place: Place) -> Vec<&'static str> {
    let mut names = place.names();
    names.sort_unstable();
    names
}

#[test]
fn every_key_that_the_parser_knows_is_told_and_no_other() {
    assert_eq!(told(Place::Top), fields::<Document>());
    assert_eq!(told(Place::Network), fields::<Section>());
    assert_eq!(told(Place::Registry), fields::<registries::Section>());
    assert!(KEYS.iter().all(|key| !key.about.is_empty() && !key.without.is_empty()));
}

#[test]
fn what_is_commented_out_is_a_configuration() {
    let text = commented();
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 140), "{text}");
    let whole: String = text.lines().filter_map(|line| line.strip_prefix("# ")).fold(String::new(), |all, line| {
        let is_value = line.starts_with('[') || line.split_once(" = ").is_some();
        if is_value { all + line + "\n" } else { all }
    });
    let read = parse(Path::new("/etc/daochain/config.toml"), &whole).unwrap();
    assert_eq!(read.notices, [], "{whole}");
    assert_eq!((read.network.as_str(), read.networks.len(), read.registries.len()), ("sepolia", 2, 1));
    assert_eq!((read.labels.len(), read.signers.len(), read.default_accounts.len()), (1, 1, 1));
    let said = whole.lines().filter(|line| line.contains(" = ")).count();
    assert_eq!(said, KEYS.len(), "each key stands there once");
}
