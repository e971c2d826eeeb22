//! What forms ask for.

use tui_input::Input;

use super::{CLEF, DIGITS, FILE, MINUTES, images, trust};
use crate::{
    app::{
        form::{Field, Matter, Name, Value},
        model::{Model, Pane},
        msg::SecretField,
    },
    domain::{Digest, Reference, account::FIRST_PATH},
};

pub(super) fn text(name: Name, hint: &'static str) -> Field {
    Field { name, value: Value::Text(Input::default()), hint }
}

pub(super) fn filled(name: Name, value: &str, hint: &'static str) -> Field {
    Field { name, value: Value::Text(Input::new(value.to_owned())), hint }
}

pub(super) fn secret(name: Name, field: SecretField) -> Field {
    Field { name, value: Value::Secret(field), hint: "" }
}

fn hinted(name: Name, field: SecretField, hint: &'static str) -> Field {
    Field { hint, ..secret(name, field) }
}

pub(super) fn choice(name: Name, options: &[&str], at: usize) -> Field {
    Field { name, value: Value::Choice { options: options.iter().map(ToString::to_string).collect(), at }, hint: "" }
}

fn new_passphrase() -> [Field; 2] {
    let to_be = hinted(Name::NewPassphrase, SecretField::New, "a passphrase that seals it from now on");
    [to_be, hinted(Name::OnceMore, SecretField::Again, "the same again")]
}

/// The fields of a form; `at` is chosen where that decides which.
pub(super) fn fields(model: &Model, matter: Matter, at: usize) -> Vec<Field> {
    let open = || hinted(Name::Passphrase, SecretField::Open, "the one that opens it now");
    let label = || text(Name::Label, "what to call it, or nothing");
    let reference = || text(Name::Reference, "every name");
    match matter {
        Matter::New => new_passphrase().into_iter().chain([label()]).collect(),
        Matter::Import => {
            let kind = choice(Name::Kind, &["in a key file", "64 hex digits", "words (BIP-39)"], at);
            match at {
                FILE => vec![kind, text(Name::File, "/path/UTC--…"), open(), label()],
                DIGITS => {
                    let key = [kind, hinted(Name::Key, SecretField::Key, "64 hex digits")];
                    key.into_iter().chain(new_passphrase()).chain([label()]).collect()
                }
                _ => {
                    let words = hinted(Name::WordsPassphrase, SecretField::Open, "or nothing");
                    let all = hinted(Name::Key, SecretField::Key, "12 to 24 words");
                    let key = [kind, all, words, filled(Name::Path, FIRST_PATH, "")];
                    key.into_iter().chain(new_passphrase()).chain([label()]).collect()
                }
            }
        }
        Matter::Know => {
            let kind = choice(Name::Kind, &["in clef", "on another machine", "a contract's"], at);
            let address = |hint| text(Name::Address, hint);
            if at == CLEF {
                let url = text(Name::Url, "ipc:/path/clef.ipc or http://127.0.0.1:8550");
                return vec![kind, url, address("clef's only one"), label()];
            }
            vec![kind, address("0x…"), label()]
        }
        Matter::Label(account) => {
            let known = model.accounts.get(account).and_then(|account| account.label.clone());
            vec![filled(Name::Label, &known.unwrap_or_default(), "nothing")]
        }
        Matter::Export(_) => {
            [text(Name::File, "a new file, or a folder"), open()].into_iter().chain(new_passphrase()).collect()
        }
        Matter::ChangePassphrase(_) => std::iter::once(open()).chain(new_passphrase()).collect(),
        Matter::Remove(_) => {
            vec![
                text(Name::Typed, "its address or label"),
                text(Name::File, "which of several key files; else nothing"),
            ]
        }
        Matter::Restore => {
            let removed = model.accounts.list.iter().flat_map(|list| &list.removed).rev();
            let options = removed.map(|one| one.address.to_string()).collect();
            vec![Field { name: Name::Address, value: Value::Choice { options, at: 0 }, hint: "" }]
        }
        Matter::Unlock(_) => {
            let minutes: Vec<String> = MINUTES.iter().map(ToString::to_string).collect();
            let options: Vec<&str> = minutes.iter().map(String::as_str).collect();
            vec![open(), choice(Name::Minutes, &options, 1)]
        }
        Matter::Delegate(_) => {
            let what = choice(Name::What, &["appoint", "take back"], at);
            let who = text(Name::Address, "0x…, who may");
            let mut fields = vec![what, who, reference()];
            if at == 0 {
                fields.push(text(Name::Until, "30d, 12h or 2027-01-31"));
            }
            fields
        }
        Matter::Succeed(_) => {
            let what = choice(Name::What, &["offer to a successor", "withdraw the offer", "take over"], at);
            let who = match at {
                0 => Some("0x…, the successor"),
                1 => None,
                _ => Some("0x…, who offers"),
            };
            std::iter::once(what).chain(who.map(|hint| text(Name::Address, hint))).chain([reference()]).collect()
        }
        Matter::Rule | Matter::Deny | Matter::Demand | Matter::Untrust => trust::fields(model, matter),
        Matter::CheckTrust
        | Matter::Discover
        | Matter::Remote
        | Matter::ExportTrust
        | Matter::ImportTrust
        | Matter::PublishTrust
        | Matter::Namespace(_)
        | Matter::CheckNamespace
        | Matter::RevokeDigest
        | Matter::Observe => asking(model, matter, at),
        Matter::Network | Matter::RemoveNetwork | Matter::AddNetwork | Matter::LogIn | Matter::LogOut => {
            configuring(model, matter)
        }
        Matter::Push => {
            let name = model.rows.selected().and_then(|row| row.key.reference.as_ref()).map(ToString::to_string);
            vec![filled(Name::Reference, &name.unwrap_or_default(), "the image's name")]
        }
        Matter::Watch(_) | Matter::Release | Matter::Hash | Matter::Verify | Matter::Pull => {
            images::fields(model, matter, at)
        }
        Matter::StartGeth | Matter::StopGeth => Vec::new(),
        Matter::Engine => vec![text(Name::Url, "unix:///var/run/docker.sock")],
        Matter::Given => vec![text(Name::File, "a file; or paste the text here")],
        Matter::Retire(_) => {
            vec![reference(), text(Name::Reason, "anybody will read it"), text(Name::Typed, "its address or label")]
        }
    }
}

