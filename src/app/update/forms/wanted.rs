//! What a form asks for, and what is wrong with its fields.

use std::path::PathBuf;

use super::{CLEF, CONTRACT, DIGITS, EMPTY, FILE, MINUTES, TYPED, images, trust};
use crate::{
    app::{
        accounts::Accounts,
        effect::{Deed, GivenSource, KeySource, Setting, TrustChange},
        form::{Form, Matter, Name},
        msg::SecretField,
        report::Inquiry,
        sign::{ClaimWish, Depth, Look},
        watching::Watch,
    },
    domain::{
        Address, Digest, Namespace, Reference, Timestamp,
        account::{AccountKind, check_label},
        address::AddressError,
        digest::DigestError,
        namespace::NamespaceError,
        publication::Statement,
        reference::ReferenceError,
        when::Until,
        wish::{PullWish, ReleaseWish},
    },
};

/// What is wrong with a field.
pub(super) type Wrong = (Name, String);

/// What a form asks for.
pub(super) enum Wanted {
    /// Something is done to an account.
    Deed(Deed),
    /// An account says something of itself.
    Statement(Address, Statement),
    /// What was carried here is read.
    Given(GivenSource),
    /// The trust policy is changed.
    Trust(TrustChange),
    /// An image is pushed.
    Push(Reference),
    /// An image is judged by the word of these alone.
    Verify(Reference, Vec<Address>),
    /// A namespace is claimed.
    Claim(Address, ClaimWish),
    /// A digest is withdrawn.
    Revoke(Statement),
    /// Something is asked.
    Ask(Inquiry),
    /// It is told who speaks for a name.
    CheckTrust(Reference),
    /// A policy is published, this home's own or a file's.
    Policy(Reference, Option<PathBuf>),
    /// What is to be released is measured.
    Release(ReleaseWish),
    /// An image is pulled.
    Pull(PullWish),
    /// Names are watched.
    Watch(Watch),
    /// What a registry serves is attested.
    Observe(Reference, Look),
}

