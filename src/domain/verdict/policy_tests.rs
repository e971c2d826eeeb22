//! What the policy demands beside a publisher's name: several who agree, successors, observers, strangers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::domain::{
    image::KindedDigest,
    record::{Entry, Head},
    trust::{Demand, Require},
};

const NOW: Timestamp = Timestamp(10_000_000);
const DAY: u64 = 86_400;

fn who(n: u8) -> Address {
    Address::from_bytes([n; 20])
}

fn digest(n: u8) -> Digest {
    Digest::from_bytes([n; 32])
}

fn rule(n: u8, role: Role) -> Rule {
    Rule { role, name: Some(format!("w{n}")), ..Rule::new("acme/*".parse().unwrap(), who(n)) }
}

/// Whoever released the image 9 as version `held` of `head`, `days` ago; what it released newest is `newest`.
fn record(n: u8, head: u32, held: u32, newest: u8, days: u64) -> Record {
    Record {
        publisher: who(n),
        head: Head { version: head, published_at: Some(Timestamp(NOW.0 - days * DAY)), ..Head::default() },
        entries: vec![Entry { version: held, block: Some(4), ..Entry::absent(digest(9)) }],
        current: vec![KindedDigest { kind: DigestKind::Config, digest: digest(newest) }],
        head_block: Some(6),
        successor: None,
        retirement_reason: None,
    }
}

fn current(n: u8) -> Record {
    record(n, 3, 3, 9, 1)
}

fn never(n: u8, newest: u8) -> Record {
    record(n, 3, 0, newest, 1)
}

struct Setting {
    policy: TrustPolicy,
}

impl Setting {
    fn new(role: Role, speakers: &[u8], demand: Demand) -> Self {
        let rules = speakers.iter().map(|n| rule(*n, role)).collect();
        Self { policy: TrustPolicy { rules, demands: vec![demand], ..TrustPolicy::default() } }
    }

    fn judge(&self, records: Vec<Record>) -> Verdict {
        let evidence = Evidence::measured(digest(9));
        judge(&"acme/api:1".parse().unwrap(), &evidence, &Answer::Records(records), &self.policy, None, NOW)
    }

    fn conclude(&self, records: Vec<Record>) -> Conclusion {
        self.judge(records).conclusion
    }
}

fn require(number: u32) -> Demand {
    Demand { require: Some(Require::Of(number.try_into().unwrap())), ..Demand::new("acme/*".parse().unwrap()) }
}

fn demand(require: Require) -> Demand {
    Demand { require: Some(require), ..Demand::new("acme/*".parse().unwrap()) }
}

#[test]
fn as_many_publishers_as_demanded_must_agree() {
    let two = Setting::new(Role::Publisher, &[1, 2, 3], require(2));
    let verdict = two.judge(vec![current(1), current(2)]);
    assert_eq!(verdict.conclusion, Conclusion::Verified);
    assert!(verdict.reason.contains("2 of 3, and 2 must agree"), "{}", verdict.reason);
    let one = two.judge(vec![current(1)]);
    assert_eq!(one.conclusion, Conclusion::Untrusted);
    assert!(one.reason.contains("by 1 of the 2 publishers"), "{}", one.reason);
    assert_eq!(two.conclude(vec![current(1), never(2, 8)]), Conclusion::Mismatch, "they contradict each other");
    assert_eq!(two.conclude(vec![current(1), record(2, 3, 2, 8, 1)]), Conclusion::Outdated);
    let all = Setting::new(Role::Publisher, &[1, 2], demand(Require::All));
    assert_eq!(all.conclude(vec![current(1), current(2)]), Conclusion::Verified);
    assert_eq!(all.conclude(vec![current(1)]), Conclusion::Untrusted);
    let four = Setting::new(Role::Publisher, &[1, 2], require(4));
    let verdict = four.judge(vec![current(1), current(2)]);
    assert_eq!(verdict.conclusion, Conclusion::Untrusted);
    assert!(verdict.reason.contains("names only 2"), "{}", verdict.reason);
}

#[test]
fn one_who_withdraws_outweighs_all_who_agree() {
    let mut withdrawn = current(3);
    withdrawn.entries[0].revoked_at = Some(NOW);
    let two = Setting::new(Role::Publisher, &[1, 2, 3], require(2));
    assert_eq!(two.conclude(vec![current(1), current(2), withdrawn]), Conclusion::Revoked);
}

