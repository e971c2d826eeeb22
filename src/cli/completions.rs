//! `daochain completions`

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{args::Args, console::Console};
use crate::ops::Failure;

pub fn run(console: &mut Console, shell: Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "daochain", &mut script);
    let script = String::from_utf8(script)
        .map_err(|error| Failure::new("internal", &format!("the completions are no text: {error}")))?;
    console.raw(&script);
    Ok(0)
}
