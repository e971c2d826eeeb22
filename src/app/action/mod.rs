//! The one table of keys: dispatch, the footer's hints, the help and the documentation are all printed from it.

mod allowed;

use allowed::{
    always, can_change_account, can_edit_reason, can_fund, can_measure, can_publish, can_retry, can_revoke,
    can_set_default, has_account, has_digest, has_notice, has_row, is_busy, is_done, is_filtered, is_named,
    is_reasoning, no_account,
};

use crate::app::{
    key::Key,
    model::{Model, Pane},
};

/// Where keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The list of images.
    Images,
    /// The detail over the whole body.
    Detail,
    /// The list of accounts.
    Accounts,
    /// The filter's field.
    Filter,
    /// The dialog that publishes or revokes.
    Sign,
    /// The dialog that makes an account.
    NewAccount,
    /// The question before ending.
    Quit,
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
            Self::Accounts => "Accounts",
            Self::Filter => "Filter",
            Self::Sign => "Publish and revoke",
            Self::NewAccount => "New account",
            Self::Quit => "Before quitting",
            Self::Help => "This help",
        }
    }

    /// True where letters are typed and never keys.
    #[must_use]
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Filter | Self::Sign | Self::NewAccount)
    }
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says what each does")]
pub enum Action {
    Why,
    Measure,
    MeasureAll,
    Publish,
    Revoke,
    CopyDigest,
    CopyAddress,
    Filter,
    ClearFilter,
    Sort,
    Move(Motion),
    ShowImages,
    ShowAccounts,
    NextPane,
    Cancel,
    CancelAll,
    Refresh,
    Dismiss,
    NewAccount,
    Fund,
    SetDefault,
    Help,
    Redraw,
    Suspend,
    Quit,
    Accept,
    Close,
    NextField,
    PreviousAccount,
    NextAccount,
    Yes,
    No,
}

/// A movement in a list or text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
#[derive(Debug)]
pub struct Binding {
    /// What is done.
    pub action: Action,
    /// Any of these keys does it.
    pub keys: &'static [Key],
    /// In these places.
    pub places: &'static [Place],
    /// In the footer; empty for what the footer leaves to the help.
    pub hint: &'static str,
    /// In the help.
    pub help: &'static str,
    /// Whether it can be done now, or why not.
    pub allowed: fn(&Model) -> Result<(), &'static str>,
}

