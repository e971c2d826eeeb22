//! The command line: one file per command, two streams, exit codes.
//!
//! A command gets a `Session`, presents one result and answers with its exit code, or fails with a
//! [`Failure`], which is told here once for all commands.

mod account;
mod args;
mod carried;
mod carry;
mod completions;
mod config;
mod console;
mod contract;
mod demo;
mod doctor;
mod errors;
mod explain;
mod hash;
mod help;
mod history;
mod human;
mod images;
mod log;
mod login;
mod man;
mod namespace;
mod network;
mod node;
mod observe;
mod people;
mod progress;
mod prompt;
mod publication;
mod publish;
mod pull;
mod push;
mod remote;
mod revoke;
mod screen;
mod search;
mod sending;
mod shown;
mod signals;
mod signing;
mod sources;
mod template;
mod trust;
mod tx;
mod usage;
mod verdicts;
mod verify;
mod version;

use std::{ffi::OsString, future::Future, process::ExitCode, sync::Arc, time::Duration};

use clap::{Parser as _, error::ErrorKind};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use signal_hook::low_level::emulate_default_handler;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use self::{
    args::{Args, Command, Globals},
    console::Console,
};
use crate::{
    config::Config,
    ops::{Context, Failure, follow::has_open},
};

/// How long the embedded node may take to end in order.
const CLOSING: Duration = Duration::from_secs(3);
/// How long threads that were told to stop are waited for.
const STOPPING: Duration = Duration::from_millis(300);

/// What a command works with.
struct Session {
    context: Context,
    console: Console,
    globals: Globals,
    /// Cancelled by a signal.
    token: CancellationToken,
}

/// How the process ends.
enum Exit {
    Code(u8),
    /// By the signal that ended the screen, so that the parent sees why. Raised last, when nothing is left to clean up.
    Signal(i32),
}

/// Has the kernel write no image of this process, which may hold a key, and let no other process of the user read it. Where the
/// kernel cannot, the program goes on.
fn keep_to_ourselves() {
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    keep_to_ourselves();
    completions::answer();
    let argv: Vec<OsString> = std::env::args_os().collect();
    let json = argv.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--json");
    let mut console = Console::new(json);
    // The screen needs no grammar of a hundred options, which takes time and memory.
    let args = if argv.len() > 1 { Args::try_parse_from(argv) } else { Ok(Args::default()) };
    let exit = match args {
        Err(error) => Exit::Code(refuse(&mut console, &error)),
        Ok(args) => {
            console.quiet = args.globals.quiet;
            let exit;
            (console, exit) = run(args, console);
            exit
        }
    };
    match exit {
        Exit::Code(code) => ExitCode::from(console.finish(code)),
        Exit::Signal(number) => {
            console.finish(0);
            let _ = emulate_default_handler(number);
            // Only a signal comes back whose default that function does not know: SIGIO, SIGSTKFLT, SIGPWR, those without a name.
            ExitCode::from(u8::try_from(128 + number).unwrap_or(1))
        }
    }
}

/// Tells what is wrong with the arguments, or the help that they asked for.
fn refuse(console: &mut Console, error: &clap::Error) -> u8 {
    if error.kind() == ErrorKind::DisplayVersion && console.json {
        console.present(&version::Document::new(), |_| ());
        return 0;
    }
    let text = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        console.raw(&text);
        return 0;
    }
    let (message, hint) = usage::told(error, &text);
    console.fail(&Failure::new("usage", &message).hint(&hint))
}

fn run(args: Args, mut console: Console) -> (Console, Exit) {
    let result = match args.command {
        Some(Command::Completions { shell }) => completions::run(&mut console, shell),
        Some(Command::Man { folder }) => man::run(&mut console, &folder),
        Some(Command::Help { topic }) => help::run(&mut console, &topic),
        Some(Command::Config(command)) => config::run(&mut console, &args.globals, &command),
        command => match runtime() {
            Ok(runtime) => {
                let ended = runtime.block_on(perform(command, args.globals, console));
                // What still blocks (a terminal nobody types into) must not keep the process.
                runtime.shutdown_timeout(STOPPING);
                return ended;
            }
            Err(failure) => Err(failure),
        },
    };
    let code = result.unwrap_or_else(|failure| console.fail(&failure));
    (console, Exit::Code(code))
}

fn runtime() -> Result<Runtime, Failure> {
    // Two workers: the program waits for engines and nodes; what computes runs on blocking threads.
    let built =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).max_blocking_threads(16).enable_all().build();
    built.map_err(|error| Failure::new("internal", &format!("the system gives no threads: {error}")))
}

/// Tells the notices from the `told`-th on; how many there are by now.
fn tell_notices(context: &Context, console: &mut Console, told: usize) -> usize {
    let notices = context.notices();
    for notice in notices.iter().skip(told) {
        console.note(&format!("daochain: {}", notice.sentence()));
    }
    notices.len()
}

