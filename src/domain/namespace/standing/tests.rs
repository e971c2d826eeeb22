#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use proptest::prelude::*;

use super::*;
use crate::domain::namespace::PublisherStatement;

const NOW: Timestamp = Timestamp(1_700_000_000);

fn who(byte: u8) -> Address {
    Address::from_bytes([byte; 20])
}

fn place() -> Place {
    Place { namespace: "acme".parse().unwrap(), chain_id: 1337, directory: who(9), now: NOW }
}

fn held(publisher: u8) -> Held {
    Held {
        signed: SignedStatement {
            statement: PublisherStatement {
                chain_id: 1337,
                directory: who(9),
                namespace: "acme".parse().unwrap(),
                publisher: who(publisher),
                issued_at: Timestamp(NOW.0 - 10),
                expires_at: Timestamp(NOW.0 + 10),
            },
            signature: vec![1; 65],
        },
        by: SignedBy::Publisher,
    }
}

fn claim(publisher: u8) -> Claim {
    Claim { publisher: who(publisher), since: Some(Timestamp(NOW.0 - 5)) }
}

fn words(claims: &[Claim], held: &[Held]) -> Vec<&'static str> {
    let judged = judge(&place(), &Ok(claims.to_vec()), &Ok(held.to_vec()));
    judged.publishers.iter().map(|one| one.standing.word()).collect()
}

fn one(change: impl FnOnce(&mut Held)) -> Standing {
    let mut changed = held(1);
    change(&mut changed);
    judge(&place(), &Ok(vec![claim(1)]), &Ok(vec![changed])).publishers.remove(0).standing
}

#[test]
fn both_halves_are_needed() {
    assert_eq!(words(&[claim(1)], &[held(1)]), ["vouched"]);
    assert_eq!(words(&[claim(1)], &[]), ["claim-without-statement"]);
    assert_eq!(words(&[], &[held(1)]), ["statement-without-claim"]);
    assert_eq!(words(&[Claim { since: None, ..claim(1) }], &[held(1)]), ["statement-without-claim"], "taken back");
    assert_eq!(words(&[claim(2)], &[held(1)]), ["statement-without-claim", "claim-without-statement"]);
    assert_eq!(words(&[], &[]), Vec::<&str>::new());
}

#[test]
fn a_statement_that_is_not_this_one_proves_nothing() {
    assert_eq!(one(|_| {}).word(), "vouched");
    assert_eq!(one(|it| it.by = SignedBy::Another(Some(who(2)))), Standing::SignedByAnother { by: Some(who(2)) });
    assert_eq!(one(|it| it.by = SignedBy::Another(None)).word(), "signed-by-another");
    assert_eq!(one(|it| it.signed.statement.chain_id = 1), Standing::OtherChain { chain_id: 1 });
    assert_eq!(one(|it| it.signed.statement.directory = who(8)), Standing::OtherDirectory { directory: who(8) });
    let copied = one(|it| it.signed.statement.namespace = "evil".parse().unwrap());
    assert_eq!(copied, Standing::OtherNamespace { namespace: "evil".parse().unwrap() });
    assert!(copied.reason().contains("docker.io/evil"));
}

#[test]
fn a_statement_has_its_time() {
    assert_eq!(one(|it| it.signed.statement.expires_at = NOW), Standing::Expired { at: NOW });
    assert_eq!(one(|it| it.signed.statement.expires_at = Timestamp(NOW.0 + 1)).word(), "vouched");
    assert_eq!(one(|it| it.signed.statement.issued_at = Timestamp(NOW.0 + CLOCKS)).word(), "vouched", "clocks differ");
    assert_eq!(one(|it| it.signed.statement.issued_at = Timestamp(NOW.0 + CLOCKS + 1)).word(), "not-yet");
}

#[test]
fn what_cannot_be_read_is_unknown_and_never_vouched() {
    let (no, yes) = (Err("it is down".to_owned()), Ok(vec![claim(1)]));
    let unclaimed = judge(&place(), &no, &Ok(vec![held(1)]));
    assert_eq!(unclaimed.publishers[0].standing, Standing::Unknown { cause: "it is down".to_owned() });
    let unheld = judge(&place(), &yes, &Err("the registry is down".to_owned()));
    assert_eq!(unheld.publishers[0].standing, Standing::Unknown { cause: "the registry is down".to_owned() });
    assert_eq!((unclaimed.finding(), unheld.finding()), (Finding::Unknown, Finding::Unknown));
    let nothing = judge(&place(), &Ok(Vec::new()), &Err("down".to_owned()));
    assert_eq!((nothing.finding(), nothing.vouchers()), (Finding::Unknown, Err("down".to_owned())));
    assert_eq!(one(|it| it.by = SignedBy::Unknown { cause: "x".to_owned() }).word(), "unknown");
    assert_eq!(unheld.vouchers(), Err("the registry is down".to_owned()));
}

