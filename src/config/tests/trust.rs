use std::{
    fs,
    os::unix::fs::{MetadataExt as _, symlink},
    path::Path,
    thread,
};

use proptest::prelude::*;

use super::*;
use crate::domain::{
    Timestamp,
    trust::{Demand, Denial, Pattern, Require, Role, Rule},
};

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
    let back = Rule { name: named.name.clone(), ..rule("acme/*", 1) };
    assert_eq!(add_rule(&home, rule("acme/*", 1)).unwrap().rules[0], back, "a publisher again, of the same name");
    add_rule(&home, rule("**", 1)).unwrap();
    let pattern: Pattern = "acme/*".parse().unwrap();
    let stranger = Some(Address::from_bytes([9; 20]));
    let error = remove_rule(&home, &pattern, stranger, &On::One).unwrap_err();
    assert_eq!(error.code(), "no-such-rule");
    assert!(error.to_string().contains("docker.io/acme/*"), "{error}");
    assert_eq!(remove_rule(&home, &pattern, None, &On::One).unwrap().rules, [rule("**", 1)]);
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
    remove_rule(&home, &"acme/*".parse().unwrap(), None, &On::One).unwrap();
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

#[test]
fn denials_and_demands_are_set_and_removed_between_comments() {
    let setup = Setup::new("");
    let home = setup.home();
    let text = format!(
        "# head\n[[demand]] # strict\npattern = \"acme/*\" # all of them\nrequire = 2 # of three\n\n[[rule]] # one\npattern = \"**\"\npublisher = \"{ADDRESS}\"\nsince = 2026-11-29 # a day\n"
    );
    fs::write(&home.trust_file, &text).unwrap();
    let pattern: Pattern = "acme/*".parse().unwrap();
    let demand = Demand { max_age: Some(7200), ..Demand::new(pattern.clone()) };
    let policy = set_demand(&home, &demand).unwrap();
    assert_eq!(policy.demands[0].require, Some(Require::Of(2.try_into().unwrap())), "what is left out stays");
    assert_eq!(policy.demands[0].max_age, Some(7200));
    assert_eq!(policy.rules[0].since, Some(Timestamp(1_795_910_400)));
    let denial =
        |note: &str| Denial { pattern: pattern.clone(), since: None, note: Some(note.to_owned()), network: None };
    add_denial(&home, denial("one")).unwrap();
    assert_eq!(add_denial(&home, denial("two")).unwrap().denials, [denial("two")]);
    let written = fs::read_to_string(&home.trust_file).unwrap();
    for kept in ["# head", "# strict", "# all of them", "require = 2 # of three", "# one", "since = 2026-11-29 # a day"]
    {
        assert!(written.contains(kept), "{kept} in {written}");
    }
    assert!(remove_denial(&home, &pattern, &On::One).unwrap().denials.is_empty());
    assert!(remove_demand(&home, &pattern, &On::One).unwrap().demands.is_empty());
    for error in
        [remove_denial(&home, &pattern, &On::One).unwrap_err(), remove_demand(&home, &pattern, &On::One).unwrap_err()]
    {
        assert_eq!(error.code(), "no-such-rule");
    }
}

#[test]
fn a_policy_is_taken_over_beside_the_own_or_in_its_place() {
    let setup = Setup::new("");
    let home = setup.home();
    let own = format!(
        "# mine\n[[rule]]\npattern = \"**\"\npublisher = \"{ADDRESS}\"\nname = \"old\"\n[[deny]]\npattern = \"acme/x:1\"\n"
    );
    fs::write(&home.trust_file, &own).unwrap();
    let from = Path::new("theirs.toml");
    let theirs = format!(
        "# theirs\n[[rule]]\npattern = \"**\"\npublisher = \"{ADDRESS}\"\nname = \"new\"\n\n# more\n[[demand]]\npattern = \"**\"\nrequire = \"all\"\n"
    );
    let policy = import_policy(&home, from, &theirs, false).unwrap();
    assert_eq!((policy.rules.len(), policy.denials.len(), policy.demands.len()), (1, 1, 1));
    assert_eq!(policy.rules[0].name.as_deref(), Some("new"));
    assert!(fs::read_to_string(&home.trust_file).unwrap().contains("# more"));
    for bad in [
        "[[rule]]\npattern = 1",
        "[[demand]]\npattern = \"**\"\n[[demand]]\npattern = \"**\"\n",
        "[[deny]]\npatern = \"**\"",
    ] {
        for replace in [false, true] {
            let error = import_policy(&home, from, bad, replace).unwrap_err();
            assert!(error.to_string().contains("theirs.toml"), "{error}");
        }
    }
    assert_eq!(load_trust(&home).unwrap(), policy, "nothing was applied");
    assert_eq!(import_policy(&home, from, &theirs, true).unwrap().denials, []);
    assert_eq!(fs::read_to_string(&home.trust_file).unwrap(), theirs);
}

