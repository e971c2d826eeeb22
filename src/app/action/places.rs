//! Groups of places in which the same keys work, and the making of a row.

use super::{Action, Binding, Place};
use crate::app::{key::Key, model::Model};

pub(super) const IMAGES: &[Place] = &[Place::Images, Place::Detail];
pub(super) const ACCOUNTS: &[Place] = &[Place::Accounts];
pub(super) const MARKET: &[Place] = &[Place::Market];
pub(super) const OFFERS: &[Place] = &[Place::Market, Place::Offer];
pub(super) const SIGHTS: &[Place] = &[Place::Images, Place::Detail, Place::Market, Place::Offer];
pub(super) const TRUST: &[Place] = &[Place::Trust];
pub(super) const PALETTE: &[Place] = &[Place::Palette];
pub(super) const ACTIVITY: &[Place] = &[Place::Activity, Place::Event];
pub(super) const LISTS: &[Place] = &[
    Place::Images,
    Place::Detail,
    Place::Market,
    Place::Offer,
    Place::Accounts,
    Place::Trust,
    Place::Node,
    Place::Activity,
    Place::Event,
];
// In the market and in the activity pane the same key stops what is selected there.
pub(super) const MEASURED: &[Place] = &[Place::Images, Place::Detail, Place::Accounts, Place::Trust, Place::Node];
pub(super) const MEASURED_ALL: &[Place] =
    &[Place::Images, Place::Detail, Place::Accounts, Place::Trust, Place::Node, Place::Activity, Place::Event];
pub(super) const MOVES: &[Place] = &[
    Place::Images,
    Place::Detail,
    Place::Market,
    Place::Offer,
    Place::Accounts,
    Place::Trust,
    Place::Node,
    Place::Activity,
    Place::Event,
    Place::Help,
    Place::CheckUp,
    Place::Report,
];
/// Every place, in the order in which the help tells them.
pub const EVERYWHERE: &[Place] = &[
    Place::Images,
    Place::Detail,
    Place::Market,
    Place::Offer,
    Place::Accounts,
    Place::Trust,
    Place::Node,
    Place::Activity,
    Place::Event,
    Place::Filter,
    Place::Search,
    Place::Sign,
    Place::Carry,
    Place::Form,
    Place::Code,
    Place::AddPeer,
    Place::Quit,
    Place::Palette,
    Place::CheckUp,
    Place::Report,
    Place::Help,
];

/// A row of the table.
pub(super) const fn row(
    action: Action,
    keys: &'static [Key],
    places: &'static [Place],
    hint: &'static str,
    help: &'static str,
    allowed: fn(&Model) -> Result<(), &'static str>,
) -> Binding {
    Binding { action, keys, places, hint, help, allowed }
}