/// Opens the home, runs a command and closes the home.
async fn perform(command: Option<Command>, globals: Globals, mut console: Console) -> (Console, Exit) {
    if let Some(Command::Demo(demo)) = command {
        let exit = Box::pin(demo::run(&mut console, demo)).await;
        return (console, exit);
    }
    if matches!(command, Some(Command::Doctor)) {
        let code = doctor::run(&mut console, &globals).await.unwrap_or_else(|failure| console.fail(&failure));
        return (console, Exit::Code(code));
    }
    let context = match open(&globals, command.as_ref()) {
        Ok(context) => context,
        Err(failure) => {
            let code = console.fail(&failure);
            return (console, Exit::Code(code));
        }
    };
    let Some(command) = command else {
        let options = globals.options();
        let reread = move || Config::load(options.clone(), &|name| std::env::var(name).ok());
        let exit = Box::pin(screen::run(&mut console, context, Some(Box::new(reread)))).await;
        return (console, exit);
    };
    let told = tell_notices(&context, &mut console, 0);
    context.set_teller(Arc::new(console.teller()));
    let mut session = Session { context: context.clone(), console, globals, token: CancellationToken::new() };
    let token = session.token.clone();
    if matches!(command, Command::Images(_) | Command::Verify(_) | Command::Explain(_) | Command::History(_))
        && has_open(&context).await
    {
        session.console.note(
            "daochain: an earlier publication or revocation has not come to its end; the next one, or the screen, takes it up",
        );
    }
    let sends = matches!(
        command,
        Command::Publish(_)
            | Command::Push(_)
            | Command::Revoke(_)
            | Command::Relay(_)
            | Command::Delegate(args::Delegate::Add { .. } | args::Delegate::Remove { .. })
            | Command::Succession(
                args::Succession::Offer { .. } | args::Succession::Withdraw { .. } | args::Succession::Accept { .. }
            )
            | Command::Retire(_)
            | Command::Namespace(args::Namespace::Claim(_) | args::Namespace::Unclaim { .. })
            | Command::Tx(args::Tx::SpeedUp(_) | args::Tx::Cancel(_))
    );
    let outcome = until_signalled(Box::pin(execute(&mut session, command)), &token, sends).await;
    // Starting the embedded node may have set files aside.
    tell_notices(&context, &mut session.console, told);
    let code = session.console.conclude(outcome);
    close(&context).await;
    (session.console, Exit::Code(code))
}

/// Ends what the context started. A node that does not end in time is left to the process's end; its blocks are on disk.
async fn close(context: &Context) {
    let _ = tokio::time::timeout(CLOSING, context.close()).await;
}

fn open(globals: &Globals, command: Option<&Command>) -> Result<Context, Failure> {
    let mut options = globals.options();
    if matches!(command, Some(Command::Network(_))) {
        // There, --rpc says what to add, not what to ask.
        options.rpc.clear();
    }
    let config = Config::load(options, &|name| std::env::var(name).ok())?;
    log::start(&config, globals.verbose, command.is_none());
    Context::open(config)
}

/// What became of work that a signal may have ended: its result, a failure to tell, or a failure and the signal's code.
type Outcome<T> = Result<T, (Failure, Option<u8>)>;

/// Runs `work` unless a signal ends it.
async fn until_signalled<T>(
    work: impl Future<Output = Result<T, Failure>>,
    token: &CancellationToken,
    sends: bool,
) -> Outcome<T> {
    match signals::unless_ended(work, token).await {
        Ok(Ok(result)) => result.map_err(|failure| (failure, None)),
        Ok(Err(ended)) => {
            prompt::abandon();
            let failure = Failure::new("cancelled", &format!("ended by {}", ended.name()));
            let hint = "what the node already has goes on; the next `publish` or `revoke` of this home tells what became of it";
            let failure = if sends { failure.hint(hint) } else { failure };
            Err((failure, Some(ended.exit_code())))
        }
        Err(failure) => Err((failure, None)),
    }
}

impl Console {
    /// Tells what became of a command, and gives the process's exit code.
    fn conclude(&mut self, outcome: Outcome<u8>) -> u8 {
        match outcome {
            Ok(code) => code,
            Err((failure, ended)) => {
                let code = self.fail(&failure);
                ended.unwrap_or(code)
            }
        }
    }
}

async fn execute(session: &mut Session, command: Command) -> Result<u8, Failure> {
    match command {
        Command::Images(layout) => images::run(session, layout).await,
        Command::Hash(hash) => hash::run(session, hash).await,
        Command::Verify(verify) => verify::run(session, verify).await,
        Command::Explain(explain) => explain::run(session, explain).await,
        Command::Publish(publish) => publish::run(session, publish).await,
        Command::Revoke(revoke) => revoke::run(session, revoke).await,
        Command::Remote(remote) => remote::run(session, remote).await,
        Command::Observe(observe) => observe::run(session, *observe).await,
        Command::Pull(pull) => pull::run(session, pull).await,
        Command::Push(push) => push::run(session, push).await,
        Command::Login(login) => login::run_login(session, login).await,
        Command::Logout(logout) => login::run_logout(session, logout).await,
        Command::Sign(sign) => signing::run_sign(session, sign).await,
        Command::Relay(relay) => signing::run_relay(session, relay).await,
        Command::Delegate(delegate) => people::run_delegate(session, delegate).await,
        Command::Succession(succession) => people::run_succession(session, succession).await,
        Command::Retire(retire) => people::run_retire(session, retire).await,
        Command::History(history) => history::run(session, history).await,
        Command::Search(text) => search::run_search(session, text).await,
        Command::Who(digest) => search::run_who(session, digest).await,
        Command::Account(account) => account::run(session, account).await,
        Command::Trust(trust) => trust::run(session, trust).await,
        Command::Namespace(namespace) => namespace::run(session, namespace).await,
        Command::Contract(contract) => contract::run(session, contract).await,
        Command::Tx(command) => tx::run(session, command).await,
        Command::Node(command) => node::run(session, command).await,
        Command::Network(network) => network::run(session, network).await,
        Command::Demo(_)
        | Command::Doctor
        | Command::Config(_)
        | Command::Completions { .. }
        | Command::Man { .. }
        | Command::Help { .. } => Err(Failure::new("internal", "this command opens no home")),
    }
}
