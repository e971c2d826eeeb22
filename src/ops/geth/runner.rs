//! Where a managed geth runs: as a program of this machine, or in a container.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    os::unix::{fs::MetadataExt as _, fs::OpenOptionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::{runtime::Builder, time::sleep};

use super::{
    GethNews,
    ending::{Ending, LOOK, Place},
};
use crate::{
    docker::{ContainerPlan, Engine, EngineError, Removal},
    domain::Digest,
    ops::{Context, Failure},
    store::{StoreError, files},
};

/// A container is asked for over a socket.
const SELDOM: Duration = Duration::from_secs(1);
/// The longest pause between two looks, while the engine does not answer.
const RARELY: Duration = Duration::from_mins(1);
/// For a chain to be made.
const INIT: Duration = Duration::from_mins(1);
/// Size from which on the log becomes `geth.log.1`, and a new one is begun.
const LOG_SIZE: u64 = 16 << 20;

/// What runs it.
#[derive(Debug, Clone)]
pub(super) enum Runner {
    /// A program of this machine.
    Program(PathBuf),
    /// A container of this image.
    Container { engine: Box<Engine>, image: String, host_network: bool },
}

/// One geth, stopped when it is dropped.
pub(super) struct Running<'p> {
    place: Place<'p>,
    kind: Kind,
    /// Looks in a row at which the engine did not tell whether it runs.
    unseen: u32,
}

enum Kind {
    Program(Child),
    Container(Box<Engine>),
}

pub(super) fn log(folder: &Path) -> PathBuf {
    folder.join("geth.log")
}

/// There while a container may be.
fn container_mark(folder: &Path) -> PathBuf {
    folder.join("geth.container")
}

/// The container's name: as long as it is there, no other of this folder can be.
fn container(folder: &Path) -> String {
    let digest = Digest::of(folder.as_os_str().as_encoded_bytes()).to_string();
    format!("daochain-geth-{}", digest.get(7..19).unwrap_or_default())
}

impl Runner {
    /// Starts geth.
    pub(super) async fn start<'p>(&self, place: Place<'p>, arguments: Vec<String>) -> Result<Running<'p>, Failure> {
        let folder = place.folder;
        let mut all = vec!["--datadir".to_owned(), folder.join("data").display().to_string()];
        if matches!(self, Self::Container { .. }) {
            // What the engine keeps of its words is for the last ones.
            all.extend(["--log.file".to_owned(), log(folder).display().to_string()]);
        }
        all.extend(arguments);
        match self {
            Self::Program(program) => {
                let child = spawn(program, folder, &all)?;
                let number = child.id().to_string();
                let running = Running { place, kind: Kind::Program(child), unseen: 0 };
                files::replace(&folder.join("geth.pid"), number.as_bytes()).map_err(StoreError::from)?;
                Ok(running)
            }
            Self::Container { engine, image, host_network } => {
                let own = fs::metadata(folder).map(|own| (own.uid(), own.gid())).unwrap_or_default();
                let plan = ContainerPlan {
                    name: &container(folder),
                    image,
                    arguments: all,
                    folder,
                    user: format!("{}:{}", own.0, own.1),
                    host_network: *host_network,
                };
                files::replace(&container_mark(folder), plan.name.as_bytes()).map_err(StoreError::from)?;
                // Whoever is stopped while it starts has it removed all the same.
                let running = Running { place, kind: Kind::Container(engine.clone()), unseen: 0 };
                engine.start_container(&plan).await?;
                Ok(running)
            }
        }
    }

    /// Has geth do one thing, and says whether it did.
    pub(super) async fn run(&self, place: Place<'_>, arguments: Vec<String>) -> Result<bool, Failure> {
        let deadline = Instant::now() + INIT;
        let mut running = self.start(place, arguments).await?;
        loop {
            match running.end().await {
                Some(end) => {
                    running.keep_words().await;
                    return Ok(end == "exit status: 0");
                }
                None if Instant::now() >= deadline => return Ok(false),
                None => sleep(LOOK).await,
            }
        }
    }
}

/// In a group of its own: what ends this process from its terminal would end geth without its writing anything.
fn spawn(program: &Path, folder: &Path, arguments: &[String]) -> Result<Child, Failure> {
    let log = open_log(folder)?;
    let again =
        log.try_clone().map_err(|error| Failure::new("internal", &format!("the log has no second way in: {error}")))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(log).stderr(again).process_group(0);
    // geth takes every name that begins so for one of its options.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GETH")) {
        command.env_remove(name);
    }
    command.spawn().map_err(|error| {
        Failure::new("geth-failed", &format!("`{}` cannot be started: {error}", program.display()))
            .hint("name another program in DAOCHAIN_GETH")
    })
}

pub(super) fn open_log(folder: &Path) -> Result<File, Failure> {
    let path = log(folder);
    OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(|error| {
        Failure::new("home-unwritable", &format!("`{}` cannot be written: {error}", path.display()))
            .hint("make the home's folder writable")
    })
}

/// Begins the log anew once it is large. geth goes on writing at its end, wherever that is: it was opened to append.
fn bound_log(folder: &Path) {
    let path = log(folder);
    if fs::metadata(&path).is_ok_and(|log| log.len() > LOG_SIZE)
        && fs::copy(&path, path.with_extension("log.1")).is_ok()
    {
        // A log that stays long is no reason to stop a node.
        let _ = OpenOptions::new().write(true).open(&path).and_then(|log| log.set_len(0));
    }
}

