//! The one table of keys: dispatch, the footer's hints, the help and the documentation are all printed from it.

mod allowed;
pub mod keymap;
mod places;
pub mod spoken;
mod table;

pub use keymap::Keymap;
pub use places::EVERYWHERE;
use strum::{AsRefStr, EnumIter};
pub use table::BINDINGS;

use crate::app::{
    key::Key,
    model::{Model, Pane},
};

/// Where keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsRefStr, EnumIter)]
#[strum(serialize_all = "kebab-case")]
pub enum Place {
    /// The list of images.
    Images,
    /// The detail over the whole body.
    Detail,
    /// What was published.
    Market,
    /// One of that over the whole body.
    Offer,
    /// The list of accounts.
    Accounts,
    /// The trust policy.
    Trust,
    /// The endpoints.
    Node,
    /// What runs, and what has ended.
    Activity,
    /// One of that over the whole body.
    Event,
    /// The filter's field.
    Filter,
    /// The market's search field.
    Search,
    /// The dialog that publishes or revokes.
    Sign,
    /// What is carried to whoever signs elsewhere.
    Carry,
    /// A dialog of fields.
    Form,
    /// A code for a camera.
    Code,
    /// The dialog that adds a peer.
    AddPeer,
    /// The question before ending.
    Quit,
    /// The palette.
    Palette,
    /// The look at what the program rests on.
    CheckUp,
    /// What was asked for once.
    Report,
    /// The list of keys.
    Help,
}

impl Place {
    /// What the help calls it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Images => "Images",
            Self::Detail => "Detail",
            Self::Market => "Market",
            Self::Offer => "Market, in full",
            Self::Accounts => "Accounts",
            Self::Trust => "Trust",
            Self::Node => "Node",
            Self::Activity => "Activity",
            Self::Event => "Activity, in full",
            Self::Filter => "Filter",
            Self::Search => "Search",
            Self::Sign => "Publish and revoke",
            Self::Carry => "Signing elsewhere",
            Self::Form => "Dialogs",
            Self::Code => "QR code",
            Self::AddPeer => "New peer",
            Self::Quit => "Before quitting",
            Self::Palette => "Palette",
            Self::CheckUp => "Check-up",
            Self::Report => "Answers",
            Self::Help => "This help",
        }
    }

    /// The pane that it is in; the images' for what floats above any.
    #[must_use]
    pub const fn pane(self) -> Pane {
        match self {
            Self::Market | Self::Offer | Self::Search => Pane::Market,
            Self::Accounts => Pane::Accounts,
            Self::Trust => Pane::Trust,
            Self::Node => Pane::Node,
            Self::Activity | Self::Event => Pane::Activity,
            _ => Pane::Images,
        }
    }

    /// True where letters are typed and never keys.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Filter | Self::Search | Self::Sign | Self::Form | Self::AddPeer | Self::Palette)
    }
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsRefStr)]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the table below says what each does")]
pub enum Action {
    Why,
    FetchReleased,
    ListFiles,
    Measure,
    MeasureAll,
    Publish,
    Release,
    Revoke,
    Observe,
    ObserveName,
    WatchNames,
    RevokeDigest,
    SpeedUp,
    TakeBack,
    CopyDigest,
    Who,
    CopyAddress,
    CopyUrl,
    AskEndpoints,
    StartGeth,
    StopGeth,
    TurnNetwork,
    AddNetwork,
    RemoveNetwork,
    NameEngine,
    LogIn,
    LogOut,
    Push,
    AddPeer,
    Filter,
    ClearFilter,
    Mark,
    MarkAll,
    Sort,
    Reverse,
    CopyName,
    CopyPublisher,
    CopyTransaction,
    Move(Motion),
    ShowImages,
    ShowMarket,
    ShowAccounts,
    ShowTrust,
    ShowNode,
    ShowActivity,
    NextPane,
    PreviousPane,
    Cancel,
    CancelAll,
    Again,
    CopyEvent,
    ClearEnded,
    Refresh,
    Dismiss,
    NewAccount,
    Fund,
    SetDefault,
    SetDefaultEverywhere,
    Unlock,
    Import,
    Know,
    Given,
    Label,
    Export,
    ChangePassphrase,
    Remove,
    Restore,
    Namespace,
    CheckNamespace,
    ListClaims,
    ShowContracts,
    ShowSettings,
    Deploy,
    Delegate,
    Succeed,
    Retire,
    Search,
    ClearSearch,
    OnlyPublisher,
    OnlyNamespace,
    OnlyNewer,
    SortMarket,
    TurnMarket,
    Pin,
    Pull,
    PullOther,
    StopPull,
    CopyOffered,
    AddRule,
    Deny,
    Demand,
    EditTrust,
    Untrust,
    CheckTrust,
    Discover,
    Remote,
    HashFile,
    VerifyBy,
    ExportTrust,
    ImportTrust,
    PublishTrust,
    CopyTold,
    CopyTrusted,
    ShowCode,
    CopyCarried,
    SaveCarried,
    ReplaceCarried,
    KeepCarried,
    PreviousField,
    PreviousChoice,
    NextChoice,
    Palette,
    Help,
    Demo,
    CheckUp,
    Mouse,
    Redraw,
    Suspend,
    Quit,
    Accept,
    Close,
    NextField,
    EditPrice,
    EditName,
    EditAnnotations,
    TurnVersion,
    TurnValidity,
    KeepPrice,
    PreviousAccount,
    NextAccount,
    Yes,
    No,
}

