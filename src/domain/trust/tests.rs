#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::domain::network::Finality;
use proptest::prelude::*;

fn rule(pattern: &str, last: u8) -> Rule {
    Rule::new(pattern.parse().unwrap(), Address::from_bytes([last; 20]))
}

#[test]
fn patterns_are_read_and_written() {
    for (given, written) in [
        ("**", "**"),
        ("docker.io/**", "docker.io/**"),
        ("ghcr.io/**", "ghcr.io/**"),
        ("docker.io/acme/*", "docker.io/acme/*"),
        ("acme/*", "docker.io/acme/*"),
        ("127.0.0.1:5000/a/b/*", "127.0.0.1:5000/a/b/*"),
        ("acme/api:1", "docker.io/acme/api:1"),
    ] {
        assert_eq!(given.parse::<Pattern>().unwrap().to_string(), written);
    }
    for bad in ["*", "acme/**", "docker.io/acme/**", "docker.io/*", "docker.io/*/x", "", "A B/*"] {
        assert!(bad.parse::<Pattern>().is_err(), "{bad}");
    }
}

#[test]
fn the_most_specific_pattern_decides_alone() {
    let policy = TrustPolicy {
        rules: vec![
            rule("**", 1),
            rule("docker.io/**", 2),
            rule("acme/*", 3),
            rule("acme/api:1", 4),
            rule("acme/api:1", 5),
        ],
        ..TrustPolicy::default()
    };
    let deciding = |name: &str| -> Vec<u8> {
        policy.deciding(&name.parse().unwrap()).iter().map(|rule| rule.publisher.as_bytes()[0]).collect()
    };
    assert_eq!(deciding("acme/api:1"), [4, 5]);
    assert_eq!(deciding("acme/api:2"), [3]);
    assert_eq!(deciding("acme2/api:2"), [2]);
    assert_eq!(deciding("ghcr.io/acme/api:1"), [1]);
}

proptest! {
    #[test]
    fn the_order_of_rules_means_nothing(order in Just([0usize, 1, 2, 3]).prop_shuffle(), name in "(acme|docker\\.io/acme|ghcr\\.io/acme)/(api|web):[12]") {
        let rules = [rule("**", 1), rule("docker.io/**", 2), rule("acme/*", 3), rule("acme/api:1", 4)];
        let shuffled = TrustPolicy { rules: order.iter().map(|i| rules[*i].clone()).collect(), ..TrustPolicy::default() };
        let straight = TrustPolicy { rules: rules.to_vec(), ..TrustPolicy::default() };
        let reference: Reference = name.parse().unwrap();
        prop_assert_eq!(shuffled.deciding(&reference), straight.deciding(&reference));
    }
}

fn denial(pattern: &str) -> Denial {
    Denial { pattern: pattern.parse().unwrap(), since: None, note: None, network: None }
}

#[test]
fn a_denial_decides_unless_a_rule_is_more_specific() {
    let policy = TrustPolicy {
        rules: vec![rule("**", 1), rule("acme/api:1", 2), rule("acme/*", 3)],
        denials: vec![denial("docker.io/**"), denial("acme/*")],
        ..TrustPolicy::default()
    };
    let decision = |name: &str| policy.decision(&name.parse().unwrap());
    assert!(
        matches!(decision("acme/api:2"), Decision::Denied(denial) if denial.pattern.to_string() == "docker.io/acme/*")
    );
    assert!(matches!(decision("nginx"), Decision::Denied(_)), "a denial of a registry outweighs a rule for everything");
    assert!(matches!(decision("acme/api:1"), Decision::Rules(rules) if rules.len() == 1));
    assert!(matches!(decision("ghcr.io/a/b"), Decision::Rules(_)));
    assert!(policy.explain(&"acme/api:2".parse().unwrap()).contains("denied by the pattern docker.io/acme/*"));
}

#[test]
fn demands_are_inherited_one_by_one() {
    let demand = |pattern: &str| Demand::new(pattern.parse().unwrap());
    let two = Some(Require::Of(2.try_into().unwrap()));
    let everywhere = Demand { finality: Some(Finality::Final), successions: Some(Successions::Never), ..demand("**") };
    let acme = Demand { require: two, ..demand("acme/*") };
    let api = Demand { finality: Some(Finality::Safe), ..demand("acme/api:1") };
    let sepolia = Demand { require: Some(Require::All), network: Some("sepolia".to_owned()), ..demand("acme/*") };
    let policy = TrustPolicy { demands: vec![api, sepolia, acme, everywhere], ..TrustPolicy::default() };
    let of = |name: &str, network: &str| policy.on(network).demands(&name.parse().unwrap());
    let (api, web, nginx) = (of("acme/api:1", "dev"), of("acme/web:1", "dev"), of("nginx", "dev"));
    assert_eq!((api.require, api.finality, api.successions), (two, Some(Finality::Safe), Successions::Never));
    assert_eq!((web.require, web.finality), (two, Some(Finality::Final)));
    assert_eq!((nginx.require, nginx.finality), (None, Some(Finality::Final)));
    assert_eq!(of("acme/web:1", "sepolia").require, Some(Require::All), "that for a network is the more specific");
}

#[test]
fn a_rule_holds_on_its_network_and_a_publisher_has_one_voice() {
    let on = |network: &str, last| Rule { network: Some(network.to_owned()), ..rule("**", last) };
    let rules = vec![on("sepolia", 1), rule("**", 1), on("dev", 2)];
    let policy = TrustPolicy { rules, ..TrustPolicy::default() };
    let count = |network: &str| policy.on(network).publishers(&"nginx".parse().unwrap()).len();
    assert_eq!((count("sepolia"), count("dev"), count("mainnet")), (1, 2, 1));
}

#[test]
fn what_is_required_is_a_word_or_a_number() {
    for (text, of_three) in [("any", 1), ("all", 3), ("2", 2), ("9", 9)] {
        let require: Require = text.parse().unwrap();
        assert_eq!((require.to_string().as_str(), require.of(3)), (text, of_three));
    }
    for bad in ["", "0", "-1", "some", "2.5", "99999999999"] {
        assert!(bad.parse::<Require>().is_err(), "{bad}");
    }
}
