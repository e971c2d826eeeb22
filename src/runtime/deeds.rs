//! What dialogs have done: to accounts, the configuration, geth, the trust policy's file, logins and registries.

use std::{
    ffi::OsString,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::market::beside;
use crate::{
    app::{
        effect::{Deed, KeySource, Setting},
        msg::{Abilities, Done},
    },
    domain::{
        Address, Reference, Timestamp,
        account::AccountKind,
        image::Evidence,
        progress::{Progress, Watch},
        text::clean,
    },
    ops::{
        self, Context, Failure, Passphrase,
        accounts::{add_signer, ask_signer, choose_of_signer, find_account, forget_signer, label_account},
        keys::{
            self, Protection, SealedFile, add_account, change_passphrase, export_account, remove_account,
            restore_account,
        },
        layers::Layers,
        pull::Step,
        unlock,
    },
};

/// The path that a shell would make of one that begins with `~/`.
pub(super) fn expanded(path: PathBuf) -> PathBuf {
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(below), Some(home)) => home.join(below),
        _ => path,
    }
}

/// Nothing was done so far, and is not wanted any more.
fn wanted(watch: &dyn Watch) -> Result<(), Failure> {
    if watch.is_cancelled() { Err(Failure::cancelled()) } else { Ok(()) }
}

/// What was typed into the secret fields of a dialog.
pub struct Typed {
    /// The passphrase that opens a key.
    pub open: Passphrase,
    /// A passphrase to be.
    pub new: Passphrase,
    /// A key as digits or words.
    pub key: Zeroizing<String>,
}

/// Does it, unless it is cancelled before anything is written.
pub(super) async fn perform(
    context: &Context,
    deed: Deed,
    typed: Typed,
    (token, watch): (CancellationToken, Arc<dyn Watch>),
) -> Result<Done, Failure> {
    match deed {
        Deed::Keep { source, label } => keep(context, source, label, typed, watch).await,
        Deed::Know { address, kind, label } => know(context, (address, kind), label, &*watch).await,
        Deed::Label { address, label } => {
            let words = label.as_ref().map_or_else(|| "nothing any more".to_owned(), |label| clean(label));
            label_account(context, address, label).await?;
            Ok(done(address, format!("{address} is called {words}")))
        }
        Deed::Export { address, out } => {
            let new = Protection::of(typed.new);
            let (_, copy) = export_account(context, address, typed.open, new, &expanded(out), watch).await?;
            Ok(done(address, format!("the copy was written to {}", clean(&copy.display().to_string()))))
        }
        Deed::ChangePassphrase(address) => {
            change_passphrase(context, address, typed.open, Protection::of(typed.new), watch).await?;
            Ok(done(address, "the key has its new passphrase".to_owned()))
        }
        Deed::Remove { address, file } => remove(context, address, file).await,
        Deed::Restore(address) => {
            restore_account(context, address).await?;
            Ok(done(address, format!("{address} is back")))
        }
        Deed::Configure(setting) => configure(context, setting).await,
        Deed::Geth(start) => {
            let own = context.clone();
            beside(token, move || async move { geth(&own, start, &*watch).await }).await
        }
        Deed::ExportTrust(out) => {
            let (text, out) = (ops::trust::policy_text(context)?, expanded(out));
            let digest = ops::trust::export_policy(&out, text).await?;
            Ok(told(format!("the policy was written to {}; its digest is {digest}", clean(&out.display().to_string()))))
        }
        Deed::LogIn { registry, user } => {
            let (own, password) = (context.clone(), typed.open);
            beside(token, move || async move { log_in(&own, &registry, &user, password).await }).await
        }
        Deed::LogOut(registry) => {
            let places = ops::registries::log_out(context, &registry).await?;
            let (name, was) = (clean(&registry), if places.is_empty() { "there was no" } else { "forgotten is the" });
            Ok(told(format!("{was} login for {name}")))
        }
        Deed::Push { reference, evidence } => {
            let own = context.clone();
            beside(token, move || async move { push(&own, &reference, &evidence, watch).await }).await
        }
        Deed::Unlock { address, seconds } => {
            let until = unlock::unlock_for(context, address, typed.open, Duration::from_secs(seconds)).await?;
            if watch.is_cancelled() {
                unlock::lock(context, address);
                return Err(Failure::cancelled());
            }
            let words = format!("{address} asks no passphrase for {} minutes; `u` locks it", seconds / 60);
            Ok(Done { open_until: Some(until), ..done(address, words) })
        }
    }
}

/// Starts this home's own geth, or stops every one.
async fn geth(context: &Context, start: bool, watch: &dyn Watch) -> Result<Done, Failure> {
    if start {
        return ops::geth::start_geth(context, watch).await.map(told);
    }
    let networks = ops::geth::stop_geth(context, |_| ()).await?;
    let words =
        if networks.is_empty() { "no geth of this home runs".to_owned() } else { networks.join(", ") + " was stopped" };
    Ok(told(words))
}

