//! A check-up of everything that the program rests on. It mends nothing, and makes no home where there is none.
//!
//! ```text
//! check_up: home ─▶ config.toml ─▶ open ─┬▶ examine ─┬▶ files: home, disk, trust, keystore
//!                                        │           ├▶ engine
//!            what fails is a finding, ◀──┘           └▶ node ─▶ contract, clock
//!            and the rest is looked at
//! ```
//!
//! Each part has a bounded time, so that a hanging disk, engine or node is a finding and not a hanging doctor.

mod files;
mod network;
mod terminal;

use std::{future::Future, time::Duration};

use tokio::time::timeout;

pub use terminal::{Seen, terminal};

use super::context::blocking;
use crate::{
    config::{Config, Home, Options},
    docker::{EngineInfo, Store},
    domain::finding::{Area, Finding},
    ops::{Context, Failure},
};

/// For disks: a network mount whose server is away blocks for ever.
const DISK: Duration = Duration::from_secs(5);
/// For the engine. It has five seconds to take a connection.
const ENGINE: Duration = Duration::from_secs(6);
/// For the endpoints. Each has ten seconds for an answer.
const NODE: Duration = Duration::from_secs(11);

/// What an environment variable holds.
pub type Env = fn(&str) -> Option<String>;

/// Looks at everything but the terminal, whatever of it can be opened. The order is [`Area`]'s.
pub async fn check_up(options: Options, env: Env) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(context) = open(options, env, &mut findings).await {
        findings.extend(Box::pin(examine(&context)).await);
        context.close().await;
    }
    findings.sort_by_key(|finding| finding.area);
    findings
}

/// Looks at everything that an opened home rests on, but the terminal.
pub async fn examine(context: &Context) -> Vec<Finding> {
    let (files, engine, network) = tokio::join!(files::of(context), engine(context), network::of(context));
    let configuration = configuration(context.config());
    let mut findings: Vec<_> = configuration.into_iter().chain(files).chain([engine]).chain(network).collect();
    findings.sort_by_key(|finding| finding.area);
    findings
}

/// The home as far as it can be opened. What is wrong with it is added to the findings; `None` where nothing can be asked.
async fn open(options: Options, env: Env, findings: &mut Vec<Finding>) -> Option<Context> {
    let named = options.home.clone();
    let find = blocking(move || Ok(Home::find(named.as_deref(), &env)?));
    let home = match within(DISK, "the home", find).await {
        Ok(home) => home,
        Err(failure) => {
            findings.push(of(Area::Home, &failure));
            return None;
        }
    };
    let load = blocking(move || Ok(Config::load(options, &env)?));
    let config = match within(DISK, "`config.toml`", load).await {
        Ok(config) => config,
        Err(failure) => {
            findings.push(of(Area::Configuration, &failure));
            findings.extend(files::of_home(home, 0).await);
            let words = "not looked at: which engine and network are meant is not known";
            findings.extend([Area::Engine, Area::Node].map(|area| Finding::note(area, words)));
            return None;
        }
    };
    let (whole, exists) = (config.clone(), files::exists(&home).await);
    let opened = if exists {
        within(DISK, "the home", blocking(move || Context::open(whole))).await
    } else {
        Context::bare(whole)
    };
    opened
        .or_else(|failure| {
            // The folder itself is looked at anyway.
            if failure.code != "home-exposed" {
                findings.push(of(Area::Home, &failure));
            }
            Context::bare(config)
        })
        .ok()
}

/// What a workflow would fail with.
fn of(area: Area, failure: &Failure) -> Finding {
    let finding = Finding::trouble(area, &failure.message);
    match &failure.hint {
        Some(hint) => finding.step(hint),
        None => finding,
    }
}

async fn within<T>(limit: Duration, what: &str, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let late = || Failure::new("internal", &format!("{what} did not answer within {} s", limit.as_secs()));
    timeout(limit, work).await.unwrap_or_else(|_| Err(late()))
}

fn configuration(config: &Config) -> Vec<Finding> {
    let shown = config.home.config_file.display();
    let network = &config.network.name;
    let words = if config.home.config_file.exists() {
        format!("`{shown}` is read; the network is `{network}`")
    } else {
        format!("there is no `{shown}`, and nothing needs one; the network is `{network}`")
    };
    let doubts = config.notices.iter().map(|notice| {
        Finding::note(Area::Configuration, notice.sentence()).step("`daochain config show --default` lists the keys")
    });
    std::iter::once(Finding::fine(Area::Configuration, &words)).chain(doubts).collect()
}

async fn engine(context: &Context) -> Finding {
    if context.skips_engine() {
        return Finding::fine(Area::Engine, "none is asked, as `--docker-host none` says");
    }
    let reach = async { Ok(context.reach_engine().await?.info().clone()) };
    match within(ENGINE, "the engine", reach).await {
        Ok(info) => engine_words(&info),
        Err(failure) if super::images::does_without_engine(context) => {
            let words = format!("{}; the archive folders are looked at without one", failure.message);
            Finding::note(Area::Engine, &words)
        }
        Err(failure) if failure.hint.is_none() => {
            of(Area::Engine, &failure).step("see that it runs, or name another with --docker-host")
        }
        Err(failure) => of(Area::Engine, &failure),
    }
}

fn engine_words(info: &EngineInfo) -> Finding {
    let label = format!("{} at {}, API {}", info.label(), info.endpoint, info.api);
    match info.store {
        Store::Classic => Finding::fine(Area::Engine, &format!("{label}, with the classic image store")),
        Store::Containerd => Finding::fine(Area::Engine, &format!("{label}, with containerd's image store")),
        Store::Unknown => {
            let words = format!("{label}; it does not say how it keeps images, so its IDs prove nothing");
            Finding::note(Area::Engine, &words).step("`daochain verify REFERENCE` measures")
        }
    }
}
