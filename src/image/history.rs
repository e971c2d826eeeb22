//! Which instruction made which layer, as a configuration tells (OCI image-spec, `config.md`, *history*).
//!
//! It is told to people and nothing rests on it: what cannot be read of it is left out, and never a reason to refuse the image.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::limits::LAYERS;
use crate::domain::text::clean_to;

/// Characters of an instruction that are kept.
const SHOWN: usize = 160;
/// Characters of one that are looked at.
const READ: usize = 1024;
/// Steps of a history: those that make no layer stand between the others.
const STEPS: usize = 4 * LAYERS;

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    history: Steps,
}

#[derive(Default)]
struct Steps(Vec<Box<str>>);

/// One step: its instruction, where it makes a layer.
struct Step(Option<Box<str>>);

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Steps;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of steps")
            }

            fn visit_unit<E>(self) -> Result<Steps, E> {
                Ok(Steps::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Steps, A::Error> {
                let (mut made, mut count) = (Vec::new(), 0);
                while let Some(Step(step)) = items.next_element()? {
                    count += 1;
                    if count > STEPS {
                        return Err(A::Error::custom("more steps than images have"));
                    }
                    made.extend(step);
                }
                Ok(Steps(made))
            }
        }
        json.deserialize_any(List)
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Step;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a step")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Step, A::Error> {
                let (mut by, mut comment, mut is_empty) = (None, None, false);
                while let Some(key) = fields.next_key::<std::borrow::Cow<'de, str>>()? {
                    match &*key {
                        "created_by" => by = fields.next_value::<Option<std::borrow::Cow<'de, str>>>()?,
                        "comment" => comment = fields.next_value::<Option<std::borrow::Cow<'de, str>>>()?,
                        "empty_layer" => is_empty = fields.next_value::<Option<bool>>()?.unwrap_or_default(),
                        _ => drop(fields.next_value::<IgnoredAny>()?),
                    }
                }
                let said = by.filter(|by| !by.is_empty()).or(comment).unwrap_or_default();
                Ok(Step((!is_empty).then(|| shown(&said))))
            }
        }
        json.deserialize_map(Fields)
    }
}

/// What made each of so many layers, lowest first; nothing where the history does not tell of as many.
pub(super) fn made_by(config: &[u8], layers: usize) -> Vec<Box<str>> {
    let raw: Option<Raw> = serde_json::from_slice(config).ok();
    raw.map(|raw| raw.history.0).filter(|made| made.len() == layers).unwrap_or_default()
}

/// An instruction as it stands in a Dockerfile, safe to show.
fn shown(said: &str) -> Box<str> {
    // The classic builder runs instructions that run nothing as a comment of the shell (moby, `builder/dockerfile`).
    const NOTHING: &str = "/bin/sh -c #(nop) ";
    const SHELL: &str = "/bin/sh -c ";
    let head: String = said.chars().take(READ).collect();
    let said = head.trim().trim_end_matches("# buildkit").trim_end();
    let words = match (said.strip_prefix(NOTHING), said.strip_prefix(SHELL)) {
        (Some(instruction), _) => instruction.trim().to_owned(),
        (None, Some(command)) => format!("RUN {command}"),
        (None, None) => {
            said.strip_prefix("RUN /bin/sh -c ").map_or_else(|| said.to_owned(), |command| format!("RUN {command}"))
        }
    };
    let words: Vec<&str> = words.split_whitespace().collect();
    clean_to(&words.join(" "), SHOWN).into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(history: &Value, layers: usize) -> Vec<String> {
        let config = json!({"rootfs": {"diff_ids": []}, "history": history}).to_string();
        made_by(config.as_bytes(), layers).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn instructions_that_make_no_layer_are_passed_over() {
        let history = json!([
            {"created": "2023-11-14T22:13:20Z", "created_by": "/bin/sh -c #(nop) ADD file:ab in / "},
            {"created_by": "/bin/sh -c #(nop)  ENV WORD=x", "empty_layer": true},
            {"created_by": "/bin/sh -c apt-get   update"},
            {"created_by": "RUN /bin/sh -c make # buildkit", "empty_layer": false},
            {"created_by": "COPY app /srv # buildkit", "comment": "buildkit.dockerfile.v0"},
            {"comment": "imported from -"},
        ]);
        let all = ["ADD file:ab in /", "RUN apt-get update", "RUN make", "COPY app /srv", "imported from -"];
        assert_eq!(told(&history, 5), all);
        assert!(told(&history, 4).is_empty(), "it tells of another number of layers");
    }

    #[test]
    fn what_is_no_history_is_left_out() {
        for none in
            [json!(null), json!({}), json!("x"), json!([1]), json!([{"created_by": 5}]), json!([{"empty_layer": "no"}])]
        {
            assert!(told(&none, 1).is_empty(), "{none}");
        }
        assert!(made_by(b"no json", 0).is_empty());
        let many = Value::Array(vec![json!({"created_by": "x"}); STEPS + 1]);
        assert!(told(&many, STEPS + 1).is_empty());
    }

    #[test]
    fn instructions_of_strangers_are_short_and_safe() {
        let long = format!("RUN \u{1b}[2J{}", "x".repeat(5000));
        let told = told(&json!([{"created_by": long}]), 1);
        assert!(told[0].starts_with("RUN \\u{1b}[2Jxx") && told[0].chars().count() == SHOWN, "{told:?}");
    }
}
