//! What the screen calls what the command line does: errors and advice are worded for both, and name commands.
//!
//! ```text
//! `daochain account new` makes one   ──▶   `n` in the accounts pane (`3`) makes one
//! ```

use super::{Action, BINDINGS, Binding, Keymap, Place, show, title};
use crate::app::{key::Key, model::Model};

/// A command, the options that change nothing about what it is for, and the action that does the same.
const COMMANDS: &[(&str, &[&str], Action)] = &[
    ("account add", &[], Action::Know),
    ("account default", &[], Action::SetDefault),
    ("account export", &[], Action::Export),
    ("account fund", &[], Action::Fund),
    ("account import", &[], Action::Import),
    ("account label", &[], Action::Label),
    ("account list", &[], Action::ShowAccounts),
    ("account new", &[], Action::NewAccount),
    ("account passwd", &[], Action::ChangePassphrase),
    ("account remove", &[], Action::Remove),
    ("account restore", &[], Action::Restore),
    ("config check", &[], Action::CheckUp),
    ("config show", &[], Action::ShowSettings),
    ("contract deploy", &[], Action::Deploy),
    ("contract show", &[], Action::ShowContracts),
    ("delegate add", &[], Action::Delegate),
    ("delegate list", &[], Action::ShowAccounts),
    ("delegate remove", &[], Action::Delegate),
    ("demo", &[], Action::Demo),
    ("doctor", &[], Action::CheckUp),
    ("explain", &[], Action::Why),
    ("hash", &[], Action::HashFile),
    ("history", &[], Action::Why),
    ("images", &[], Action::ShowImages),
    ("login", &[], Action::LogIn),
    ("logout", &[], Action::LogOut),
    ("namespace check", &[], Action::CheckNamespace),
    ("namespace claim", &[], Action::Namespace),
    ("namespace list", &[], Action::ListClaims),
    ("namespace unclaim", &[], Action::Namespace),
    ("network add", &["--rpc", "--contract", "--agree"], Action::AddNetwork),
    ("network list", &[], Action::TurnNetwork),
    ("network remove", &[], Action::RemoveNetwork),
    ("network use", &[], Action::TurnNetwork),
    ("node add-peer", &[], Action::AddPeer),
    ("node peers", &[], Action::ShowNode),
    ("node start", &["--geth"], Action::StartGeth),
    ("node status", &[], Action::ShowNode),
    ("node stop", &[], Action::StopGeth),
    ("observe", &[], Action::ObserveName),
    ("observe", &["--watch"], Action::WatchNames),
    ("publish", &[], Action::Publish),
    ("publish", &["--remote", "--archive", "--all-platforms"], Action::Release),
    ("pull", &[], Action::Pull),
    ("pull", &["--override-policy", "--platform"], Action::PullOther),
    ("push", &[], Action::Push),
    ("relay", &[], Action::Given),
    ("remote", &[], Action::Remote),
    ("retire", &[], Action::Retire),
    ("revoke", &[], Action::Revoke),
    ("search", &[], Action::Search),
    ("sign", &[], Action::Given),
    ("succession accept", &[], Action::Succeed),
    ("succession offer", &[], Action::Succeed),
    ("succession show", &[], Action::ShowAccounts),
    ("succession withdraw", &[], Action::Succeed),
    ("trust add", &[], Action::AddRule),
    ("trust check", &[], Action::CheckTrust),
    ("trust demand", &["--require"], Action::Demand),
    ("trust deny", &[], Action::Deny),
    ("trust discover", &[], Action::Discover),
    ("trust export", &[], Action::ExportTrust),
    ("trust import", &[], Action::ImportTrust),
    ("trust list", &[], Action::ShowTrust),
    ("trust publish", &[], Action::PublishTrust),
    ("trust remove", &[], Action::Untrust),
    ("tx cancel", &[], Action::TakeBack),
    ("tx list", &[], Action::ShowActivity),
    ("tx speed-up", &[], Action::SpeedUp),
    ("verify", &[], Action::Measure),
    ("verify", &["--archive"], Action::HashFile),
    ("verify", &["--publisher"], Action::VerifyBy),
    ("who", &[], Action::Who),
];

/// Options of the whole program, and the actions that do the same.
const OPTIONS: [(&str, Action); 3] =
    [("--docker-host", Action::NameEngine), ("--platform", Action::PullOther), ("--rpc", Action::AddNetwork)];