/// What the form asks for, if its fields hold what they must.
///
/// `empty`: a passphrase was missing already, and is meant to be empty.
pub(super) fn wanted(form: &Form, accounts: &Accounts, now: Timestamp, empty: bool) -> Result<Wanted, Wrong> {
    let label = || label(form);
    let opened = |form: &Form| opened(form, empty);
    let deed = match form.matter {
        Matter::New => {
            twice(form)?;
            Deed::Keep { source: KeySource::New, label: label()? }
        }
        Matter::Import => Deed::Keep { source: source(form, empty)?, label: label()? },
        Matter::Know => know(form, label()?)?,
        Matter::Label(address) => Deed::Label { address, label: label()? },
        Matter::Export(address) => {
            let out = given(form, Name::File, "name a file that is not there yet, or a folder")?.into();
            opened(form)?;
            twice(form)?;
            Deed::Export { address, out }
        }
        Matter::ChangePassphrase(address) => {
            opened(form)?;
            twice(form)?;
            Deed::ChangePassphrase(address)
        }
        Matter::Remove(address) => {
            sure(form, accounts, address)?;
            let file = Some(form.text(Name::File)).filter(|name| !name.is_empty()).map(Into::into);
            Deed::Remove { address, file }
        }
        Matter::Restore => {
            // The one that is shown, whatever was removed meanwhile.
            let shown = form.option(Name::Address).and_then(|option| option.parse().ok());
            Deed::Restore(shown.ok_or_else(|| (Name::Address, "nothing can be restored".to_owned()))?)
        }
        Matter::Unlock(address) => {
            opened(form)?;
            let minutes = MINUTES.get(form.chosen(Name::Minutes)).copied().unwrap_or(MINUTES[0]);
            Deed::Unlock { address, seconds: 60 * minutes }
        }
        Matter::Network | Matter::RemoveNetwork | Matter::AddNetwork | Matter::Engine => {
            Deed::Configure(setting(form)?)
        }
        Matter::StartGeth | Matter::StopGeth => Deed::Geth(form.matter == Matter::StartGeth),
        Matter::LogIn => {
            let registry = Some(form.text(Name::Registry)).filter(|name| !name.is_empty()).unwrap_or("docker.io");
            let user = given(form, Name::User, "say who logs in")?.to_owned();
            opened(form)?;
            Deed::LogIn { registry: registry.to_owned(), user }
        }
        Matter::LogOut => {
            let registry = Some(form.text(Name::Registry)).filter(|name| !name.is_empty()).unwrap_or("docker.io");
            Deed::LogOut(registry.to_owned())
        }
        Matter::Push => return Ok(Wanted::Push(named(form)?)),
        Matter::Namespace(account) => {
            let namespace = namespace(form)?;
            if form.chosen(Name::What) == 1 {
                return Ok(Wanted::Statement(account, Statement::NamespaceClaim { namespace, taken_back: true }));
            }
            let until = Until::parse(given(form, Name::Until, "say until when")?);
            let until = until.map_err(|error| (Name::Until, error))?;
            let wish = ClaimWish { namespace, until, replace: form.chosen(Name::How) == 1 };
            return Ok(Wanted::Claim(account, wish));
        }
        Matter::ExportTrust => Deed::ExportTrust(given(form, Name::File, "name a file that is not there yet")?.into()),
        Matter::Rule | Matter::Deny | Matter::Demand | Matter::Untrust => {
            return Ok(Wanted::Trust(trust::wanted(form)?));
        }
        Matter::CheckNamespace
        | Matter::RevokeDigest
        | Matter::Discover
        | Matter::Remote
        | Matter::CheckTrust
        | Matter::ImportTrust
        | Matter::PublishTrust
        | Matter::Observe => return asked(form),
        // An open key is kept for longer, and no passphrase at all would do for it.
        Matter::Watch(account)
            if accounts.open_until(account).is_some() && form.secret.typed(SecretField::Open) == 0 =>
        {
            return Err((Name::Passphrase, TYPED.to_owned()));
        }
        Matter::Watch(_) | Matter::Release | Matter::Hash | Matter::Verify | Matter::Pull => {
            return images::wanted(form, empty);
        }
        Matter::Given => return Ok(Wanted::Given(carried(form)?)),
        Matter::Delegate(account) => return Ok(Wanted::Statement(account, delegation(form, now)?)),
        Matter::Succeed(account) => return Ok(Wanted::Statement(account, succession(form)?)),
        Matter::Retire(account) => {
            let reference = reference(form)?;
            let reason = given(form, Name::Reason, "say why: anybody who verifies an image will read it")?;
            sure(form, accounts, account)?;
            let statement = Statement::Retirement { reference, reason: reason.to_owned() };
            return Ok(Wanted::Statement(account, statement));
        }
    };
    Ok(Wanted::Deed(deed))
}

/// What is asked before anything is signed, or for its own sake.
fn asked(form: &Form) -> Result<Wanted, Wrong> {
    match form.matter {
        Matter::CheckNamespace => {
            let namespace = namespace(form)?;
            let publisher = if form.text(Name::Address).is_empty() { None } else { Some(address(form)?) };
            Ok(Wanted::Ask(Inquiry::Namespace { namespace, publisher }))
        }
        Matter::RevokeDigest => Ok(Wanted::Revoke(revocation(form)?)),
        Matter::Discover => Ok(Wanted::Ask(Inquiry::Discover(named(form)?))),
        Matter::Remote => {
            let name = given(form, Name::Reference, "name a repository, a tag of it, or a namespace")?;
            Ok(Wanted::Ask(Inquiry::Remote(name.to_owned())))
        }
        Matter::ImportTrust => {
            let source = carried(form)?;
            let (replace, verify, only) = (form.chosen(Name::How) == 1, reference(form)?, only(form)?);
            if verify.is_none() && !only.is_empty() {
                return Err((Name::Reference, "name what it must be their release of".to_owned()));
            }
            Ok(Wanted::Ask(Inquiry::Policy { source, replace, verify, only }))
        }
        Matter::PublishTrust => {
            let file = Some(form.text(Name::File)).filter(|file| !file.is_empty()).map(PathBuf::from);
            Ok(Wanted::Policy(named(form)?, file))
        }
        Matter::Observe => {
            let depth = if form.chosen(Name::Read) == 0 { Depth::Manifests } else { Depth::Layers };
            let look = Look { depth, again: form.chosen(Name::Say) == 1 };
            Ok(Wanted::Observe(named(form)?, look))
        }
        _ => Ok(Wanted::CheckTrust(named(form)?)),
    }
}