impl Action {
    /// Its name in `keys.toml`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Move(motion) => motion.as_ref(),
            other => other.as_ref(),
        }
    }
}

/// A movement in a list or text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsRefStr)]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are the movements")]
pub enum Motion {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// What is done.
    pub action: Action,
    /// Any of these keys does it.
    pub keys: &'static [Key],
    /// In these places.
    pub places: &'static [Place],
    /// In the footer; empty for what the footer leaves to the help.
    pub hint: &'static str,
    /// In the help; empty for what another row tells there.
    pub help: &'static str,
    /// Whether it can be done now, or why not.
    pub allowed: fn(&Model) -> Result<(), &'static str>,
}

/// The binding of `key` where the keys go now: the first that is allowed, else the first, whose reason says why not.
#[must_use]
pub fn binding(model: &Model, key: Key) -> Option<&'static Binding> {
    let place = model.place();
    let has_key = |binding: &&Binding| model.keymap.keys(binding, place).contains(&key);
    let bound = || BINDINGS.iter().filter(|binding| binding.places.contains(&place)).filter(has_key);
    bound().find(|binding| (binding.allowed)(model).is_ok()).or_else(|| bound().next())
}

/// The footer's hints: what can be done here and now, in the table's order.
pub fn hints(model: &Model) -> impl Iterator<Item = &'static Binding> {
    let place = model.place();
    BINDINGS
        .iter()
        .filter(move |binding| !binding.hint.is_empty() && binding.places.contains(&place))
        .filter(|binding| (binding.allowed)(model).is_ok())
}

/// What the help tells of a place. A key that works in several places is told with the first of them.
pub fn told(place: Place) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |binding| binding.places.first() == Some(&place) && !binding.help.is_empty())
}

/// Lines of the help: titles, keys, and a blank one between two places. How it is closed, its frame says.
#[must_use]
pub fn help_lines() -> usize {
    let keys = EVERYWHERE.iter().filter(|place| **place != Place::Help).map(|place| told(*place).count());
    keys.filter(|keys| *keys > 0).map(|keys| keys + 2).sum::<usize>().saturating_sub(1)
}

/// The pane's title.
#[must_use]
pub fn title(pane: Pane) -> &'static str {
    panes().into_iter().find(|(one, ..)| *one == pane).map_or("", |(.., title)| title)
}

/// What opens the pane.
#[must_use]
pub const fn show(pane: Pane) -> Action {
    match pane {
        Pane::Images => Action::ShowImages,
        Pane::Market => Action::ShowMarket,
        Pane::Accounts => Action::ShowAccounts,
        Pane::Trust => Action::ShowTrust,
        Pane::Node => Action::ShowNode,
        Pane::Activity => Action::ShowActivity,
    }
}

/// The panes, their keys and their titles.
#[must_use]
pub const fn panes() -> [(Pane, char, &'static str); 6] {
    [
        (Pane::Images, '1', "Images"),
        (Pane::Market, '2', "Market"),
        (Pane::Accounts, '3', "Accounts"),
        (Pane::Trust, '4', "Trust"),
        (Pane::Node, '5', "Node"),
        (Pane::Activity, '6', "Activity"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for place in EVERYWHERE {
            let mut seen: Vec<(Key, Action)> = Vec::new();
            for binding in BINDINGS.iter().filter(|binding| binding.places.contains(place)) {
                for key in binding.keys {
                    let double = seen.iter().find(|(other, action)| other == key && *action != binding.action);
                    let quit_wins = *place == Place::Quit && *key == Key::Ctrl('c');
                    // While a price or a file's name is typed, the key that closes the dialog gives up that alone.
                    let keeps = [Action::KeepPrice, Action::KeepCarried];
                    let price_wins = double.is_some_and(|(_, first)| keeps.contains(first));
                    assert!(
                        double.is_none() || quit_wins || price_wins,
                        "{key} in {place:?}: {double:?} and {:?}",
                        binding.action
                    );
                    seen.push((*key, binding.action));
                }
            }
        }
    }

    #[test]
    fn letters_are_typed_where_text_is() {
        for binding in BINDINGS {
            let typed = binding.keys.iter().any(|key| matches!(key, Key::Char(_)));
            assert!(!(typed && binding.places.iter().any(|place| place.is_text())), "{:?}", binding.action);
        }
    }
}