/// The panes' own places, in their order.
const PANES: [Place; 6] = [Place::Images, Place::Market, Place::Accounts, Place::Trust, Place::Node, Place::Activity];

/// `text` with the keys of the screen in the place of the commands in backticks that they do the work of, and with the
/// user's own keys in the place of the table's.
#[must_use]
pub fn in_keys(model: &Model, text: &str) -> String {
    commands_in_keys(model, &own_keys(model, text))
}

/// The same for a text whose keys are somebody's own already: what is wrong with `keys.toml` names them.
#[must_use]
pub fn commands_in_keys(model: &Model, text: &str) -> String {
    if !text.contains("daochain ") && !text.contains("--") {
        return text.to_owned();
    }
    let parts = text.split('`').enumerate().map(|(at, part)| {
        let is_quoted = at % 2 == 1;
        match command(part).filter(|_| is_quoted).and_then(|action| words(model, action)) {
            Some(words) => words,
            None if is_quoted => format!("`{part}`"),
            None => with_options(model, part),
        }
    });
    parts.collect()
}

/// `text` with the user's own keys in the place of those of the table that stand in backticks.
#[must_use]
pub fn own_keys(model: &Model, text: &str) -> String {
    if model.keymap == Keymap::default() {
        return text.to_owned();
    }
    let parts: Vec<&str> = text.split('`').collect();
    let told = parts.iter().enumerate().map(|(at, part)| {
        let after = parts.get(at + 1).copied().unwrap_or_default();
        match Key::parse(part).filter(|_| at % 2 == 1) {
            Some(key) => own_key(model, key, after).unwrap_or_else(|| format!("`{part}`")),
            None if at % 2 == 1 => format!("`{part}`"),
            None => (*part).to_owned(),
        }
    });
    told.collect()
}

/// What stands for a key of the table here, or in the pane that the text names behind it.
fn own_key(model: &Model, key: Key, after: &str) -> Option<String> {
    let is_named = |place: &Place| after.starts_with(&format!(" in the {} pane", title(place.pane()).to_lowercase()));
    let named = PANES.into_iter().find(is_named);
    let places = named.map_or_else(|| vec![model.place(), model.ground()], |named| vec![named]);
    let bound = places.into_iter().find_map(|place| {
        let mut rows = BINDINGS.iter().filter(|one| one.places.contains(&place) && one.keys.contains(&key));
        rows.next().map(|one| (one, place))
    });
    let (binding, place) = bound?;
    Some(match model.keymap.first_key(binding, place) {
        Some(own) => format!("`{own}`"),
        None => by_name(model, binding.action)?,
    })
}

/// What has no key is done by its name.
fn by_name(model: &Model, action: Action) -> Option<String> {
    let palette = BINDINGS.iter().find(|one| one.action == Action::Palette)?;
    let key = model.keymap.first_key(palette, model.ground())?;
    Some(format!("`{key}` and `{}`", action.name()))
}

fn with_options(model: &Model, part: &str) -> String {
    let told = part.split(' ').map(|word| {
        let bare = word.trim_end_matches([';', ',', '.']);
        let action = OPTIONS.iter().find(|(option, _)| *option == bare).map(|(_, action)| *action);
        match action.and_then(|action| words(model, action)) {
            Some(words) => words + &word[bare.len()..],
            None => word.to_owned(),
        }
    });
    told.collect::<Vec<_>>().join(" ")
}

/// The action that does what a command does: `daochain trust list`.
#[must_use]
pub fn command(text: &str) -> Option<Action> {
    let rest = text.strip_prefix("daochain ")?;
    let is_it = |words: &str| rest.strip_prefix(words).is_some_and(|more| more.is_empty() || more.starts_with(' '));
    // Whom or what a command names, its key would not know.
    let is_open = |word: &str| !word.chars().any(|c| c.is_lowercase() || c.is_numeric());
    let fits = |words: &str, known: &[&str]| {
        is_it(words) && rest[words.len()..].split_whitespace().all(|one| known.contains(&one) || is_open(one))
    };
    COMMANDS.iter().find(|(words, known, _)| fits(words, known)).map(|(.., action)| *action)
}

/// The action's row here, where it can be done now, else in the first other pane that has it.
fn row(model: &Model, action: Action) -> Option<(&'static Binding, Place)> {
    let ground = model.ground();
    let rows = || BINDINGS.iter().filter(|one| one.action == action);
    let here = rows().find(|one| one.places.contains(&ground) && (one.allowed)(model).is_ok());
    let is_other = |place: &Place| place.pane() != ground.pane();
    let elsewhere = |one: &Binding| PANES.into_iter().find(|place| is_other(place) && one.places.contains(place));
    let there = || rows().find_map(|one| Some((one, elsewhere(one)?)));
    here.map(|one| (one, ground)).or_else(there)
}