/// What of the configuration is changed.
fn setting(form: &Form) -> Result<Setting, Wrong> {
    let network = || form.option(Name::Network).map(str::to_owned);
    let none = || (Name::Network, "there is no other network; `A` adds one".to_owned());
    match form.matter {
        Matter::Network => Ok(Setting::Network(network().ok_or_else(none)?)),
        Matter::RemoveNetwork => Ok(Setting::RemoveNetwork(network().ok_or_else(none)?)),
        Matter::AddNetwork => {
            let name = given(form, Name::Called, "give it a name")?.to_owned();
            let rpc = given(form, Name::Url, "name an endpoint")?.split_whitespace().map(str::to_owned).collect();
            let (contract, directory) = (own(form, Name::Contract)?, own(form, Name::Directory)?);
            let agree = Some(form.text(Name::Agree)).filter(|text| !text.is_empty()).map(str::parse).transpose();
            let agree = agree.map_err(|_| (Name::Agree, "say it as a number of endpoints: 2".to_owned()))?;
            Ok(Setting::AddNetwork { name, rpc, agree, contract, directory })
        }
        _ => {
            let url = Some(form.text(Name::Url)).filter(|url| !url.is_empty());
            Ok(Setting::Engine(url.map(str::to_owned)))
        }
    }
}

pub(super) fn given<'f>(form: &'f Form, name: Name, otherwise: &str) -> Result<&'f str, Wrong> {
    Some(form.text(name)).filter(|text| !text.is_empty()).ok_or_else(|| (name, otherwise.to_owned()))
}

fn label(form: &Form) -> Result<Option<String>, Wrong> {
    let label = Some(form.text(Name::Label)).filter(|label| !label.is_empty());
    label.map_or(Ok(()), check_label).map_err(|error| (Name::Label, error))?;
    Ok(label.map(str::to_owned))
}

pub(super) fn opened(form: &Form, empty: bool) -> Result<(), Wrong> {
    let typed = empty || form.secret.typed(SecretField::Open) > 0;
    if typed { Ok(()) } else { Err((Name::Passphrase, EMPTY.to_owned())) }
}

/// The new passphrase stands there twice.
fn twice(form: &Form) -> Result<(), Wrong> {
    if form.secret.typed(SecretField::New) == 0 {
        return Err((Name::NewPassphrase, "a passphrase protects the key; type one".to_owned()));
    }
    if form.secret.same { Ok(()) } else { Err((Name::OnceMore, "the two differ; type them again".to_owned())) }
}

fn source(form: &Form, empty: bool) -> Result<KeySource, Wrong> {
    let kind = form.chosen(Name::Kind);
    if kind == FILE {
        let file = given(form, Name::File, "name the key file")?.into();
        opened(form, empty)?;
        return Ok(KeySource::File(file));
    }
    if form.secret.typed(SecretField::Key) == 0 {
        return Err((Name::Key, "type or paste it; it is not shown".to_owned()));
    }
    let source = if kind == DIGITS {
        KeySource::Digits
    } else {
        KeySource::Words(given(form, Name::Path, "BIP-32's path, which begins with m/")?.to_owned())
    };
    twice(form)?;
    Ok(source)
}

fn know(form: &Form, label: Option<String>) -> Result<Deed, Wrong> {
    let kind = form.chosen(Name::Kind);
    if kind != CLEF {
        let kind = if kind == CONTRACT { AccountKind::Contract } else { AccountKind::Cold };
        return Ok(Deed::Know { address: Some(address(form)?), kind, label });
    }
    let url = given(form, Name::Url, "name clef's socket or URL")?;
    let url = url.parse().map_err(|_| (Name::Url, "it is no URL; a socket is ipc:/path/clef.ipc".to_owned()))?;
    let named = if form.text(Name::Address).is_empty() { None } else { Some(address(form)?) };
    Ok(Deed::Know { address: named, kind: AccountKind::Clef(url), label })
}

