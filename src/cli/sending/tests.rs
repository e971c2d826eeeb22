use super::*;
use crate::domain::publication::{Inclusion, TransactionHash};

#[test]
fn every_bad_end_is_a_failure_and_no_good_one_is() {
    let hash = TransactionHash([1; 32]);
    let inclusion = Inclusion { block: 7, gas_used: 1, fee: Wei::ZERO };
    let finality = crate::domain::network::Finality::Included;
    for stage in [
        Stage::Reverted { hash, inclusion, finality, reason: "no".into() },
        Stage::Replaced { hash },
        Stage::Dropped { hash },
        Stage::Unknown { hash },
    ] {
        assert!(failed(&stage).is_some_and(|failure| failure.exit_code() == 1), "{stage:?}");
    }
    for stage in [Stage::Broadcast { hash }, Stage::Final { hash, inclusion, finality }] {
        assert_eq!(failed(&stage), None, "{stage:?}");
    }
}