/// The process that runs geth in `folder`, if it still does: a recycled number is another's process.
fn leftover(folder: &Path) -> Option<Pid> {
    let number = fs::read_to_string(folder.join("geth.pid")).ok()?;
    let pid = Pid::from_raw(number.trim().parse().ok()?)?;
    let command = fs::read(format!("/proc/{}/cmdline", number.trim())).ok()?;
    let data = folder.join("data");
    command.split(|byte| *byte == 0).any(|word| word == data.as_os_str().as_encoded_bytes()).then_some(pid)
}

/// Bytes of memory that geth has in `folder`, while it runs on this machine and not in a container (proc(5): `statm` counts
/// pages).
pub(super) fn memory(folder: &Path) -> Option<u64> {
    let pid = leftover(folder)?;
    let counts = fs::read_to_string(format!("/proc/{}/statm", pid.as_raw_nonzero())).ok()?;
    let pages: u64 = counts.split(' ').nth(1)?.parse().ok()?;
    Some(pages * u64::try_from(rustix::param::page_size()).ok()?)
}

/// Ends what a supervisor that was killed left behind. True where there was something.
pub(super) async fn end_leftover(context: &Context, place: Place<'_>) -> Result<bool, Failure> {
    if let Some(pid) = leftover(place.folder) {
        end_process(pid, place).await;
        return Ok(true);
    }
    if !container_mark(place.folder).exists() {
        return Ok(false);
    }
    let (engine, name) = (context.engine().await?, container(place.folder));
    let mut ending = Ending::of(place);
    let removal = ending.wait_for(remove(&engine, &name, place.chain.ending())).await?;
    if removal == Removal::Killed {
        ending.tell_killed();
    }
    let _ = fs::remove_file(container_mark(place.folder));
    Ok(removal != Removal::Absent)
}

async fn end_process(pid: Pid, place: Place<'_>) {
    let _ = kill_process(pid, Signal::TERM);
    let mut ending = Ending::of(place);
    let mut is_killed = false;
    while test_kill_process(pid).is_ok() && leftover(place.folder) == Some(pid) {
        if ending.is_over() && !is_killed {
            ending.tell_killed();
            let _ = kill_process(pid, Signal::KILL);
            is_killed = true;
        }
        sleep(LOOK).await;
    }
}

/// Removes a container. An engine that is just starting anew is asked again, for as long as geth may take to end.
async fn remove(engine: &Engine, name: &str, patience: Duration) -> Result<Removal, EngineError> {
    let deadline = Instant::now() + patience;
    loop {
        match engine.remove_container(name, patience).await {
            Err(_) if Instant::now() < deadline => sleep(SELDOM).await,
            removal => return removal,
        }
    }
}

impl Running<'_> {
    /// How it ended, if it did. An engine that does not answer tells neither: it is looked again, less and less often.
    pub(super) async fn end(&mut self) -> Option<String> {
        bound_log(self.place.folder);
        let seen = match &mut self.kind {
            Kind::Program(child) => match child.try_wait() {
                Ok(end) => return end.map(|status| status.to_string()),
                Err(error) => return Some(format!("its end is not told: {error}")),
            },
            Kind::Container(engine) => engine.container_end(&container(self.place.folder)).await,
        };
        match seen {
            Ok(end) => {
                self.unseen = 0;
                end.map(|code| format!("exit status: {code}"))
            }
            Err(error) => {
                if self.unseen == 0 {
                    (self.place.tell)(GethNews::Unseen { cause: error.to_string() });
                }
                self.unseen += 1;
                None
            }
        }
    }

    /// Pause between two looks at whether it ended.
    pub(super) fn pause(&self) -> Duration {
        match self.kind {
            Kind::Program(_) => LOOK,
            Kind::Container(_) => (SELDOM * (1 << self.unseen.min(6))).min(RARELY),
        }
    }

    /// Adds a container's last words to the log: what it said before it had one.
    pub(super) async fn keep_words(&self) {
        if let Kind::Container(engine) = &self.kind {
            let words = engine.container_words(&container(self.place.folder)).await;
            let _ = open_log(self.place.folder).map(|mut log| log.write_all(words.as_bytes()));
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let place = self.place;
        match &mut self.kind {
            Kind::Program(child) => {
                stop(child, Ending::of(place));
                let _ = fs::remove_file(place.folder.join("geth.pid"));
            }
            Kind::Container(engine) => stop_container(engine, place),
        }
    }
}

pub(super) fn stop(child: &mut Child, mut ending: Ending<'_>) {
    if let Ok(None) = child.try_wait()
        && let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw)
    {
        let _ = kill_process(pid, Signal::TERM);
    }
    while matches!(child.try_wait(), Ok(None)) {
        if ending.is_over() {
            ending.tell_killed();
            let _ = child.kill();
            let _ = child.wait();
            return;
        }
        thread::sleep(LOOK);
    }
}

/// Dropping cannot wait for what is asynchronous, and this must be done before the process ends.
fn stop_container(engine: &Engine, place: Place<'_>) {
    let (engine, name, patience) = (engine.clone(), container(place.folder), place.chain.ending());
    let mut ending = Ending::of(place);
    let stopping = thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
        runtime.block_on(remove(&engine, &name, patience)).map_err(|error| error.to_string())
    });
    while !stopping.is_finished() {
        ending.is_over();
        thread::sleep(LOOK);
    }
    match stopping.join().unwrap_or_else(|_| Err("a worker ended unexpectedly".to_owned())) {
        Ok(removal) => {
            if removal == Removal::Killed {
                ending.tell_killed();
            }
            let _ = fs::remove_file(container_mark(place.folder));
        }
        Err(cause) => (place.tell)(GethNews::Left { cause }),
    }
}