/// The keys that do it, one after the other: the pane's first, where it is another.
#[must_use]
pub fn keys(model: &Model, action: Action) -> Option<String> {
    let (binding, place) = row(model, action)?;
    let own = model.keymap.first_key(binding, place)?;
    match pane_key(model, place) {
        Some(pane) => Some(format!("{pane} {own}")),
        None => Some(own.to_string()),
    }
}

/// What opens the pane of `place`, where another one is open.
fn pane_key(model: &Model, place: Place) -> Option<String> {
    let ground = model.ground();
    let binding = BINDINGS.iter().find(|one| one.action == show(place.pane()))?;
    let key = model.keymap.first_key(binding, ground).filter(|_| ground.pane() != place.pane())?;
    Some(key.to_string())
}

/// The same in a sentence.
fn words(model: &Model, action: Action) -> Option<String> {
    let (binding, place) = row(model, action)?;
    let Some(own) = model.keymap.first_key(binding, place) else { return by_name(model, action) };
    Some(match pane_key(model, place) {
        Some(pane) => format!("`{own}` in the {} pane (`{pane}`)", title(place.pane()).to_lowercase()),
        None => format!("`{own}`"),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::{app::model::Pane, domain::Timestamp};

    fn model() -> Model {
        Model::new(Timestamp(0), 80, 24, Vec::new())
    }

    #[test]
    fn a_command_is_told_as_the_key_that_does_it_here_or_in_its_pane() {
        let mut model = model();
        let told = |model: &Model, text| in_keys(model, text);
        assert_eq!(told(&model, "`daochain account new` makes one"), "`n` makes one");
        assert_eq!(
            told(&model, "deploy it with `daochain contract deploy`"),
            "deploy it with `d` in the node pane (`5`)"
        );
        assert_eq!(
            told(&model, "start it, or name another with --rpc"),
            "start it, or name another with `A` in the node pane (`5`)"
        );
        assert_eq!(told(&model, "`daochain node status` asks each"), "`5` asks each");
        // What is named, and what a stranger says, stays as it is.
        for kept in ["`daochain trust add acme/api:1 0xab` if you agree", "[\"geth\",\"--rpc\"] of acme/x--rpc"] {
            assert_eq!(told(&model, kept), kept);
        }
        assert_eq!(
            told(&model, "`docker pull` and `daochain remote --limit`"),
            "`docker pull` and `daochain remote --limit`"
        );
        model.keymap.rebind(Some("node"), "deploy", &["Ctrl-T"]).unwrap();
        assert_eq!(told(&model, "`daochain contract deploy`"), "`Ctrl-T` in the node pane (`5`)");
        model.keymap.rebind(None, "deploy", &[]).unwrap();
        model.keymap.rebind(Some("node"), "deploy", &[]).unwrap();
        assert_eq!(told(&model, "`daochain contract deploy`"), "`:` and `deploy`");
        assert_eq!(keys(&model, Action::Discover).unwrap(), "4 D");
    }

    #[test]
    fn a_key_of_the_table_is_told_as_the_user_has_it() {
        let mut model = model();
        let text = "`v` measures it, `n` in the accounts pane makes one, and `docker pull` is no key";
        assert_eq!(in_keys(&model, text), text);
        model.keymap.rebind(Some("images"), "measure", &["m"]).unwrap();
        model.keymap.rebind(Some("accounts"), "new-account", &["Ctrl-T"]).unwrap();
        let told = "`m` measures it, `Ctrl-T` in the accounts pane makes one, and `docker pull` is no key";
        assert_eq!(in_keys(&model, text), told);
        model.keymap.rebind(Some("images"), "measure", &[]).unwrap();
        assert_eq!(own_keys(&model, "`v` measures it"), "`:` and `measure` measures it");
    }

    #[test]
    fn every_command_of_the_table_has_a_place_on_the_screen() {
        // Where it cannot be done now the command stays what is told: from another pane it is named.
        let from = |pane| Model { pane, ..model() };
        for (command, _, action) in COMMANDS {
            let is_told = [Pane::Images, Pane::Node].into_iter().any(|pane| words(&from(pane), *action).is_some());
            assert!(is_told, "{command}");
        }
    }
}
