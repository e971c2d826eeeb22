//! Signals end work in order: the first cancels it, a second interrupt ends the process at once.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::ops::Failure;

/// A signal that ended the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended(i32);

impl Ended {
    /// What a shell reports for a program that the signal ended.
    pub fn exit_code(self) -> u8 {
        u8::try_from(128 + self.0).unwrap_or(1)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self.0 {
            SIGINT => "SIGINT",
            SIGTERM => "SIGTERM",
            _ => "SIGHUP",
        }
    }
}

/// Runs `work` until it ends or a signal does. The signal cancels `token`, so that threads end their work, and drops it.
///
/// # Errors
/// When the system gives no signal handlers.
pub async fn unless_ended<T>(
    work: impl Future<Output = T>,
    token: &CancellationToken,
) -> Result<Result<T, Ended>, Failure> {
    let again = Arc::new(AtomicBool::new(false));
    let refused = |error: std::io::Error| Failure::new("internal", &format!("signals cannot be handled: {error}"));
    signal_hook::flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(&again)).map_err(refused)?;
    let mut interrupt = listen(SIGINT).map_err(refused)?;
    let mut terminate = listen(SIGTERM).map_err(refused)?;
    let mut hang_up = listen(SIGHUP).map_err(refused)?;
    let ended = tokio::select! {
        biased;
        () = next(&mut interrupt) => Ended(SIGINT),
        () = next(&mut terminate) => Ended(SIGTERM),
        () = next(&mut hang_up) => Ended(SIGHUP),
        result = work => return Ok(Ok(result)),
    };
    token.cancel();
    again.store(true, Ordering::Relaxed);
    Ok(Err(ended))
}

/// A listener, or none for a signal that whoever started the process had it ignore (`nohup`, a shell's background job).
fn listen(number: i32) -> std::io::Result<Option<Signal>> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if is_ignored(&status, number) {
        return Ok(None);
    }
    signal(SignalKind::from_raw(number)).map(Some)
}

async fn next(listener: &mut Option<Signal>) {
    match listener {
        Some(listener) => {
            listener.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Reads Linux's `SigIgn` mask, whose lowest bit is signal 1 (proc(5)).
fn is_ignored(status: &str, number: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask >> (number - 1) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_nohup_ignores_stays_ignored() {
        let status = "Name:\tdaochain\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000002\n";
        assert!(is_ignored(status, SIGHUP));
        assert!(!is_ignored(status, SIGINT));
        assert!(!is_ignored("", SIGHUP));
    }

    #[test]
    fn exit_codes_are_the_shell_s() {
        assert_eq!([SIGHUP, SIGINT, SIGTERM].map(|number| Ended(number).exit_code()), [129, 130, 143]);
    }
}
