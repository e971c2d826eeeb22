//! `--format`: what a listing prints for each of its rows, in the language of docker's templates.
//!
//! ```text
//! {{.reference}}\t{{.verdict | upper}}     text and fields, a line for each row
//! table {{.Reference}}\t{{.Size}}          columns under titles
//! json                                     each row as JSON; {{json .}} is the same, {{json .digests}} a part of it
//! ```
//! Fields are those of the `--json` document's rows, however capitals and `_` are set (`.ConfigDigest`). Functions stand
//! before their field, as docker has them, or behind it after a `|`: `json`, `upper`, `lower`, `title`, `truncate N`,
//! `join "TEXT"`. There are no conditions and no loops: `--json` is for programs.

use std::{fmt::Write as _, str::FromStr};

use serde_json::{Map, Value};

use super::human::{Cell, Look, Table};
use crate::{
    domain::text::{clean_exactly, clean_to},
    ops::Failure,
};

/// A template that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    is_table: bool,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field { path: Vec<String>, at: usize, functions: Vec<Function> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Function {
    Json,
    Upper,
    Lower,
    Title,
    Truncate(usize),
    Join(String),
}

/// The template cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("character {at} of the template: {cause}")]
pub struct TemplateError {
    at: usize,
    cause: String,
}

fn fault<T>(at: usize, cause: impl Into<String>) -> Result<T, TemplateError> {
    Err(TemplateError { at: at + 1, cause: cause.into() })
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let whole = if text.trim() == "json" { "{{json .}}" } else { text };
        let (is_table, body) = match whole.strip_prefix("table") {
            Some(rest) if rest.starts_with([' ', '\t']) || rest.starts_with("\\t") => (true, rest.trim_start()),
            _ => (false, whole),
        };
        // Positions are those of what was typed.
        let skipped = whole.len() - body.len();
        let mut parts = Vec::new();
        let (mut rest, mut at) = (body, skipped);
        while let Some(start) = rest.find("{{") {
            parts.push(literal(&rest[..start], at)?);
            let inside = &rest[start + 2..];
            let opened = at + start;
            let Some(length) = closing(inside) else { return fault(opened, "`{{` is not closed by `}}`") };
            parts.push(action(&inside[..length], opened + 2)?);
            at = opened + 2 + length + 2;
            rest = &inside[length + 2..];
        }
        parts.push(literal(rest, at)?);
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        let is_word = |part: &Part| matches!(part, Part::Text(text) if text.trim() == "table");
        if parts.is_empty() || parts.iter().all(is_word) {
            return fault(0, "it names no field; `{{json .}}` prints all of them");
        }
        Ok(Self { is_table, parts })
    }
}

/// Where `}}` stands, outside of quotes.
fn closing(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (!quoted && text[at..].starts_with("}}")).then_some(at)
    })
}

/// What stands outside of actions.
fn literal(text: &str, at: usize) -> Result<Part, TemplateError> {
    match text.find("}}") {
        Some(stray) => fault(at + stray, "`}}` closes nothing"),
        None => unescaped(text, at).map(Part::Text),
    }
}

fn unescaped(text: &str, at: usize) -> Result<String, TemplateError> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.char_indices();
    while let Some((place, c)) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some((_, 't')) => out.push('\t'),
                Some((_, 'n')) => out.push('\n'),
                Some((_, '\\')) => out.push('\\'),
                _ => return fault(at + place, "`\\` stands before `t`, `n` or `\\`"),
            },
            (c, false) if c.is_control() && !matches!(c, '\t' | '\n') => {
                return fault(at + place, "control characters are not printed");
            }
            (c, false) => out.push(c),
        }
    }
    Ok(out)
}

/// A word of an action, and where it stands.
type Word<'a> = (usize, &'a str);

fn words(text: &str, at: usize) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    let (mut start, mut quoted) = (None, false);
    for (place, c) in text.char_indices() {
        quoted ^= c == '"';
        let ends = !quoted && (c.is_whitespace() || c == '|');
        if let (true, Some(begin)) = (ends, start) {
            found.push((at + begin, &text[begin..place]));
            start = None;
        }
        if c == '|' && !quoted {
            found.push((at + place, "|"));
        } else if !ends && start.is_none() {
            start = Some(place);
        }
    }
    found.extend(start.map(|begin| (at + begin, &text[begin..])));
    found
}

