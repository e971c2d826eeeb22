//! How a configuration wants its containers to be run (OCI image-spec, `config.md`, *config*).
//!
//! It is told to people and nothing rests on it: what cannot be read of it is left out, and never a reason to refuse the image.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::{Digest, compare::Parameter, text::clean_to};

/// Parameters that are kept one by one.
const MOST: usize = 64;
/// Characters of a name, and of a value.
const NAME: usize = 60;
const VALUE: usize = 200;
/// What a field that says nothing holds: as good as no field.
const NOTHING: [&str; 5] = ["null", "\"\"", "[]", "{}", "false"];

/// Bytes of a configuration's part up to which it is looked into: a list of small things takes several times as much.
const READ: usize = 256 << 10;

#[derive(Deserialize)]
struct Raw<'d> {
    // Go, and so engines, read a field whatever its capitals are; two of them are refused elsewhere.
    #[serde(borrow, alias = "Config")]
    config: Option<&'d RawValue>,
}

/// What a configuration says, in the order of names; nothing where it says nothing that can be read. More than are kept one
/// by one are the last one's, together.
pub(super) fn parameters(config: &[u8]) -> Vec<Parameter> {
    let raw: Option<Raw<'_>> = serde_json::from_slice(config).ok();
    let Some(part) = raw.and_then(|raw| raw.config).map(RawValue::get) else { return Vec::new() };
    if part.len() > READ {
        return vec![told("config", part)];
    }
    let mut all: Vec<(String, Cow<'_, str>)> = Vec::new();
    let fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(part).unwrap_or_default();
    for (name, value) in fields {
        let text = value.get();
        match &*name {
            _ if NOTHING.contains(&text) => {}
            "Env" => match serde_json::from_str::<Vec<Cow<'_, str>>>(text) {
                Ok(variables) => all.extend(variables.into_iter().map(|variable| {
                    let (name, value) = variable.split_once('=').unwrap_or((&variable, "(no value)"));
                    (format!("Env {name}"), Cow::Owned(value.to_owned()))
                })),
                Err(_) => all.push((name.into_owned(), text.into())),
            },
            "Labels" => match serde_json::from_str::<BTreeMap<Cow<'_, str>, Cow<'_, str>>>(text) {
                Ok(labels) => all.extend(labels.into_iter().map(|(name, value)| (format!("Labels {name}"), value))),
                Err(_) => all.push((name.into_owned(), text.into())),
            },
            _ => match serde_json::from_str::<Cow<'_, str>>(text) {
                Ok(plain) => all.push((name.into_owned(), plain)),
                Err(_) => all.push((name.into_owned(), text.into())),
            },
        }
    }
    // Of a variable that stands twice, each: their order decides, and is kept.
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    let rest = all.split_off(all.len().min(MOST));
    let mut kept: Vec<_> = all.iter().map(|(name, value)| told(name, value)).collect();
    if !rest.is_empty() {
        let name = format!("and {} more", rest.len());
        let whole: Vec<&str> = rest.iter().flat_map(|(name, value)| [name.as_str(), "=", value, "\0"]).collect();
        kept.push(Parameter { name, value: Digest::of(whole.concat().as_bytes()).to_string() });
    }
    kept
}

/// Two that differ differ when they are told, too: what is not told as it is, is told with its digest.
fn told(name: &str, value: &str) -> Parameter {
    let short = |text: &str, limit: usize| {
        let shown = clean_to(text, limit);
        if shown == text { shown } else { format!("{shown} ({})", Digest::of(text.as_bytes())) }
    };
    Parameter { name: short(name, NAME), value: short(value, VALUE) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(config: &Value) -> Vec<(String, String)> {
        let config = json!({"rootfs": {"diff_ids": []}, "config": config}).to_string();
        parameters(config.as_bytes()).into_iter().map(|one| (one.name, one.value)).collect()
    }

    #[test]
    fn each_variable_and_label_stands_alone_and_what_says_nothing_is_left_out() {
        let told = read(&json!({
            "User": "app", "Cmd": ["sh", "-c", "x"], "Env": ["PATH=/bin", "LD_PRELOAD=/x=y"], "Labels": {"a.b": "c"},
            "Entrypoint": null, "WorkingDir": "", "Volumes": {}, "OnBuild": [], "ArgsEscaped": false,
        }));
        let told: Vec<_> = told.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let all = [
            ("Cmd", "[\"sh\",\"-c\",\"x\"]"),
            ("Env LD_PRELOAD", "/x=y"),
            ("Env PATH", "/bin"),
            ("Labels a.b", "c"),
            ("User", "app"),
        ];
        assert_eq!(told, all);
    }

    #[test]
    fn what_is_no_configuration_says_nothing() {
        for none in [json!(null), json!([]), json!("x"), json!(7)] {
            assert!(read(&none).is_empty(), "{none}");
        }
        assert_eq!(read(&json!({"Env": 5, "Labels": ["x"]}))[0], ("Env".to_owned(), "5".to_owned()));
        assert!(parameters(b"no json").is_empty());
    }

    #[test]
    fn what_strangers_say_is_short_and_safe_and_still_differs() {
        let long = |end: &str| read(&json!({"User": format!("\u{1b}[2J{}{end}", "x".repeat(500))}));
        assert!(long("a")[0].1.starts_with("\\u{1b}[2Jxx") && long("a")[0].1.chars().count() < 2 * VALUE);
        assert_ne!(long("a"), long("b"));
        let user = |name: &str| read(&json!({"User": name}));
        assert!(user("a\nb") != user("a b") && user("\u{1b}") != user("\\u{1b}"), "{:?}", user("a\nb"));
        let twice = |values: [&str; 2]| read(&json!({"Env": values.map(|value| format!("PATH={value}"))}));
        assert_eq!(twice(["/b", "/a"]).iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["/b", "/a"]);
        assert_ne!(read(&json!({"Env": ["A"]})), read(&json!({"Env": ["A="]})));
        assert_eq!(parameters(br#"{"Config": {"User": "x"}}"#).len(), 1, "as engines read it");
        let many = |value: &str| {
            let names = (0..500).map(|n| format!("V{n}={value}"));
            read(&json!({"Env": names.collect::<Vec<_>>()}))
        };
        assert_eq!((many("1").len(), many("1")[MOST].0.as_str()), (MOST + 1, "and 436 more"));
        assert_ne!(many("1")[MOST], many("2")[MOST]);
        let huge = |value: &str| read(&json!({"Env": vec![value; READ / 4]}));
        assert!(huge("a=1").len() == 1 && huge("a=1")[0].0 == "config" && huge("a=1") != huge("a=2"));
    }
}