#[test]
fn a_misspelt_key_names_the_one_that_was_meant() {
    let setup = Setup::new("");
    let home = setup.home();
    for (text, place, meant) in [
        ("[[demand]]\npattern = \"**\"\nfinalty = \"final\"", "line 3, column 1", "did you mean `finality`?"),
        ("[[rules]]", "line 1, column 3", "did you mean `rule`?"),
        ("[[deny]]\npattern = \"**\"\n  nite = \"x\"", "line 3, column 3", "did you mean `note`?"),
        ("[[demand]]\npattern = \"**\"\nfinality = \"sure\"", "line 3, column 12", "`safe` or `final`"),
        ("[[demand]]\npattern = \"**\"\nrequire = 0", "line 3, column 11", "a number from 1"),
        ("[[demand]]\npattern = \"**\"\nmax_age = \"1w\"", "line 3, column 11", "`d`, `h` or `m`"),
        ("[[rule]]\npattern = \"**\"\nsince = \"soon\"", "line 3, column 9", "a day"),
    ] {
        fs::write(&home.trust_file, text).unwrap();
        let said = load_trust(&home).unwrap_err().to_string();
        assert!(said.contains(place) && said.contains(meant), "{said}");
    }
}

#[test]
fn what_holds_on_several_networks_is_removed_where_it_is_meant() {
    let setup = Setup::new("");
    let home = setup.home();
    let pattern: Pattern = "acme/*".parse().unwrap();
    let on = |network: &str| Some(network.to_owned());
    let here = Rule { network: on("dev"), ..rule("acme/*", 1) };
    add_rule(&home, rule("acme/*", 1)).unwrap();
    add_rule(&home, here.clone()).unwrap();
    let error = remove_rule(&home, &pattern, None, &On::One).unwrap_err();
    assert_eq!(error.code(), "trust-ambiguous");
    assert!(error.to_string().contains("every network, dev"), "{error}");
    assert_eq!(remove_rule(&home, &pattern, None, &On::Of(None)).unwrap().rules, [here]);
    assert_eq!(remove_rule(&home, &pattern, None, &On::Of(None)).unwrap_err().code(), "no-such-rule");
    assert_eq!(remove_rule(&home, &pattern, None, &On::One).unwrap().rules, []);
}

#[test]
fn an_entry_takes_the_place_of_another_and_leaves_nothing_of_it() {
    let setup = Setup::new("");
    let home = setup.home();
    let old = Rule { note: Some("old".to_owned()), ..rule("acme/*", 1) };
    add_rule(&home, old.clone()).unwrap();
    add_rule(&home, rule("**", 2)).unwrap();
    let new = Rule { name: Some("n".to_owned()), ..rule("acme/api:1", 3) };
    assert_eq!(replace_rule(&home, &old, &new).unwrap().rules, [new.clone(), rule("**", 2)], "in its place");
    assert_eq!(replace_rule(&home, &old, &new).unwrap_err().code(), "no-such-rule", "another took it away");
    assert_eq!(replace_rule(&home, &new, &rule("**", 2)).unwrap().rules, [rule("**", 2)], "two are one");
    let pattern: Pattern = "acme/*".parse().unwrap();
    let strict = Demand { require: Some(Require::All), max_age: Some(3600), ..Demand::new(pattern.clone()) };
    set_demand(&home, &strict).unwrap();
    let fresh = Demand { max_age: Some(7200), ..Demand::new(pattern.clone()) };
    assert_eq!(replace_demand(&home, &strict, &fresh).unwrap().demands, [fresh], "what is left out is gone");
    let denial = |name: &str| Denial { pattern: name.parse().unwrap(), since: None, note: None, network: None };
    add_denial(&home, denial("acme/*")).unwrap();
    assert_eq!(replace_denial(&home, &denial("acme/*"), &denial("acme/x:1")).unwrap().denials, [denial("acme/x:1")]);
}