/// An address of one's own, or none where the usual one is meant.
fn own(form: &Form, name: Name) -> Result<Option<Address>, Wrong> {
    let typed = Some(form.text(name)).filter(|text| !text.is_empty());
    typed.map(str::parse).transpose().map_err(|error: AddressError| (name, error.to_string()))
}

fn address(form: &Form) -> Result<Address, Wrong> {
    let typed = given(form, Name::Address, "name its address")?;
    typed.parse().map_err(|error: AddressError| (Name::Address, error.to_string()))
}

/// Those who are named, each once; nobody where nothing is typed.
pub(super) fn only(form: &Form) -> Result<Vec<Address>, Wrong> {
    let parsed = form.text(Name::Only).split_whitespace().map(str::parse).collect::<Result<Vec<Address>, _>>();
    let mut only = parsed.map_err(|error: AddressError| (Name::Only, error.to_string()))?;
    only.sort();
    only.dedup();
    Ok(only)
}

/// One name, or every one where nothing is typed.
fn reference(form: &Form) -> Result<Option<Reference>, Wrong> {
    let typed = form.text(Name::Reference);
    if typed.is_empty() {
        return Ok(None);
    }
    typed.parse().map(Some).map_err(|error: ReferenceError| (Name::Reference, error.to_string()))
}

fn namespace(form: &Form) -> Result<Namespace, Wrong> {
    let typed = given(form, Name::Namespace, "name a registry and a path on it")?;
    typed.parse().map_err(|error: NamespaceError| (Name::Namespace, error.to_string()))
}

fn revocation(form: &Form) -> Result<Statement, Wrong> {
    let reference = named(form)?;
    let digests = given(form, Name::Digest, "name the digest")?.split_whitespace().map(str::parse);
    let wrong = |error: DigestError| (Name::Digest, error.to_string());
    let mut digests: Vec<Digest> = digests.collect::<Result<_, _>>().map_err(wrong)?;
    digests.sort();
    digests.dedup();
    let reason = given(form, Name::Reason, "say why: anybody who verifies the image will read it")?.to_owned();
    Ok(Statement::Revocation { reference, digests, reason })
}

/// The name that must be there.
pub(super) fn named(form: &Form) -> Result<Reference, Wrong> {
    reference(form)?.ok_or_else(|| (Name::Reference, "name the image".to_owned()))
}

/// What was pasted, or the file that is named.
fn carried(form: &Form) -> Result<GivenSource, Wrong> {
    match &form.document {
        Some(text) => Ok(GivenSource::Text(text.clone())),
        None => Ok(GivenSource::File(given(form, Name::File, "name its file, or paste its text")?.into())),
    }
}

fn delegation(form: &Form, now: Timestamp) -> Result<Statement, Wrong> {
    let delegate = address(form)?;
    let reference = reference(form)?;
    let expiry = if form.chosen(Name::What) == 0 {
        let until = given(form, Name::Until, "say until when")?;
        let until = Until::parse(until).map_err(|error| (Name::Until, error))?.moment(now);
        if until <= now {
            return Err((Name::Until, format!("{until} is over")));
        }
        until
    } else {
        Timestamp(0)
    };
    Ok(Statement::Delegation { reference, delegate, expiry })
}

fn succession(form: &Form) -> Result<Statement, Wrong> {
    Ok(match form.chosen(Name::What) {
        0 => {
            let successor = Some(address(form)?);
            Statement::SuccessionOffer { reference: reference(form)?, successor }
        }
        1 => Statement::SuccessionOffer { reference: reference(form)?, successor: None },
        _ => {
            let publisher = address(form)?;
            Statement::SuccessionAcceptance { reference: reference(form)?, publisher }
        }
    })
}

/// What cannot be undone is typed.
fn sure(form: &Form, accounts: &Accounts, account: Address) -> Result<(), Wrong> {
    let typed = form.text(Name::Typed);
    let label = accounts.get(account).and_then(|account| account.label.as_deref());
    let is_address = typed.parse() == Ok(account);
    if is_address || (!typed.is_empty() && Some(typed) == label) {
        return Ok(());
    }
    Err((Name::Typed, "type its address or its label to be sure".to_owned()))
}
