//! Keeping a geth running: its start, its ends, and the pauses between.
//!
//! ```text
//!   start ──► silent ──► answers ──► ended ──► pause ──► start
//!               │ the first one ended at once     ▲
//!               ├──► given up                     │
//!               └── ended, or silent for too long ┘
//! ```

use std::{
    cell::RefCell,
    fs::{self, File},
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{
    GethNews, GethOptions, Listing,
    ending::{NOW_AND_THEN, Place},
    endpoint_of, find_runner, folder, prepare,
    runner::{Runner, Running, end_leftover, log},
    take_over,
};
use crate::{
    chain::{Chain, ChainConfig},
    config::{self, Network},
    domain::text::clean_to,
    ops::{Context, Failure, context::blocking},
};

/// Whoever answers as long is well: the next end is a new one. The first start that ends sooner will end so again.
const WELL: Duration = Duration::from_mins(1);
/// The longest pause is two to this power, in seconds.
const LONGEST: u32 = 8;
/// Bytes at the log's end that are looked at for a reason.
const TAIL: u64 = 16 * 1024;

/// Runs geth until the future is dropped, which stops it: starts it again after it ended, each time after a longer pause.
///
/// # Errors
/// `geth-absent` without the program or the image; `geth-busy` when another process runs it for this home; `geth-failed` when
/// its first start ends at once.
pub async fn run_geth(context: &Context, options: &GethOptions, tell: impl FnMut(GethNews)) -> Result<(), Failure> {
    let tell = RefCell::new(tell);
    let tell = |news| (tell.borrow_mut())(news);
    let folder = folder(context, options.chain);
    let place = Place { folder: &folder, chain: options.chain, tell: &tell };
    let runner = find_runner(context, options).await?;
    let _alone = take_over(&folder)?;
    if end_leftover(context, place).await? {
        tell(GethNews::LeftoverStopped);
    }
    prepare(place, &runner).await?;
    let mut arguments = options.chain.arguments(options.engine_port);
    arguments.extend(["--ipcpath".to_owned(), folder.join("geth.ipc").display().to_string()]);
    arguments.extend(options.more.iter().cloned());
    let (mut ends, mut is_first) = (0, true);
    loop {
        let (cause, answered) = match run_once(context, &runner, place, arguments.clone(), is_first).await {
            Ok(end) => end,
            Err(failure) if is_first => return Err(failure),
            Err(failure) => (failure.to_string(), Duration::ZERO),
        };
        is_first = false;
        ends = if answered >= WELL { 1 } else { ends + 1 };
        let again_in = pause(ends);
        tell(GethNews::Ended { cause, again_in });
        sleep(again_in).await;
    }
}

/// The pause after so many ends in a row.
fn pause(ends: u32) -> Duration {
    Duration::from_secs(1 << ends.min(LONGEST))
}

/// Runs it until it ends: why it did, and for how long it answered.
async fn run_once(
    context: &Context,
    runner: &Runner,
    place: Place<'_>,
    arguments: Vec<String>,
    is_first: bool,
) -> Result<(String, Duration), Failure> {
    if !is_first {
        // A container that the engine did not remove then is in the way now.
        end_leftover(context, place).await?;
    }
    // A socket that a killed one left behind answers nobody.
    let _ = fs::remove_file(place.folder.join("geth.ipc"));
    let began = Instant::now();
    let mut running = runner.start(place, arguments).await?;
    let ready = answers(&mut running, place).await;
    let since = Instant::now();
    let status = match &ready {
        Ok(()) => {
            (place.tell)(told(context, place, is_first).await?);
            loop {
                sleep(running.pause()).await;
                if let Some(status) = running.end().await {
                    break format!("it ended ({status})");
                }
            }
        }
        Err(silence) => silence.clone(),
    };
    running.keep_words().await;
    let answered = ready.as_ref().map_or(Duration::ZERO, |()| since.elapsed());
    let cause = reason(&log(place.folder)).map_or_else(|| status.clone(), |reason| format!("{status}: {reason}"));
    drop(running);
    // What did not start at all will not start the next time.
    if is_first && ready.is_err() && began.elapsed() < WELL {
        return Err(Failure::new("geth-failed", &format!("geth does not run: {cause}"))
            .hint(&format!("its log is {}", log(place.folder).display())));
    }
    Ok((cause, answered))
}

async fn told(context: &Context, place: Place<'_>, is_first: bool) -> Result<GethNews, Failure> {
    let listing = match add_network(context, place).await {
        // A configuration that was spoiled since then is no reason to stop a node.
        Err(_) if !is_first => Listing::Own,
        listing => listing?,
    };
    Ok(GethNews::Ready {
        endpoint: endpoint_of(place.folder)?.to_string(),
        log: log(place.folder),
        listing,
        secret: (!place.chain.is_private()).then(|| place.folder.join("data/geth/jwtsecret")),
    })
}

/// The socket appears when geth answers; whether it is this one, its chain id tells. Why it does not, otherwise.
async fn answers(running: &mut Running<'_>, place: Place<'_>) -> Result<(), String> {
    let Place { folder, chain, tell } = place;
    let (began, mut due) = (Instant::now(), NOW_AND_THEN);
    let endpoint = endpoint_of(folder).map_err(|failure| failure.to_string())?;
    let config = ChainConfig { chain_id: Some(chain.id()), ..ChainConfig::new(chain.name(), vec![endpoint]) };
    let node = Chain::new(config).map_err(|error| error.to_string())?;
    loop {
        if let Some(status) = running.end().await {
            return Err(format!("it ended ({status})"));
        }
        if folder.join("geth.ipc").exists() && node.chain_id().await.is_ok() {
            return Ok(());
        }
        let waited = began.elapsed();
        if waited >= chain.starting() {
            return Err(format!("it does not answer within {} s", chain.starting().as_secs()));
        }
        if waited >= due {
            tell(GethNews::Opening { waited });
            due += NOW_AND_THEN;
        }
        sleep(running.pause()).await;
    }
}

/// Writes the network down where there is none of that name.
async fn add_network(context: &Context, place: Place<'_>) -> Result<Listing, Failure> {
    let Place { chain, .. } = place;
    let own = endpoint_of(place.folder)?;
    if let Some(there) = context.config().networks.iter().find(|network| network.name == chain.name()) {
        return Ok(Listing::of(&there.rpc, &own));
    }
    let network = Network { chain_id: Some(chain.id()), ..Network::new(chain.name(), vec![own]) };
    let home = context.config().home.clone();
    blocking(move || match config::add_network(&home, &network) {
        // By another process, a moment ago.
        Err(error) if error.code() == "network-exists" => Ok(Listing::Own),
        added => added.map(|()| Listing::Added).map_err(Failure::from),
    })
    .await
}

/// The last line of the log that says why, in geth's words.
pub(super) fn reason(log: &Path) -> Option<String> {
    let mut file = File::open(log).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut text = Vec::new();
    file.take(TAIL).read_to_end(&mut text).ok()?;
    let text = String::from_utf8_lossy(&text);
    let is_grave = |line: &&str| {
        ["Fatal", "ERROR", "CRIT", "flag provided but not defined"].iter().any(|word| line.contains(word))
    };
    let line = text.lines().rev().find(is_grave)?;
    let known = if line.contains("already used by another process") { "another geth uses its folder: " } else { "" };
    Some(clean_to(&format!("{known}{}", line.trim()), 300))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_minutes() {
        assert_eq!([1, 2, 3, 9, 40].map(|ends| pause(ends).as_secs()), [2, 4, 8, 256, 256]);
    }
}
