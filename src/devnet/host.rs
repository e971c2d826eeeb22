//! The node's own thread: runtime, chain and server live and end on it.
//!
//! ```text
//! lock ─▶ replay ─▶ listen ─▶ write endpoint ─▶ serve ─▶ stop ─▶ last block ends ─▶ remove endpoint ─▶ unlock
//! ```

use std::fs::File;
use std::future::IntoFuture as _;
use std::sync::{Arc, mpsc};

use axum::serve::ListenerExt as _;
use rand::RngCore as _;
use rand::rngs::OsRng;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::{oneshot, watch};

use super::DevnetError;
use super::chain::Chain;
use super::genesis::address;
use super::home::{Address, Home};
use super::server::{Service, router};

/// Executing a block recurses through the state's trie. Only what is used of it becomes resident.
const STACK: usize = 16 * 1024 * 1024;

/// A running node, as its thread reports it.
pub(super) struct Running {
    pub(super) url: String,
    pub(super) notices: Vec<String>,
    /// Hears of every new block.
    pub(super) mined: watch::Receiver<()>,
    /// Told, or dropped, to end the node.
    pub(super) stop: oneshot::Sender<()>,
    /// Closes when the thread has ended and the lock is free.
    pub(super) ended: mpsc::Receiver<()>,
}

/// Starts a node in `home`, whose `lock` is held, and waits until it serves.
pub(super) async fn start(home: Home, lock: File) -> Result<Running, DevnetError> {
    let (ready, started) = oneshot::channel();
    let (stop, stopped) = oneshot::channel();
    let (alive, ended) = mpsc::channel();
    // ethrex computes in parallel on the pool its caller runs in: seventeen threads of its own, or
    // the global pool with one per core. A dev chain's blocks hold one transaction, so the
    // node's thread is the only worker of its own pool.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .stack_size(STACK)
        .thread_name(|_| "devnet".to_owned())
        // Without this a panic in the node would end the whole program.
        .panic_handler(|_| tracing::error!("the embedded node panicked"))
        .build()
        .map_err(DevnetError::node("start its thread"))?;
    let pool = Arc::new(pool);
    let its_own = Arc::clone(&pool);
    pool.spawn(move || {
        run(&home, its_own, ready, stopped);
        drop(lock);
        drop(alive);
    });
    let Started { url, notices, mined } =
        started.await.map_err(|_| DevnetError::Stopped { while_doing: "started" })??;
    Ok(Running { url, notices, mined, stop, ended })
}

/// What the thread tells once it serves.
struct Started {
    url: String,
    notices: Vec<String>,
    mined: watch::Receiver<()>,
}

type Ready = oneshot::Sender<Result<Started, DevnetError>>;

fn run(home: &Home, pool: Arc<rayon::ThreadPool>, ready: Ready, stopped: oneshot::Receiver<()>) {
    // The caller's runtime draws a screen: a long call must not hold one of its threads.
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        // ethrex reads its store on such threads, each read for a few microseconds.
        .max_blocking_threads(1)
        .thread_name("devnet-read")
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(cause) => {
            let failed = DevnetError::node("start its runtime")(cause);
            // A caller that has gone needs no answer.
            let _ = ready.send(Err(failed));
            return;
        }
    };
    runtime.block_on(async {
        match open(home, pool).await {
            Ok((listener, service, started)) => {
                if ready.send(Ok(started)).is_ok() {
                    serve(listener, service, stopped).await;
                }
                home.remove_address();
            }
            Err(error) => {
                let _ = ready.send(Err(error));
            }
        }
    });
}

async fn open(home: &Home, pool: Arc<rayon::ThreadPool>) -> Result<(TcpListener, Arc<Service>, Started), DevnetError> {
    // Guests must not find the last host's endpoint while this one replays.
    home.remove_address();
    let mut notices = Vec::new();
    let faucet = address(&home.faucet(&mut notices)?);
    let chain = Chain::open(home.dir(), faucet, pool, &mut notices).await?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|cause| DevnetError::Listen { cause })?;
    let port = listener.local_addr().map_err(|cause| DevnetError::Listen { cause })?.port();
    let url = format!("http://127.0.0.1:{port}/");
    let mut word = [0; 16];
    OsRng.fill_bytes(&mut word);
    let identity = hex::encode(word);
    home.write_address(&Address { url: url.clone(), identity: identity.clone(), pid: std::process::id() })?;
    let started = Started { url, notices, mined: chain.mined() };
    Ok((listener, Arc::new(Service { chain: Arc::new(chain), identity }), started))
}

async fn serve(listener: TcpListener, service: Arc<Service>, stopped: oneshot::Receiver<()>) {
    let listener = listener.tap_io(|stream| {
        // Answers are small and awaited; a failure costs only latency.
        let _ = stream.set_nodelay(true);
    });
    let serving = axum::serve(listener, router(Arc::clone(&service))).into_future();
    tokio::select! {
        outcome = serving => if let Err(cause) = outcome {
            tracing::error!(%cause, "the embedded node stopped serving");
        },
        _ = stopped => {}
    }
    // A block in the making is finished, and no other begins.
    drop(service.chain.rest().await);
}
