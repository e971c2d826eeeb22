//! `daochain completions`: what a shell loads to have the program complete its own command line.
//!
//! The shell asks the program for each Tab, so that images, accounts and networks are those that there are now.

mod candidates;

use clap_complete::{
    CompleteEnv, Shell,
    env::{Elvish, EnvCompleter, Fish, Powershell, Zsh},
};

pub use candidates::command;

use super::console::Console;
use crate::ops::Failure;

/// Set by the script that a shell loads.
const VARIABLE: &str = "DAOCHAIN_COMPLETE";
const NAME: &str = "daochain";

/// Answers a shell's question for candidates and ends the process, if this is one.
pub fn answer() {
    CompleteEnv::with_factory(command).var(VARIABLE).bin(NAME).completer(NAME).complete();
}

pub fn run(console: &mut Console, shell: Shell) -> Result<u8, Failure> {
    let writer: &dyn EnvCompleter = match shell {
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
        Shell::PowerShell => &Powershell,
        Shell::Elvish => &Elvish,
        // clap's own script for bash does not know that references hold `:`.
        _ => {
            console.raw(include_str!("completions/bash.sh"));
            return Ok(0);
        }
    };
    let mut script = Vec::new();
    let written = writer.write_registration(VARIABLE, NAME, NAME, NAME, &mut script).map_err(|error| error.to_string());
    let script = written.and_then(|()| String::from_utf8(script).map_err(|error| error.to_string()));
    let script = script.map_err(|cause| Failure::new("internal", &format!("the completions are no text: {cause}")))?;
    console.raw(&script);
    Ok(0)
}