/// Those of networks and registries' logins.
fn configuring(model: &Model, matter: Matter) -> Vec<Field> {
    match matter {
        Matter::Network | Matter::RemoveNetwork => {
            // The current one stands first, and is what nobody turns to or begins with forgetting.
            let options = model.networks.iter().skip(1).cloned().collect();
            vec![Field { name: Name::Network, value: Value::Choice { options, at: 0 }, hint: "" }]
        }
        Matter::AddNetwork => {
            let usual = "0x…, where it is not the usual one";
            vec![
                text(Name::Called, "sepolia"),
                text(Name::Url, "https://… wss://… ipc:/path, blanks between"),
                text(Name::Agree, "how many of several endpoints; else the majority"),
                text(Name::Contract, usual),
                text(Name::Directory, usual),
            ]
        }
        Matter::LogIn => {
            let of_docker = text(Name::Registry, "docker.io");
            vec![of_docker, text(Name::User, "who logs in"), secret(Name::Passphrase, SecretField::Open)]
        }
        Matter::LogOut => vec![text(Name::Registry, "docker.io")],
        _ => Vec::new(),
    }
}

/// Those of what is asked before anything is signed, and of policies that are carried.
fn asking(model: &Model, matter: Matter, at: usize) -> Vec<Field> {
    match matter {
        Matter::CheckTrust | Matter::Discover => {
            let name = told_of(model).map(ToString::to_string).unwrap_or_default();
            vec![filled(Name::Reference, &name, "acme/api:2")]
        }
        Matter::Remote => {
            let name = told_of(model).map(ToString::to_string).unwrap_or_default();
            vec![filled(Name::Reference, &name, "acme/api, acme/api:2, ghcr.io/acme/*")]
        }
        Matter::ExportTrust => vec![text(Name::File, "a new file")],
        Matter::ImportTrust => {
            let how = choice(Name::How, &["beside what is there", "in place of all that is there"], 0);
            let verify = text(Name::Reference, "verified as this name's release, or nothing");
            let only = text(Name::Only, "0x…: by whose word; else the policy's");
            vec![text(Name::File, "a file; or paste the text here"), how, verify, only]
        }
        Matter::PublishTrust => {
            vec![text(Name::Reference, "acme/trust-policy:2"), text(Name::File, "this home's own policy")]
        }
        Matter::Namespace(_) => {
            let what = choice(Name::What, &["claim", "take the claim back"], at);
            let namespace = text(Name::Namespace, "docker.io/acme");
            if at > 0 {
                return vec![what, namespace];
            }
            let others = choice(Name::How, &["others' statements stay", "others' statements are left out"], 0);
            vec![what, namespace, filled(Name::Until, "365d", "30d, 12h or 2027-01-31"), others]
        }
        Matter::CheckNamespace => {
            vec![text(Name::Namespace, "docker.io/acme"), text(Name::Address, "a publisher's 0x…, or nothing")]
        }
        Matter::RevokeDigest => {
            let name = told_of(model).map(ToString::to_string).unwrap_or_default();
            let digest = digest_of(model).map(|digest| digest.to_string()).unwrap_or_default();
            vec![
                filled(Name::Reference, &name, "acme/api:2"),
                filled(Name::Digest, &digest, "sha256:…, several with blanks between"),
                text(Name::Reason, "anybody will read it"),
            ]
        }
        Matter::Observe => {
            let news = ["only what is new", "the same again, too"];
            let name = told_of(model).map(ToString::to_string).unwrap_or_default();
            vec![
                filled(Name::Reference, &name, "acme/api:2"),
                choice(Name::Read, &images::DEPTHS, 0),
                choice(Name::Say, &news, 0),
            ]
        }
        _ => Vec::new(),
    }
}

/// The name that is selected where somebody looks.
pub(super) fn told_of(model: &Model) -> Option<&Reference> {
    match model.pane {
        Pane::Images => model.rows.selected()?.key.reference.as_ref(),
        Pane::Market => model.market.selected().map(|ware| &ware.reference),
        _ => None,
    }
}

/// The digest that is selected where somebody looks.
fn digest_of(model: &Model) -> Option<Digest> {
    match model.pane {
        Pane::Images => model.rows.selected()?.image.evidence.config_digest(),
        Pane::Market => model.market.selected()?.evidence.digests().first().map(|kinded| kinded.digest),
        _ => None,
    }
}
