use std::{
    fs,
    os::unix::fs::{MetadataExt as _, symlink},
    thread,
};

use proptest::prelude::*;

use super::*;
use crate::domain::trust::{Pattern, Role, Rule};

fn rule(pattern: &str, last: u8) -> Rule {
    Rule::new(pattern.parse().unwrap(), Address::from_bytes([last; 20]))
}

#[test]
fn rules_are_added_replaced_and_removed() {
    let setup = Setup::new("");
    let home = setup.home();
    assert_eq!(load_trust(&home).unwrap().rules, []);
    add_rule(&home, rule("acme/*", 1)).unwrap();
    add_rule(&home, rule("acme/*", 2)).unwrap();
    let named = Rule { role: Role::Observer, name: Some("Acme \"Inc\"\n".to_owned()), ..rule("acme/*", 1) };
    let policy = add_rule(&home, named.clone()).unwrap();
    assert_eq!(policy.rules, [named.clone(), rule("acme/*", 2)]);
    assert_eq!(load_trust(&home).unwrap(), policy);
    assert_eq!(add_rule(&home, rule("acme/*", 1)).unwrap().rules[0], rule("acme/*", 1), "back to a publisher");
    add_rule(&home, rule("**", 1)).unwrap();
    let pattern: Pattern = "acme/*".parse().unwrap();
    let stranger = Some(Address::from_bytes([9; 20]));
    let error = remove_rule(&home, &pattern, stranger).unwrap_err();
    assert_eq!(error.code(), "no-such-rule");
    assert!(error.to_string().contains("docker.io/acme/*"), "{error}");
    assert_eq!(remove_rule(&home, &pattern, None).unwrap().rules, [rule("**", 1)]);
    assert_eq!(fs::metadata(&home.trust_file).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_malformed_policy_is_an_error_and_never_an_empty_one() {
    let setup = Setup::new("");
    let home = setup.home();
    let good = format!("[[rule]]\npattern = \"**\"\npublisher = \"{ADDRESS}\"\n");
    for (text, line, word) in [
        (format!("{good}rol = \"observer\"\n"), 4, "rol"),
        (format!("{good}role = \"observr\"\n"), 4, "observr"),
        (good.replace("rule", "rules"), 1, "rules"),
        (good.replace("**", "*"), 2, "pattern `*`"),
        (good.replace("5aAe", "5aAf"), 3, "checksum"),
        ("[[rule]]\npattern = \"**\"".to_owned(), 1, "publisher"),
        ("[[rule]".to_owned(), 1, ""),
    ] {
        fs::write(&home.trust_file, &text).unwrap();
        for error in [load_trust(&home).unwrap_err(), add_rule(&home, rule("**", 1)).unwrap_err()] {
            let said = error.to_string();
            assert_eq!(error.code(), "trust-invalid");
            assert!(said.contains(&format!("trust.toml`, line {line}, column ")) && said.contains(word), "{said}");
        }
        assert_eq!(fs::read_to_string(&home.trust_file).unwrap(), text);
    }
}

#[test]
fn a_hand_written_policy_keeps_its_comments_and_its_link() {
    let setup = Setup::new("");
    let home = setup.home();
    let real = setup.folder.path().join("dotfiles.toml");
    let text = format!("# whom we trust\nrule = [{{ pattern = \"**\", publisher = \"{ADDRESS}\" }}]\n");
    fs::write(&real, text).unwrap();
    symlink(&real, &home.trust_file).unwrap();
    assert_eq!(add_rule(&home, rule("acme/*", 1)).unwrap().rules.len(), 2);
    assert!(home.trust_file.is_symlink());
    let table = format!("# head\n[[rule]] # one\npattern = \"**\" # all\npublisher = \"{ADDRESS}\"\n");
    fs::write(&real, &table).unwrap();
    add_rule(&home, rule("acme/*", 1)).unwrap();
    remove_rule(&home, &"acme/*".parse().unwrap(), None).unwrap();
    assert_eq!(fs::read_to_string(&real).unwrap(), table);
}

#[test]
fn two_processes_lose_no_rule() {
    let setup = Setup::new("");
    let home = setup.home();
    thread::scope(|scope| {
        for writer in 0..4 {
            let home = &home;
            scope.spawn(move || {
                for number in 0..5 {
                    add_rule(home, rule("**", writer * 5 + number)).unwrap();
                }
            });
        }
    });
    assert_eq!(load_trust(&home).unwrap().rules.len(), 20);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_rule_survives_the_file(last: u8, observer: bool, name in proptest::option::of(any::<String>())) {
        let setup = Setup::new("");
        let role = if observer { Role::Observer } else { Role::Publisher };
        let rule = Rule { role, name, ..rule("acme/api:1", last) };
        add_rule(&setup.home(), rule.clone()).unwrap();
        prop_assert_eq!(load_trust(&setup.home()).unwrap().rules, [rule]);
    }
}
