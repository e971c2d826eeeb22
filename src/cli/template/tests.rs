#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use proptest::prelude::*;
use serde_json::json;

use super::*;

const LOOK: Look = Look { unicode: true, colour: false, live: false, width: None };

fn rows() -> Vec<Value> {
    vec![
        json!({"reference": "docker.io/acme/api:1", "config_digest": "sha256:00ff", "size": 9, "platform": null,
               "network": {"name": "dev"}, "rpc": ["a", "b"]}),
        json!({"reference": "evil\u{1b}[2J\u{202e}\nx", "config_digest": null, "size": 10, "verdict": "mismatch"}),
    ]
}

fn told(template: &str) -> Vec<String> {
    template.parse::<Template>().unwrap().lines(&rows(), &LOOK).unwrap()
}

fn refused(template: &str) -> String {
    template.parse::<Template>().unwrap_err().to_string()
}

#[test]
fn fields_are_found_as_docker_writes_them_and_as_the_document_does() {
    assert_eq!(told("{{.reference}}\\t{{.Size}}")[0], "docker.io/acme/api:1\t9");
    assert_eq!(told("{{ .ConfigDigest }}")[0], "sha256:00ff");
    assert_eq!(told("{{.network.name}}|{{.verdict}}"), ["dev|", "|mismatch"]);
}

#[test]
fn functions_stand_before_a_field_or_behind_it() {
    assert_eq!(told("{{truncate .config_digest 9}}")[0], "sha256:00");
    assert_eq!(told("{{.reference | upper | truncate 6}}")[0], "DOCKER");
    assert_eq!(told("{{join .rpc \" }} \"}}")[0], "a }} b");
    assert_eq!(told("{{.rpc}} {{json .rpc}} {{title .network.name}}")[0], "a,b [\"a\",\"b\"] Dev");
    assert_eq!(told("json").len(), 2);
    assert_eq!(serde_json::from_str::<Value>(&told("{{json .}}")[1]).unwrap(), rows()[1]);
}

#[test]
fn strangers_words_are_escaped_and_json_stays_json() {
    assert_eq!(told("{{.reference}}")[1], "evil\\u{1b}[2J\\u{202e} x");
    let json = &told("{{json .reference}}")[1];
    assert!(!json.contains(['\u{1b}', '\u{202e}']) && json.contains("\\u202e"), "{json}");
}

#[test]
fn a_table_has_titles_and_columns() {
    let lines = told("table {{.Reference}}\\t{{.Size}}");
    assert_eq!(lines[0], "REFERENCE                SIZE");
    assert!(lines[1].starts_with("docker.io/acme/api:1  ") && lines[1].ends_with("  9"), "{lines:?}");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    assert_eq!(refused("ab{{.x"), "character 3 of the template: `{{` is not closed by `}}`");
    assert_eq!(
        refused("{{x}}"),
        "character 3 of the template: `x` is no field: fields begin with a dot, as `.reference`"
    );
    assert!(refused("{{.a | nope}}").starts_with("character 8 of the template: there is no function `nope`"));
    assert!(refused("{{truncate .a x}}").contains("takes a number"));
    assert!(refused("a\\q").starts_with("character 2 of the template"));
    assert!(refused("a}}").contains("closes nothing") && refused("").contains("names no field"));
    for nothing in ["table", "table ", " table\\t"] {
        assert_eq!(refused(nothing), "character 1 of the template: it names no field; `{{json .}}` prints all of them");
    }
    assert!(refused("{{}}").starts_with("character 3") && refused("{{.a..b}}").contains("is no field"));
    let failure = "x{{.nope}}".parse::<Template>().unwrap().lines(&rows(), &LOOK).unwrap_err();
    assert_eq!((failure.code, failure.exit_code()), ("usage", 2));
    assert!(failure.message.starts_with("character 4 of the template: there is no field `.nope`"), "{failure}");
    assert!(failure.hint.unwrap().starts_with("there are .config_digest, .network"));
}

proptest! {
    #[test]
    fn no_template_panics_and_none_prints_what_a_terminal_obeys(text in "[ -~\u{1b}\t{}|.\"\\\\é]{0,40}") {
        if let Ok(template) = text.parse::<Template>() {
            let lines = template.lines(&rows(), &LOOK).unwrap_or_default();
            let obeyed = lines.iter().any(|line| line.contains(['\u{1b}', '\u{202e}']));
            prop_assert!(!obeyed);
        }
    }
}
