//! The trust policy against an independent, naive implementation of the same words: 500 random policies, references and records.
//!
//! The other implementation works on texts and counts, takes no part of the program's own, and is as slow and plain as possible.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use daochain::domain::{
    Address, Digest, Reference, Timestamp,
    digest::DigestKind,
    image::{Evidence, KindedDigest},
    network::{Block, ChainHead, Finality},
    record::{Answer, Entry, Head, Record},
    trust::{Demand, Denial, Require, Role, Rule, Successions, TrustPolicy},
    verdict::{Conclusion, judge},
};
use proptest::prelude::*;

const NOW: u64 = 10_000_000;
const IMAGE: u8 = 9;
/// The newest block that cannot be removed.
const FINAL: u64 = 50;
const PATTERNS: [&str; 7] = [
    "**",
    "docker.io/**",
    "ghcr.io/**",
    "docker.io/acme/*",
    "docker.io/acme/tools/*",
    "docker.io/acme/api:1",
    "docker.io/acme/tools/x:1",
];
const NAMES: [&str; 5] = [
    "docker.io/acme/api:1",
    "docker.io/acme/tools/x:1",
    "docker.io/acme2/api:1",
    "ghcr.io/acme/api:1",
    "quay.io/a/b:1",
];

/// What both implementations are given, as plain values.
#[derive(Debug, Clone)]
struct Case {
    name: &'static str,
    /// Pattern, who, whether an observer.
    rules: Vec<(&'static str, u8, bool)>,
    denied: Vec<&'static str>,
    /// Pattern; how many, where stated: 0 is all; whether successors are followed, where stated.
    demands: Vec<(&'static str, Option<u32>, Option<bool>)>,
    /// Who; the newest version; the version that holds the image, 0 for none; whether that was revoked; what it released newest.
    records: Vec<(u8, u32, u32, bool, u8)>,
    /// The block of each one's releases.
    blocks: [u64; 6],
    /// Blocks after `FINAL` do not count.
    settled: bool,
    /// Who handed over to whom.
    heirs: Vec<(u8, u8)>,
}

fn case() -> impl Strategy<Value = Case> {
    let pattern = || proptest::sample::select(PATTERNS.to_vec());
    let rules = proptest::collection::vec((pattern(), 1u8..6, any::<bool>()), 0..6);
    let denied = proptest::collection::vec(pattern(), 0..2);
    let demands = proptest::collection::btree_map(
        pattern(),
        (proptest::option::of(0u32..4), proptest::option::of(any::<bool>())),
        0..4,
    );
    let record = (0u32..4, 0u32..4, prop::bool::weighted(0.1), 6u8..9);
    let records = proptest::collection::btree_map(1u8..6, record, 0..6);
    let heirs = proptest::collection::btree_map(1u8..6, 1u8..6, 0..3);
    let name = proptest::sample::select(NAMES.to_vec());
    let blocks = proptest::array::uniform6(1u64..2 * FINAL);
    let all = (name, rules, denied, demands, records, heirs, blocks, any::<bool>());
    all.prop_map(|(name, mut rules, denied, demands, records, heirs, blocks, settled)| {
        // One publisher, one role under a pattern: the file could say otherwise, and the first would count.
        rules.sort_unstable();
        rules.dedup_by_key(|(pattern, who, _)| (*pattern, *who));
        let records = records.into_iter().map(|(who, (newest, held, revoked, other))| {
            let held = held.min(newest);
            (who, newest, held, revoked, if held == newest && newest > 0 { IMAGE } else { other })
        });
        let heirs = heirs.into_iter().filter(|(from, to)| from != to).collect();
        let demands = demands.into_iter().map(|(pattern, (require, follow))| (pattern, require, follow)).collect();
        Case { name, rules, denied, demands, records: records.collect(), heirs, blocks, settled }
    })
}

fn address(n: u8) -> Address {
    Address::from_bytes([n; 20])
}

/// The program's own answer.
fn answer(case: &Case) -> Conclusion {
    let rule = |(pattern, who, is_observer): &(&str, u8, bool)| Rule {
        role: if *is_observer { Role::Observer } else { Role::Publisher },
        ..Rule::new(pattern.parse().unwrap(), address(*who))
    };
    let denial = |pattern: &&str| Denial { pattern: pattern.parse().unwrap(), since: None, note: None, network: None };
    let demand = |(pattern, require, follow): &(&str, Option<u32>, Option<bool>)| Demand {
        require: require.map(|number| number.try_into().map_or(Require::All, Require::Of)),
        successions: follow.map(|follow| if follow { Successions::Always } else { Successions::Never }),
        ..Demand::new(pattern.parse().unwrap())
    };
    // It may stand beside another demand with its pattern, since it names a network.
    let settled = case.settled.then(|| Demand {
        finality: Some(Finality::Final),
        network: Some("here".to_owned()),
        ..Demand::new("**".parse().unwrap())
    });
    let policy = TrustPolicy {
        rules: case.rules.iter().map(rule).collect(),
        denials: case.denied.iter().map(denial).collect(),
        demands: case.demands.iter().map(demand).chain(settled).collect(),
    };
    let record = |(who, newest, held, revoked, other): &(u8, u32, u32, bool, u8)| Record {
        publisher: address(*who),
        head: Head { version: *newest, published_at: Some(Timestamp(NOW)), ..Head::default() },
        entries: vec![Entry {
            version: *held,
            revoked_at: revoked.then_some(Timestamp(NOW)),
            block: Some(case.blocks[usize::from(*who)]),
            ..Entry::absent(Digest::from_bytes([IMAGE; 32]))
        }],
        current: vec![KindedDigest { kind: DigestKind::Config, digest: Digest::from_bytes([*other; 32]) }],
        head_block: Some(case.blocks[usize::from(*who)]),
        successor: case.heirs.iter().find(|(from, _)| from == who).map(|(_, to)| address(*to)),
        retirement_reason: None,
    };
    let records = case.records.iter().map(record).collect();
    let reference: Reference = case.name.parse().unwrap();
    let evidence = Evidence::measured(Digest::from_bytes([IMAGE; 32]));
    let head = ChainHead {
        latest: Block { number: 2 * FINAL, hash: [1; 32], at: Timestamp(NOW) },
        safe: None,
        finalized: Some(FINAL),
    };
    judge(&reference, &evidence, &Answer::Records(records), &policy, Some(&head), Timestamp(NOW)).conclusion
}

/// How many slashes and letters a pattern has in common with the name; `None` where it does not cover it.
fn covers(pattern: &str, name: &str) -> Option<usize> {
    if pattern == name {
        return Some(1000);
    }
    if pattern == "**" {
        return Some(0);
    }
    if let Some(registry) = pattern.strip_suffix("**") {
        return name.starts_with(registry).then_some(1);
    }
    let namespace = pattern.strip_suffix('*')?;
    name.starts_with(namespace).then_some(namespace.len())
}

/// What one of them says: `c`urrent, `o`lder, `n`ever, `w`ithdrawn or nothing (` `).
fn word(case: &Case, who: u8) -> char {
    match case.records.iter().find(|record| record.0 == who) {
        Some((_, _, _, true, _)) => 'w',
        None | Some((_, 0, ..)) => ' ',
        Some((_, newest, held, ..)) if newest == held => 'c',
        Some((_, _, 0, ..)) => 'n',
        Some(_) => 'o',
    }
}

/// The same words, understood anew.
fn naive(case: &Case) -> Conclusion {
    let best_rule = case.rules.iter().filter_map(|rule| covers(rule.0, case.name)).max();
    let best_denial = case.denied.iter().filter_map(|pattern| covers(pattern, case.name)).max();
    if best_denial.is_some() && best_denial >= best_rule {
        return Conclusion::Untrusted;
    }
    let named: Vec<_> =
        case.rules.iter().filter(|rule| covers(rule.0, case.name) == best_rule && best_rule.is_some()).collect();
    let mut publishers: Vec<u8> = named.iter().filter(|rule| !rule.2).map(|rule| rule.1).collect();
    let mut observers: Vec<u8> = named.iter().filter(|rule| rule.2).map(|rule| rule.1).collect();
    publishers.sort_unstable();
    publishers.dedup();
    observers.sort_unstable();
    observers.dedup();
    let (mut require, mut follow) = (None, false);
    let mut demands = case.demands.clone();
    demands.sort_by_key(|demand| covers(demand.0, case.name));
    for demand in demands.iter().filter(|demand| covers(demand.0, case.name).is_some()) {
        require = demand.1.or(require);
        follow = demand.2.unwrap_or(follow);
    }
    if let (true, false, Some(require)) = (publishers.is_empty(), observers.is_empty(), require) {
        return naive_observers(case, &observers, require);
    }
    let needed = match require {
        None => 1,
        Some(0) => publishers.len().max(1),
        Some(number) => number as usize,
    };
    let mut said: Vec<(u8, char)> = publishers.iter().map(|who| naive_voice(case, *who, follow)).collect();
    said.retain(|(_, word)| *word != ' ');
    // Of two words of one speaker the graver, in this order, counts.
    said.sort_by_key(|(_, word)| "wcon".find(*word));
    let mut seen = Vec::new();
    said.retain(|(who, _)| {
        let is_new = !seen.contains(who);
        seen.push(*who);
        is_new
    });
    let count = |words: &str| said.iter().filter(|(_, word)| words.contains(*word)).count();
    let settled = |words: &str| {
        let is_settled = |who: u8| !case.settled || case.blocks[usize::from(who)] <= FINAL;
        said.iter().filter(|(who, word)| words.contains(*word) && is_settled(*who)).count()
    };
    let speaks = |record: &&(u8, u32, u32, bool, u8)| record.1 > 0 || record.3;
    match () {
        () if count("w") > 0 => Conclusion::Revoked,
        () if said.is_empty() && case.records.iter().any(|record| speaks(&record)) => Conclusion::Untrusted,
        () if said.is_empty() => Conclusion::Unpublished,
        () if count("c") >= needed && settled("c") < needed => Conclusion::Undecided,
        () if count("c") >= needed => Conclusion::Verified,
        () if count("co") >= needed && count("o") > 0 && settled("co") < needed => Conclusion::Undecided,
        () if count("co") >= needed && count("o") > 0 => Conclusion::Outdated,
        () if count("n") > 0 => Conclusion::Mismatch,
        () => Conclusion::Untrusted,
    }
}

/// Who speaks for a publisher in the end, and what. Whoever has no record is not followed to.
fn naive_voice(case: &Case, first: u8, follow: bool) -> (u8, char) {
    let has_record = |who: u8| case.records.iter().any(|record| record.0 == who);
    if !has_record(first) {
        return (first, ' ');
    }
    let mut line = vec![first];
    for _ in 0..if follow { 10 } else { 0 } {
        let next = case.heirs.iter().find(|(from, _)| from == line.last().unwrap()).map(|(_, to)| *to);
        match next {
            Some(next) if has_record(next) && !line.contains(&next) => line.push(next),
            _ => break,
        }
    }
    let (mut speaker, mut said) = (first, word(case, first));
    for heir in &line[1..] {
        let new = word(case, *heir);
        if said == 'w' || new == ' ' {
            continue;
        }
        said = if "co".contains(said) && new == 'n' { 'o' } else { new };
        speaker = *heir;
    }
    (speaker, said)
}

/// Everybody looked at the same moment, so whoever saw different images was shown different ones.
fn naive_observers(case: &Case, observers: &[u8], require: u32) -> Conclusion {
    let needed = if require == 0 { observers.len() } else { require as usize };
    let saw: Vec<(u8, char)> =
        observers.iter().map(|who| (*who, word(case, *who))).filter(|(_, word)| !" w".contains(*word)).collect();
    let count = |words: &str| saw.iter().filter(|(_, word)| words.contains(*word)).count();
    let settled = |words: &str| {
        let is_settled = |who: u8| !case.settled || case.blocks[usize::from(who)] <= FINAL;
        saw.iter().filter(|(who, word)| words.contains(*word) && is_settled(*who)).count()
    };
    let newest = |who: u8| case.records.iter().find(|record| record.0 == who).unwrap().4;
    let mut split = false;
    for (one, first) in &saw {
        for (other, second) in &saw {
            split |= *first == 'c' && *second == 'n';
            split |= "on".contains(*first) && "on".contains(*second) && newest(*one) != newest(*other);
        }
    }
    let anybody = case.records.iter().any(|record| record.1 > 0 || record.3);
    match () {
        () if count("c") >= needed && settled("c") < needed => Conclusion::Undecided,
        () if count("c") >= needed => Conclusion::Verified,
        () if split => Conclusion::Mismatch,
        () if count("co") >= needed && settled("co") < needed => Conclusion::Undecided,
        () if count("co") >= needed => Conclusion::Outdated,
        () if count("n") >= needed => Conclusion::Mismatch,
        () if saw.is_empty() && !anybody => Conclusion::Unpublished,
        () => Conclusion::Untrusted,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn the_decision_is_that_of_a_naive_implementation(case in case()) {
        prop_assert_eq!(answer(&case), naive(&case));
    }
}

#[test]
fn the_random_cases_reach_every_conclusion() {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let mut reached: Vec<_> = (0..2000).map(|_| answer(&case().new_tree(&mut runner).unwrap().current())).collect();
    reached.sort_by_key(|conclusion| conclusion.word());
    reached.dedup();
    let words: Vec<_> = reached.iter().map(|conclusion| conclusion.word()).collect();
    assert_eq!(words, ["mismatch", "outdated", "revoked", "undecided", "unpublished", "untrusted", "verified"]);
}
