//! What could be meant by a word that is not typed to its end: for completions, so at once or not at all.

use std::{sync::mpsc, thread, time::Duration};

use tokio::time::timeout;

use super::doctor::Env;
use crate::{
    config::{Config, Options, load_trust},
    domain::{Address, Reference},
    keystore::Keystore,
    ops::Context,
};

/// How long who types waits.
const PATIENCE: Duration = Duration::from_millis(300);

/// A word, and what it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Meant {
    /// The word.
    pub word: String,
    /// What it is.
    pub help: Option<String>,
}

/// The names of the engine's images, and those that trust rules name whole. Empty where the engine does not answer at once.
#[must_use]
pub fn references(options: Options, env: Env) -> Vec<Meant> {
    bounded(move |tell| {
        let Ok(config) = Config::load(options, &env) else { return };
        let policy = load_trust(&config.home).unwrap_or_default();
        let whole = policy.rules.iter().filter_map(|rule| rule.pattern.to_string().parse::<Reference>().ok());
        let trusted = |name: Reference| {
            let help = Some("named by a trust rule".to_owned());
            Meant { word: name.familiar().to_owned(), help }
        };
        tell(whole.map(trusted).collect());
        let Ok(context) = Context::bare(config) else { return };
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        let list = async {
            let engine = context.reach_engine().await.ok().filter(|_| !context.skips_engine())?;
            engine.list().await.ok()
        };
        // The limit's clock is the runtime's.
        let images = runtime.block_on(async { timeout(PATIENCE, list).await }).ok().flatten().unwrap_or_default();
        let names = images.iter().flat_map(|image| &image.references);
        tell(names.map(|name| Meant { word: name.familiar().to_owned(), help: None }).collect());
    })
}

/// This home's accounts, and the publishers of its trust rules, by what they are called.
#[must_use]
pub fn addresses(options: Options, env: Env) -> Vec<Meant> {
    bounded(move |tell| {
        let Ok(config) = Config::load(options, &env) else { return };
        let (keys, _) = Keystore::open(&config.home.keystore_dir).list().unwrap_or_default();
        let own = keys.iter().map(|key| key.address).chain(config.signers.keys().copied());
        let called = |address: Address| {
            let help = config.labels.get(&address).cloned().unwrap_or_else(|| "an account of this home".to_owned());
            Meant { word: address.to_string(), help: Some(help) }
        };
        tell(own.map(called).collect());
        let policy = load_trust(&config.home).unwrap_or_default();
        let trusted = policy.rules.iter().map(|rule| Meant {
            word: rule.publisher.to_string(),
            help: Some(rule.name.clone().unwrap_or_else(|| format!("trusted for {}", rule.pattern))),
        });
        tell(trusted.collect());
    })
}

/// The networks of the configuration.
#[must_use]
pub fn networks(options: Options, env: Env) -> Vec<Meant> {
    bounded(move |tell| {
        // The name that is being typed may be none yet.
        let Ok(config) = Config::load(Options { network: None, ..options }, &env) else { return };
        tell(config.networks.iter().map(|one| Meant { word: one.name.clone(), help: None }).collect());
    })
}

/// What `work` told in time, each word once and in order. What it does after that is lost with the process.
fn bounded(work: impl FnOnce(&dyn Fn(Vec<Meant>)) + Send + 'static) -> Vec<Meant> {
    let (sender, receiver) = mpsc::channel();
    let tell = move |meant| {
        let _ = sender.send(meant);
    };
    thread::spawn(move || work(&tell));
    let until = std::time::Instant::now() + PATIENCE;
    let mut all = Vec::new();
    while let Ok(meant) = receiver.recv_timeout(until.saturating_duration_since(std::time::Instant::now())) {
        all.extend(meant);
    }
    all.sort();
    all.dedup_by(|one, other| one.word == other.word);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_too_late_is_left_out() {
        let meant = |word: &str| Meant { word: word.to_owned(), help: None };
        let (release, released) = mpsc::channel::<()>();
        let told = bounded(move |tell| {
            tell(vec![meant("b"), meant("a"), meant("b")]);
            let _ = released.recv();
            tell(vec![meant("late")]);
        });
        drop(release);
        assert_eq!(told, [Meant { word: "a".to_owned(), help: None }, Meant { word: "b".to_owned(), help: None }]);
    }
}