#[test]
fn several_that_hold_are_all_named() {
    let both = judge(&place(), &Ok(vec![claim(1), claim(2), claim(3)]), &Ok(vec![held(1), held(2)]));
    assert_eq!(both.finding(), Finding::Conflicting);
    assert_eq!(both.clone().about(who(2)).finding(), Finding::Vouched);
    assert_eq!(both.clone().about(who(3)).finding(), Finding::Unproven);
    let vouching = Vouching(vec![NamespaceVouch { namespace: place().namespace, vouchers: both.vouchers() }]);
    assert!(vouching.of(who(1)).is_some() && vouching.of(who(2)).is_some() && vouching.unknown().is_none());
    assert_eq!(vouching.of(who(3)), None, "a claim alone");
    let unproven = judge(&place(), &Ok(vec![claim(3)]), &Ok(Vec::new()));
    let nobody = judge(&place(), &Ok(Vec::new()), &Ok(Vec::new()));
    assert_eq!((unproven.finding(), nobody.finding()), (Finding::Unproven, Finding::Nobody));
}

#[test]
fn of_a_publishers_statements_the_best_counts() {
    let mut old = held(1);
    old.signed.statement.expires_at = Timestamp(NOW.0 - 1);
    let mut elsewhere = held(1);
    elsewhere.signed.statement.chain_id = 1;
    assert_eq!(words(&[claim(1)], &[old.clone(), elsewhere.clone(), held(1)]), ["vouched"]);
    assert_eq!(words(&[claim(1)], &[elsewhere, old]), ["expired"]);
}

fn any_held() -> impl Strategy<Value = Held> {
    let by = prop_oneof![
        4 => Just(SignedBy::Publisher),
        1 => Just(SignedBy::Another(Some(who(7)))),
        1 => Just(SignedBy::Unknown { cause: String::new() }),
    ];
    let said = (0..4_u8, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (said, by).prop_map(|((publisher, namespace, chain, directory, time), by)| {
        let mut made = held(publisher);
        let said = &mut made.signed.statement;
        if namespace {
            said.namespace = "evil".parse().unwrap();
        }
        said.chain_id += u64::from(chain);
        said.directory = if directory { who(8) } else { said.directory };
        said.expires_at = if time { NOW } else { said.expires_at };
        Held { by, ..made }
    })
}

proptest! {
    /// Said once more, the other way round: from who is vouched for to what must be there.
    #[test]
    fn whoever_is_vouched_for_has_both_halves(
        statements in proptest::collection::vec(any_held(), 0..6),
        claimed in proptest::collection::vec(0..4_u8, 0..4),
        down in (any::<bool>(), any::<bool>()),
    ) {
        let claims: Vec<Claim> = claimed.iter().map(|one| claim(*one)).collect();
        let claims = if down.0 { Err("down".to_owned()) } else { Ok(claims) };
        let held_there = if down.1 { Err("down".to_owned()) } else { Ok(statements.clone()) };
        let judged = judge(&place(), &claims, &held_there);
        for publisher in 0..4 {
            let vouched = judged.publishers.iter().any(|one| one.publisher == who(publisher) && one.standing.word() == "vouched");
            let good = |it: &&Held| {
                let said = &it.signed.statement;
                said.publisher == who(publisher) && it.by == SignedBy::Publisher && said.namespace == place().namespace
                    && said.chain_id == 1337 && said.directory == who(9) && said.expires_at > NOW
            };
            let expected = !down.0 && !down.1 && claimed.contains(&publisher) && statements.iter().any(|it| good(&it));
            prop_assert_eq!(vouched, expected);
        }
        let mut seen: Vec<Address> = judged.publishers.iter().map(|one| one.publisher).collect();
        seen.sort_unstable();
        seen.dedup();
        prop_assert_eq!(seen.len(), judged.publishers.len(), "each once");
    }
}
