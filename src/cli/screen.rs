//! `daochain` without a command: the screen.

use super::console::Console;
use crate::ops::{Context, Failure};

/// Opens the screen on a context, and gives the exit code.
pub async fn run(console: &mut Console, context: Context) -> u8 {
    context.close().await;
    let failure = Failure::new("no-screen", "this build has no screen").hint("`daochain images` lists the images");
    console.fail(&failure)
}