impl Binding {
    /// The keys as the footer and the help name them.
    #[must_use]
    pub fn keys_text(&self) -> String {
        self.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

/// The binding of `key` where the keys go now: the first that is allowed, else the first, whose reason says why not.
#[must_use]
pub fn binding(model: &Model, key: Key) -> Option<&'static Binding> {
    let place = model.place();
    let bound = || BINDINGS.iter().filter(|binding| binding.places.contains(&place) && binding.keys.contains(&key));
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

const IMAGES: &[Place] = &[Place::Images, Place::Detail];
const LISTS: &[Place] = &[Place::Images, Place::Detail, Place::Accounts];
const MOVES: &[Place] = &[Place::Images, Place::Detail, Place::Accounts, Place::Help];
const EVERYWHERE: &[Place] = &[
    Place::Images,
    Place::Detail,
    Place::Accounts,
    Place::Filter,
    Place::Sign,
    Place::NewAccount,
    Place::Quit,
    Place::Help,
];

const fn row(
    action: Action,
    keys: &'static [Key],
    places: &'static [Place],
    hint: &'static str,
    help: &'static str,
    allowed: fn(&Model) -> Result<(), &'static str>,
) -> Binding {
    Binding { action, keys, places, hint, help, allowed }
}

/// Every key.
pub const BINDINGS: &[Binding] = &[
    row(Action::Accept, &[Key::Enter], &[Place::Sign], "publish", "sign and send the release", can_publish),
    row(Action::Accept, &[Key::Enter], &[Place::Sign], "revoke", "sign and send the revocation", can_revoke),
    row(Action::Accept, &[Key::Enter], &[Place::Sign], "next", "ask for the cost", is_reasoning),
    row(Action::Accept, &[Key::Enter], &[Place::Sign], "try again", "ask again after an error", can_retry),
    row(Action::Accept, &[Key::Enter], &[Place::Sign], "done", "close when it is done", is_done),
    row(Action::PreviousAccount, &[Key::Left], &[Place::Sign], "", "the account before", can_change_account),
    row(Action::NextAccount, &[Key::Right], &[Place::Sign], "another account", "the next account", can_change_account),
    row(
        Action::NewAccount,
        &[Key::Ctrl('n')],
        &[Place::Sign],
        "new account",
        "make an account and come back",
        no_account,
    ),
    row(
        Action::NextField,
        &[Key::Tab, Key::BackTab],
        &[Place::Sign],
        "edit reason",
        "back to the reason",
        can_edit_reason,
    ),
    row(Action::Close, &[Key::Esc], &[Place::Sign], "close", "close; what was sent goes on", always),
    row(Action::Accept, &[Key::Enter], &[Place::NewAccount], "make it", "next field, then make the account", always),
    row(Action::NextField, &[Key::Tab, Key::BackTab], &[Place::NewAccount], "other field", "the other field", always),
    row(Action::Close, &[Key::Esc], &[Place::NewAccount], "cancel", "make no account", always),
    row(Action::Accept, &[Key::Enter], &[Place::Filter], "keep", "keep the filter and leave its field", always),
    row(Action::ClearFilter, &[Key::Esc], &[Place::Filter], "clear", "show all images again", always),
    row(Action::Move(Motion::Up), &[Key::Up], &[Place::Filter], "", "one row up", always),
    row(Action::Move(Motion::Down), &[Key::Down], &[Place::Filter], "", "one row down", always),
    row(
        Action::Yes,
        &[Key::Char('y'), Key::Char('Y'), Key::Ctrl('c')],
        &[Place::Quit],
        "end it",
        "end the work and quit",
        always,
    ),
    row(
        Action::No,
        &[Key::Char('n'), Key::Char('N'), Key::Esc, Key::Char('q')],
        &[Place::Quit],
        "stay",
        "go on",
        always,
    ),
    row(
        Action::Close,
        &[Key::Esc, Key::Char('q'), Key::Char('?'), Key::Enter],
        &[Place::Help],
        "close",
        "close the help",
        always,
    ),
    row(Action::Why, &[Key::Enter], &[Place::Images], "why", "everything about the selected image", has_row),
    row(Action::Why, &[Key::Enter, Key::Esc], &[Place::Detail], "back", "back to the list", always),
    row(Action::Measure, &[Key::Char('v')], IMAGES, "measure", "hash every byte of the image", can_measure),
    row(Action::Publish, &[Key::Char('p')], IMAGES, "publish", "publish the image under its name", is_named),
    row(Action::Revoke, &[Key::Char('r')], IMAGES, "revoke", "withdraw the image for ever", is_named),
    row(Action::NewAccount, &[Key::Char('n')], &[Place::Accounts], "new", "make an account", always),
    row(
        Action::Fund,
        &[Key::Char('f')],
        &[Place::Accounts],
        "fund",
        "get ether from the embedded network's faucet",
        can_fund,
    ),
    row(
        Action::SetDefault,
        &[Key::Char('d')],
        &[Place::Accounts],
        "default",
        "sign with this account unless told otherwise",
        can_set_default,
    ),
    row(Action::CopyAddress, &[Key::Char('y')], &[Place::Accounts], "copy", "copy the address", has_account),
    row(
        Action::Cancel,
        &[Key::Char('x')],
        LISTS,
        "cancel",
        "stop measuring: the selected image, else the first",
        is_busy,
    ),
    row(Action::CancelAll, &[Key::Char('X')], LISTS, "", "stop measuring all images", is_busy),
    row(Action::CopyDigest, &[Key::Char('y')], IMAGES, "copy", "copy the image's digest", has_digest),
    row(Action::Filter, &[Key::Char('/')], IMAGES, "filter", "show images by name, verdict or publisher", always),
    row(Action::ClearFilter, &[Key::Esc], &[Place::Images], "all images", "show all images again", is_filtered),
    row(Action::Sort, &[Key::Char('s')], &[Place::Images], "sort", "order by verdict, name, age or size", always),
    row(Action::MeasureAll, &[Key::Char('V')], IMAGES, "", "measure every image that is not measured", always),
    row(Action::Refresh, &[Key::Char('R')], LISTS, "", "ask engine and node again", always),
    row(Action::Dismiss, &[Key::Char('.')], LISTS, "dismiss", "dismiss the notice", has_notice),
    row(Action::Help, &[Key::Char('?')], LISTS, "help", "all keys", always),
    row(Action::Move(Motion::Up), &[Key::Up, Key::Char('k')], MOVES, "", "one row up", always),
    row(Action::Move(Motion::Down), &[Key::Down, Key::Char('j')], MOVES, "", "one row down", always),
    row(Action::Move(Motion::PageUp), &[Key::PageUp, Key::Ctrl('b')], MOVES, "", "one page up", always),
    row(Action::Move(Motion::PageDown), &[Key::PageDown, Key::Ctrl('f')], MOVES, "", "one page down", always),
    row(Action::Move(Motion::First), &[Key::Home, Key::Char('g')], MOVES, "", "to the first row", always),
    row(Action::Move(Motion::Last), &[Key::End, Key::Char('G')], MOVES, "", "to the last row", always),
    row(Action::ShowImages, &[Key::Char('1')], LISTS, "", "the images", always),
    row(Action::ShowAccounts, &[Key::Char('2')], LISTS, "", "the accounts", always),
    row(Action::NextPane, &[Key::Tab, Key::BackTab], LISTS, "", "the other pane", always),
    row(Action::Quit, &[Key::Char('q'), Key::Ctrl('c')], LISTS, "quit", "quit; running work is asked about", always),
    row(Action::Quit, &[Key::Ctrl('c')], EVERYWHERE, "", "quit from anywhere", always),
    row(Action::Redraw, &[Key::Ctrl('l')], EVERYWHERE, "", "draw the screen again", always),
    row(Action::Suspend, &[Key::Ctrl('z')], EVERYWHERE, "", "stop; `fg` goes on", always),
];

/// The panes, their keys and their titles.
#[must_use]
pub fn panes() -> [(Pane, char, &'static str); 2] {
    [(Pane::Images, '1', "Images"), (Pane::Accounts, '2', "Accounts")]
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
                    assert!(double.is_none() || quit_wins, "{key} in {place:?}: {double:?} and {:?}", binding.action);
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
