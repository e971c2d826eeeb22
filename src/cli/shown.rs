//! What is to be said, and what it costs, in plain words before anything is signed.

use super::console::Console;
use crate::{
    domain::{
        Timestamp,
        network::beside_gas,
        publication::{Authority, Statement},
        text::clean_exactly,
    },
    ops::quoting::Quote,
};

/// What transactions say and cost, who sends them and where.
pub fn show_quotes(console: &mut Console, quotes: &[&Quote]) {
    for quote in quotes {
        for (part, version) in quote.statement.parts().iter().zip(&quote.versions) {
            show_part(console, part, Some(*version));
        }
        let parts = quote.statement.parts().len();
        if parts > 1 {
            console.note(&format!("  all {parts} in one transaction"));
        }
        let (about, most) = (quote.cost.expected().cost(), quote.cost.at_most().cost());
        console.note(&format!("  cost      about {about} ETH ({} gas), at most {most} ETH", quote.cost.gas));
        let (now, price) = (quote.cost.gas_price.gwei(), quote.cost.max_gas_price.gwei());
        console.note(&format!("  gas price about {now} gwei, at most {price} gwei; --max-gas-price sets another"));
    }
    let Some(quote) = quotes.first() else { return };
    let local = if quote.network.local { ", local to this machine" } else { "" };
    if quote.authority != Authority::Own {
        console.note(&format!("  publisher {} (by its {})", quote.publisher(), quote.authority.word()));
    }
    if let Some(more) = beside_gas(quote.network.chain_id) {
        console.note(&format!("            {more}"));
    }
    console.note(&format!("  account   {} with {} ETH", quote.from, quote.balance.ether(6)));
    console.note(&format!("  network   {} (chain {}{local})", quote.network.name, quote.network.chain_id));
}

/// What a statement says, where nobody knows which version a release becomes.
pub fn show_statement(console: &mut Console, statement: &Statement) {
    for part in statement.parts() {
        show_part(console, part, None);
    }
}

fn show_part(console: &mut Console, part: &Statement, version: Option<u32>) {
    match part {
        Statement::Release { reference, digests, amends, annotations } => {
            let what = match (*amends, version) {
                (0, Some(version)) => format!("release {reference} as version {version}"),
                (0, None) => format!("release {reference} as a new version"),
                (amends, _) => format!("amend {reference} in version {amends}"),
            };
            console.note(&what);
            for kinded in digests {
                console.note(&format!("  {:<9} {}", kinded.kind, kinded.digest));
            }
            if !annotations.is_empty() {
                console.note(&format!("  with      {}", clean_exactly(annotations)));
            }
        }
        Statement::Revocation { reference, digests, reason } => {
            console.note(&format!("revoke under {reference}, for ever: {}", clean_exactly(reason)));
            for digest in digests {
                console.note(&format!("  {digest}"));
            }
        }
        Statement::Retirement { reason, .. } => {
            console.note(&format!("retire {}, for ever: {}", part.subject(), clean_exactly(reason)));
        }
        Statement::Delegation { delegate, expiry: Timestamp(0), .. } => {
            console.note(&format!("take back the appointment of {delegate} for {}", part.subject()));
        }
        Statement::Delegation { delegate, expiry, .. } => {
            console.note(&format!("let {delegate} publish and revoke {} until {expiry}", part.subject()));
        }
        Statement::SuccessionOffer { successor: Some(successor), .. } => {
            console.note(&format!("offer {} to {successor}", part.subject()));
        }
        Statement::SuccessionOffer { .. } => console.note(&format!("withdraw the offer of {}", part.subject())),
        Statement::SuccessionAcceptance { publisher, .. } => {
            console.note(&format!("take over {} from {publisher}, for ever", part.subject()));
        }
        Statement::NamespaceClaim { namespace, taken_back: false } => {
            console.note(&format!("claim the namespace {namespace}"));
        }
        Statement::NamespaceClaim { namespace, .. } => {
            console.note(&format!("take back the claim of the namespace {namespace}"));
        }
        Statement::Releases { .. } | Statement::Deployment { .. } | Statement::Cancellation { .. } => {}
    }
}