/// Changes the configuration. The screen takes it up when it sees the file.
async fn configure(context: &Context, setting: Setting) -> Result<Done, Failure> {
    let words = match setting {
        Setting::Network(name) => {
            ops::networks::use_network_here(context, &name).await?;
            format!("turning to `{}`", clean(&name))
        }
        Setting::AddNetwork { name, rpc, agree, contract, directory } => {
            let rpc = rpc.iter().map(|text| ops::networks::endpoint(text)).collect::<Result<_, _>>()?;
            ops::networks::add_network(context, &name, rpc, agree, (contract, directory)).await?;
            format!("the network `{}` is known", clean(&name))
        }
        Setting::RemoveNetwork(name) => {
            ops::networks::remove_network(context, &name).await?;
            format!("the network `{}` is forgotten", clean(&name))
        }
        Setting::Engine(url) => {
            ops::images::name_engine(context, url).await?;
            "the engine is asked there".to_owned()
        }
    };
    Ok(told(words))
}

async fn log_in(context: &Context, registry: &str, user: &str, password: Passphrase) -> Result<Done, Failure> {
    let kept = ops::registries::log_in(context, registry, user, password).await?;
    let doubt = if kept.is_checked { "" } else { "; the registry did not ask, so nobody knows whether it is good" };
    Ok(told(format!("{} is logged in to {}{doubt}", clean(user), clean(registry))))
}

async fn push(
    context: &Context,
    reference: &Reference,
    evidence: &Evidence,
    watch: Arc<dyn Watch>,
) -> Result<Done, Failure> {
    let (began, layers, further) = (Instant::now(), Mutex::new(Layers::default()), Arc::clone(&watch));
    let tell = move |step| {
        let Step::Layer(step) = step else { return };
        let mut layers = layers.lock().unwrap_or_else(PoisonError::into_inner);
        layers.take(&step);
        let (done, total) = layers.bytes();
        drop(layers);
        further.report(Progress { done, total, elapsed: began.elapsed() });
    };
    let pushed = ops::push::push(context, reference, evidence, Arc::new(tell), watch).await?;
    let (name, digest) = (reference.familiar(), pushed.digest);
    Ok(told(format!("{name}: its registry serves what is here, as {digest}; `p` publishes it")))
}

fn told(words: String) -> Done {
    Done { account: None, words, open_until: None }
}

fn done(account: Address, words: String) -> Done {
    Done { account: Some(account), words, open_until: None }
}

async fn keep(
    context: &Context,
    source: KeySource,
    label: Option<String>,
    typed: Typed,
    watch: Arc<dyn Watch>,
) -> Result<Done, Failure> {
    let Typed { open, new, key } = typed;
    let (source, protection) = match source {
        KeySource::New => (keys::KeySource::New, new),
        KeySource::Digits => (keys::KeySource::Hex(key), new),
        KeySource::Words(path) => (keys::KeySource::Mnemonic { words: key, path, passphrase: open }, new),
        KeySource::File(path) => {
            let file = SealedFile::read(&expanded(path))?;
            let same = open.again();
            (keys::KeySource::File { file, passphrase: open }, same)
        }
    };
    source.check()?;
    let account = add_account(context, source, Protection::of(protection), watch).await?.address;
    let mut words = format!("account {account} is kept here; keep a copy of its file and passphrase elsewhere");
    // The key is there, whatever becomes of its label: the same once more would make another.
    if label.is_some()
        && let Err(failure) = label_account(context, account, label).await
    {
        words = format!("{words}. It has no label: {failure}");
    }
    Ok(done(account, words))
}

async fn know(
    context: &Context,
    (named, kind): (Option<Address>, AccountKind),
    label: Option<String>,
    watch: &dyn Watch,
) -> Result<Done, Failure> {
    let address = match (&kind, named) {
        (AccountKind::Clef(url), named) => choose_of_signer(&ask_signer(url).await?, named)?,
        (_, Some(address)) => address,
        (_, None) => return Err(Failure::new("usage", "no account is named").hint("name its address")),
    };
    wanted(watch)?;
    add_signer(context, address, kind).await?;
    if label.is_some() {
        label_account(context, address, label).await?;
    }
    Ok(done(address, format!("account {address} is known here")))
}

async fn remove(context: &Context, address: Address, file: Option<OsString>) -> Result<Done, Failure> {
    unlock::lock(context, address);
    let gone = |words: String| Done { account: None, words, open_until: None };
    if find_account(context, address).await.is_ok_and(|account| account.kind.file().is_none()) {
        forget_signer(context, address).await?;
        return Ok(gone(format!("{address} is not known here any more")));
    }
    let (removed, deleted) = remove_account(context, address, file).await?;
    let deleted = match deleted.len() {
        0 => String::new(),
        count => format!("; {count} older ones were deleted"),
    };
    Ok(gone(format!("{address} was removed; `z` restores it until {}{deleted}", removed.kept_until)))
}

/// What an account may do, from the event index and held to the contract.
pub(super) async fn abilities(
    context: &Context,
    account: Address,
    watch: Arc<dyn Watch>,
) -> Result<Abilities, Failure> {
    let appointments = ops::appointments::appointments(context, account, Arc::clone(&watch)).await?;
    let now: Timestamp = ops::now();
    let standing = appointments.into_iter().filter(|one| one.is_current || one.until.is_some_and(|until| until > now));
    let successions = ops::appointments::successions(context, account, watch).await?;
    Ok(Abilities { appointments: standing.collect(), successions })
}