#[test]
fn a_successor_speaks_only_where_the_policy_follows() {
    let follow = |successions| Demand { successions: Some(successions), ..Demand::new("**".parse().unwrap()) };
    let setting = |how| Setting::new(Role::Publisher, &[1], follow(how));
    let handed = |record: Record| Record { successor: Some(who(2)), ..record };
    // The heir released the image, its predecessor never did.
    let records = || vec![handed(never(1, 8)), current(2)];
    assert_eq!(setting(Successions::Ask).conclude(records()), Conclusion::Mismatch);
    assert!(setting(Successions::Ask).judge(records()).reason.contains("daochain trust add acme/api:1 0x0202"));
    let never_followed = setting(Successions::Never).judge(records());
    assert_eq!(never_followed.conclusion, Conclusion::Mismatch);
    assert!(never_followed.reason.contains("does not follow") && !never_followed.reason.contains("trust add"));
    let followed = setting(Successions::Always).judge(records());
    assert_eq!((followed.conclusion, followed.publisher), (Conclusion::Verified, Some(who(2))));
    assert!(followed.reason.contains("successor of w1"), "{}", followed.reason);
    // What the predecessor released is old once the heir released another.
    let old = setting(Successions::Always).judge(vec![handed(current(1)), never(2, 8)]);
    assert_eq!(old.conclusion, Conclusion::Outdated);
    assert!(old.reason.contains("handed the name over"), "{}", old.reason);
    // An heir who is silent changes nothing; two who hand over to each other end the search.
    assert_eq!(setting(Successions::Always).conclude(vec![handed(current(1))]), Conclusion::Verified);
    let back = Record { successor: Some(who(1)), ..current(2) };
    assert_eq!(setting(Successions::Always).conclude(vec![handed(never(1, 8)), back]), Conclusion::Verified);
}

#[test]
fn observers_decide_nothing_unless_it_is_demanded() {
    let silent = Setting::new(Role::Observer, &[1, 2], Demand::new("acme/*".parse().unwrap()));
    assert_eq!(silent.conclude(vec![current(1), current(2)]), Conclusion::Untrusted);
}

#[test]
fn two_of_three_observers_hold_and_the_liar_is_named() {
    let two = Setting::new(Role::Observer, &[1, 2, 3], require(2));
    let verdict = two.judge(vec![current(1), current(2), never(3, 8)]);
    assert_eq!((verdict.conclusion, verdict.publisher), (Conclusion::Verified, None));
    let observed = verdict.observed.unwrap();
    assert_eq!((observed.agreeing, observed.dissenting, observed.of), (vec![who(1), who(2)], vec![who(3)], 3));
    assert!(
        verdict.reason.contains("observed by 2 of 3") && verdict.reason.contains("w3 saw sha256:0808"),
        "{}",
        verdict.reason
    );
}

#[test]
fn observers_who_differ_at_one_time_are_a_split_view() {
    let two = Setting::new(Role::Observer, &[1, 2, 3], require(2));
    for records in [vec![current(1), never(2, 7), never(3, 8)], vec![never(1, 6), never(2, 7), never(3, 8)]] {
        let verdict = two.judge(records);
        assert_eq!(verdict.conclusion, Conclusion::Mismatch);
        assert!(
            verdict.reason.contains("split view") && verdict.reason.contains("w2 saw sha256:0707"),
            "{}",
            verdict.reason
        );
    }
    // All of them saw one other image.
    let verdict = two.judge(vec![never(1, 8), never(2, 8)]);
    assert_eq!(verdict.conclusion, Conclusion::Mismatch);
    assert!(!verdict.reason.contains("split view"), "{}", verdict.reason);
    // One saw it today, the other looked a week ago, when the name meant another.
    assert_eq!(two.conclude(vec![current(1), record(2, 3, 0, 8, 7)]), Conclusion::Untrusted);
    // The other way round the name had moved on, and this one still sees it.
    assert_eq!(two.conclude(vec![record(1, 3, 3, 9, 7), never(2, 8)]), Conclusion::Mismatch);
    // Both saw it once, and one sees another by now: no contradiction.
    assert_eq!(two.conclude(vec![current(1), record(2, 4, 3, 8, 1)]), Conclusion::Outdated);
}

#[test]
fn an_observer_s_word_is_silent_or_old_and_then_does_not_count() {
    let demand = Demand { max_age: Some(7 * DAY), ..require(2) };
    let two = Setting::new(Role::Observer, &[1, 2, 3], demand);
    assert_eq!(two.conclude(vec![current(1)]), Conclusion::Untrusted, "too few");
    let verdict = two.judge(vec![current(1), record(2, 3, 3, 9, 8)]);
    assert_eq!(verdict.conclusion, Conclusion::Untrusted);
    assert_eq!(verdict.observed.unwrap().stale, [who(2)]);
    assert!(two.judge(vec![record(2, 3, 3, 9, 8)]).reason.contains("older than"));
    assert_eq!(two.conclude(Vec::new()), Conclusion::Unpublished);
    let mut withdrawn = current(3);
    withdrawn.entries[0].revoked_at = Some(NOW);
    assert_eq!(two.conclude(vec![current(1), current(2), withdrawn]), Conclusion::Verified, "it says nothing any more");
}

#[test]
fn beside_a_publisher_observers_are_told_and_decide_nothing() {
    let mut setting = Setting::new(Role::Observer, &[2, 3], require(1));
    setting.policy.rules.push(rule(1, Role::Publisher));
    let verdict = setting.judge(vec![current(1), never(2, 8), current(3)]);
    assert_eq!((verdict.conclusion, verdict.publisher), (Conclusion::Verified, Some(who(1))));
    assert!(verdict.reason.contains("of its observers w2 saw sha256:0808"), "{}", verdict.reason);
    assert_eq!(setting.conclude(vec![never(1, 8), current(2), current(3)]), Conclusion::Mismatch);
}