/// `json .a`, `truncate .a 12`, `.a | upper | truncate 12`.
fn action(text: &str, at: usize) -> Result<Part, TemplateError> {
    let words = words(text, at);
    let stages: Vec<&[Word<'_>]> = words.split(|(_, word)| *word == "|").collect();
    let Some((first, others)) = stages.split_first() else { return fault(at, "there is nothing in `{{}}`") };
    let Some(field) = first.iter().position(|(_, word)| word.starts_with('.')) else {
        let (place, word) = first.first().copied().unwrap_or((at, ""));
        return fault(place, format!("`{}` is no field: fields begin with a dot, as `.reference`", clean_to(word, 40)));
    };
    let (place, word) = first[field];
    let path: Vec<String> = word[1..].split('.').map(plain_name).collect();
    let is_whole = word == ".";
    if !is_whole && path.iter().any(String::is_empty) {
        return fault(place, format!("`{}` is no field", clean_to(word, 40)));
    }
    let own: Vec<Word<'_>> = first.iter().enumerate().filter(|(at, _)| *at != field).map(|(_, word)| *word).collect();
    let mut functions = Vec::new();
    for stage in std::iter::once(own.as_slice()).filter(|own| !own.is_empty()).chain(others.iter().copied()) {
        functions.push(function(stage, at + text.len())?);
    }
    Ok(Part::Field { path: if is_whole { Vec::new() } else { path }, at: place + 1, functions })
}

fn function(stage: &[Word<'_>], end: usize) -> Result<Function, TemplateError> {
    let Some(((at, name), arguments)) = stage.split_first() else { return fault(end, "a function is missing") };
    let argument = match arguments {
        [] => None,
        [(_, only)] => Some(*only),
        [_, (at, more), ..] => return fault(*at, format!("`{}` is one argument too many", clean_to(more, 40))),
    };
    match (*name, argument) {
        ("json", None) => Ok(Function::Json),
        ("upper", None) => Ok(Function::Upper),
        ("lower", None) => Ok(Function::Lower),
        ("title", None) => Ok(Function::Title),
        ("truncate", Some(number)) => match number.parse() {
            Ok(number) => Ok(Function::Truncate(number)),
            Err(_) => fault(*at, "`truncate` takes a number, as `truncate .digest 12`"),
        },
        ("join", Some(text)) if text.len() >= 2 && text.starts_with('"') && text.ends_with('"') => {
            Ok(Function::Join(unescaped(&text[1..text.len() - 1], *at)?))
        }
        ("truncate", None) => fault(*at, "`truncate` takes a number, as `truncate .digest 12`"),
        ("join", _) => fault(*at, "`join` takes a text in quotes, as `join .rpc \", \"`"),
        ("json" | "upper" | "lower" | "title", Some(_)) => fault(*at, format!("`{name}` takes only a field")),
        _ => fault(
            *at,
            format!(
                "there is no function `{}`; there are json, upper, lower, title, truncate and join",
                clean_to(name, 40)
            ),
        ),
    }
}

/// Names are compared without capitals and underlines: docker writes `.CreatedAt`, documents `created_at`.
fn plain_name(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

fn member<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.iter().find(|(key, _)| plain_name(key) == name).map(|(_, value)| value)
}

impl Template {
    /// The lines for `rows`, safe to show.
    ///
    /// # Errors
    /// `usage` where a field is in no row.
    pub fn lines(&self, rows: &[Value], look: &Look) -> Result<Vec<String>, Failure> {
        self.check(rows)?;
        if !self.is_table {
            return Ok(rows.iter().map(|row| self.row(row, look)).collect());
        }
        let titles: Vec<&str> = self.parts.iter().filter_map(Part::title).collect();
        let mut table = Table::titled(titles.iter().map(|title| title.replace('_', " ").to_uppercase()).collect());
        for row in rows {
            let fields = self.parts.iter().filter(|part| part.title().is_some());
            table.row(fields.map(|part| Cell::from(part.told(row, look))).collect());
        }
        Ok(table.lines(look))
    }

    fn row(&self, row: &Value, look: &Look) -> String {
        self.parts.iter().map(|part| part.told(row, look)).collect()
    }

    fn check(&self, rows: &[Value]) -> Result<(), Failure> {
        for part in &self.parts {
            let Part::Field { path, at, .. } = part else { continue };
            let Some(first) = path.first() else { continue };
            let has = |row: &Value| row.as_object().is_some_and(|row| member(row, first).is_some());
            if !rows.is_empty() && !rows.iter().any(has) {
                let mut known: Vec<_> = rows.iter().filter_map(Value::as_object).flat_map(Map::keys).collect();
                known.sort_unstable();
                known.dedup();
                let known: Vec<_> = known.iter().map(|name| format!(".{name}")).collect();
                let message = format!("character {at} of the template: there is no field `.{}`", clean_to(first, 40));
                return Err(Failure::new("usage", &message).hint(&format!("there are {}", known.join(", "))));
            }
        }
        Ok(())
    }
}

impl Part {
    /// The last name of the field.
    fn title(&self) -> Option<&str> {
        match self {
            Self::Text(_) => None,
            Self::Field { path, .. } => Some(path.last().map_or("row", String::as_str)),
        }
    }

    fn told(&self, row: &Value, look: &Look) -> String {
        let (path, functions) = match self {
            Self::Text(text) => return text.clone(),
            Self::Field { path, functions, .. } => (path, functions),
        };
        let found = path.iter().try_fold(row, |value, name| member(value.as_object()?, name));
        let mut value = found.cloned().unwrap_or(Value::Null);
        for function in functions {
            value = function.of(value);
        }
        match value {
            // Function `json` made it safe in JSON's own way.
            Value::String(text) if functions.last() == Some(&Function::Json) => text,
            value => look.plain(&text_of(&value)),
        }
    }
}

/// As docker prints it: lists by their items, nothing for what is not known.
fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

impl Function {
    fn of(&self, value: Value) -> Value {
        let text = |change: &dyn Fn(String) -> String| Value::String(change(text_of(&value)));
        match self {
            Self::Json => Value::String(safe_json(&value)),
            Self::Upper => text(&|text| text.to_uppercase()),
            Self::Lower => text(&|text| text.to_lowercase()),
            Self::Title => text(&|text| {
                let mut chars = text.chars();
                chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
            }),
            Self::Truncate(length) => text(&|text| text.chars().take(*length).collect()),
            Self::Join(between) => match &value {
                Value::Array(items) => Value::String(items.iter().map(text_of).collect::<Vec<_>>().join(between)),
                _ => value,
            },
        }
    }
}

/// JSON, with what a terminal would obey or hide written as JSON's own escapes.
fn safe_json(value: &Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        let mut units = [0; 2];
        if clean_exactly(c.encode_utf8(&mut [0; 4])).chars().eq([c]) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests;
