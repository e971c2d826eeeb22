//! Starting a geth from a program that may end before it: a process of its own watches it, as `daochain node start --geth` does.

use std::{
    fs::{self, File, OpenOptions},
    io::Read as _,
    os::unix::{fs::OpenOptionsExt as _, process::CommandExt as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use super::{GethChain, endpoint_of, folder, managed, watcher};
use crate::{
    chain::{Chain, ChainConfig},
    domain::{progress::Watch, text::clean_to},
    ops::{Context, Failure},
};

/// How often it is looked whether geth answers.
const LOOK: Duration = Duration::from_millis(250);
/// After this time it is left to start by itself: it may have a large database to open.
const PATIENCE: Duration = Duration::from_mins(1);
/// Bytes of what the process said that are looked at for a reason.
const SAID: u64 = 4096;

/// Starts the geth that the current network consists of, or else the private chain's, in a process that goes on when this one
/// ends. What came of it, in one sentence.
///
/// # Errors
/// `geth-busy` where it runs already; `geth-failed` with what the process said, where it ended; cancelled, and then it is ended.
pub async fn start_geth(context: &Context, watch: &dyn Watch) -> Result<String, Failure> {
    let chain = managed(context, &context.config().network.rpc).unwrap_or(GethChain::PRIVATE);
    let folder = folder(context, chain);
    if let Some(process) = watcher(&folder) {
        let message = format!("process {process} watches the geth of this home already");
        return Err(Failure::new("geth-busy", &message).hint("`daochain node stop` ends it"));
    }
    let said = context.config().home.database.with_file_name("geth-start.log");
    let mut child = spawn(context, chain, &said)?;
    let endpoint = endpoint_of(&folder)?;
    let began = Instant::now();
    loop {
        if watch.is_cancelled() {
            end(&mut child);
            return Err(Failure::cancelled());
        }
        if let Ok(Some(status)) = child.try_wait() {
            let reason = reason(&said).unwrap_or_else(|| status.to_string());
            return Err(Failure::new("geth-failed", &format!("geth was not started: {reason}"))
                .hint("`daochain node start --geth` in a terminal tells more"));
        }
        let one = Chain::new(ChainConfig::new(chain.name(), vec![endpoint.clone()]))?;
        let answers = match one.endpoints().first() {
            Some(endpoint) => endpoint.chain_id().await.is_ok(),
            None => false,
        };
        if answers || began.elapsed() > PATIENCE {
            let process = child.id();
            // Whoever ends it later, it must not stay as a name without a process.
            let _ = thread::Builder::new().name("geth".to_owned()).spawn(move || child.wait());
            let name = chain.name();
            return Ok(if answers {
                format!("geth answers, watched by process {process}: it is the network `{name}`")
            } else {
                format!("geth is still starting, watched by process {process}")
            });
        }
        sleep(LOOK).await;
    }
}

fn spawn(context: &Context, chain: GethChain, said: &PathBuf) -> Result<Child, Failure> {
    let failed = |what: &str, cause: std::io::Error| {
        Failure::new("geth-failed", &format!("{what}: {}", clean_to(&cause.to_string(), 200)))
    };
    let own = std::env::current_exe().map_err(|cause| failed("this program does not find itself", cause))?;
    let words = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(said);
    let words = words.map_err(|cause| failed(&format!("`{}` cannot be written", said.display()), cause))?;
    let mut command = Command::new(own);
    command.args(["node", "start", "--geth"]);
    if !chain.is_private() {
        command.args(["--chain", chain.name()]);
    }
    let home = &context.config().home;
    if let Some(folder) = home.database.parent().filter(|folder| Some(*folder) == home.config_file.parent()) {
        command.arg("--home").arg(folder);
    }
    // A group of its own: what a terminal sends when it goes away, geth takes for a reason to end at once.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(words).process_group(0);
    command.spawn().map_err(|cause| failed("a process of its own cannot be started", cause))
}

fn end(child: &mut Child) {
    if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::TERM);
    }
    let _ = child.wait();
}

/// The first line of what the process said.
fn reason(said: &PathBuf) -> Option<String> {
    let mut text = String::new();
    File::open(said).ok()?.take(SAID).read_to_string(&mut text).ok()?;
    let _ = fs::remove_file(said);
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    Some(clean_to(line.trim_start_matches("daochain: "), 300))
}