#[test]
fn a_stranger_is_told_of_and_changes_nothing() {
    let mut setting = Setting::new(Role::Publisher, &[1], Demand::new("**".parse().unwrap()));
    setting.policy.rules[0].since = Some(Timestamp(NOW.0 - 5 * DAY));
    let verdict = setting.judge(vec![current(1), record(7, 1, 0, 8, 2), record(8, 1, 1, 9, 9)]);
    assert_eq!((verdict.conclusion, verdict.strangers), (Conclusion::Verified, vec![who(7)]), "8 was there before");
    assert!(verdict.reason.contains("published too by 0x0707"), "{}", verdict.reason);
    let many = (10..40).map(|n| record(n, 1, 0, 8, 2)).chain([current(1)]).collect();
    let verdict = setting.judge(many);
    assert_eq!(verdict.strangers.len(), STRANGERS);
    assert!(verdict.reason.contains("and 29 more"), "{}", verdict.reason);
}

#[test]
fn what_is_denied_is_verified_by_nobody() {
    let mut setting = Setting::new(Role::Publisher, &[1], Demand::new("**".parse().unwrap()));
    let note = Some("bought\u{1b}[2J".to_owned());
    setting.policy.denials = vec![Denial { pattern: "acme/api:1".parse().unwrap(), since: None, note, network: None }];
    let verdict = setting.judge(vec![current(1)]);
    assert_eq!(verdict.conclusion, Conclusion::Untrusted);
    assert!(verdict.reason.contains("denies acme/api:1") && !verdict.reason.contains('\u{1b}'), "{}", verdict.reason);
}

#[test]
fn the_policy_demands_a_settled_block() {
    let demand = Demand { finality: Some(Finality::Final), ..Demand::new("**".parse().unwrap()) };
    let setting = Setting::new(Role::Publisher, &[1], demand);
    assert_eq!(setting.conclude(vec![current(1)]), Conclusion::Undecided, "nothing tells how settled it is");
    assert_eq!(setting.conclude(vec![never(1, 8)]), Conclusion::Mismatch);
}

#[test]
fn as_many_as_must_agree_must_be_settled() {
    let released_in = |n: u8, block: u64| {
        let mut record = current(n);
        record.entries[0].block = Some(block);
        record
    };
    let head = ChainHead {
        latest: crate::domain::network::Block { number: 100, hash: [1; 32], at: NOW },
        safe: Some(50),
        finalized: Some(50),
    };
    let judged = |policy: &TrustPolicy, records| {
        let evidence = Evidence::measured(digest(9));
        judge(&"acme/api:1".parse().unwrap(), &evidence, &Answer::Records(records), policy, Some(&head), NOW)
    };
    for role in [Role::Publisher, Role::Observer] {
        let demand = Demand { finality: Some(Finality::Final), ..require(2) };
        let policy = Setting::new(role, &[1, 2, 3], demand).policy;
        for records in [vec![released_in(1, 99), released_in(2, 10)], vec![released_in(1, 10), released_in(2, 99)]] {
            let verdict = judged(&policy, records);
            let told = (verdict.conclusion, verdict.block);
            assert_eq!(told, (Conclusion::Undecided, Some(99)), "one settled release carries no other");
        }
        let verdict = judged(&policy, vec![released_in(1, 99), released_in(2, 10), released_in(3, 20)]);
        assert_eq!((verdict.conclusion, verdict.block), (Conclusion::Verified, Some(20)), "the best settled count");
    }
    let demand = Demand { finality: Some(Finality::Final), ..Demand::new("**".parse().unwrap()) };
    let any = Setting::new(Role::Publisher, &[1, 2], demand).policy;
    let verdict = judged(&any, vec![released_in(1, 99), released_in(2, 10)]);
    let told = (verdict.conclusion, verdict.publisher);
    assert_eq!(told, (Conclusion::Verified, Some(who(2))), "one settled word is enough where any is");
}

#[test]
fn another_s_word_is_none_for_a_stranger_s_release() {
    let setting = Setting::new(Role::Publisher, &[1], Demand::new("**".parse().unwrap()));
    let verdict = || setting.judge(vec![current(1), current(7)]);
    assert_eq!(verdict().offered_by(who(1)).conclusion, Conclusion::Verified);
    let other = verdict().offered_by(who(7));
    assert_eq!(other.conclusion, Conclusion::Untrusted);
    assert!(other.reason.contains("no trust rule names 0x0707"), "{}", other.reason);
}

#[test]
fn observers_who_decide_nothing_are_told_of_as_what_they_are() {
    let silent = Setting::new(Role::Observer, &[1], Demand::new("acme/*".parse().unwrap()));
    let reason = silent.judge(vec![current(1)]).reason;
    assert!(reason.contains("only observers have spoken"), "{reason}");
}
