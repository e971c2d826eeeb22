//! `daochain` without a command: the screen.

use super::{Exit, console::Console};
use crate::{
    ops::Context,
    tui::{self, Outcome, ScreenOptions},
};

/// Opens the screen on a context, and closes the context.
pub async fn run(console: &mut Console, context: Context) -> Exit {
    let outcome = tui::run(context.clone(), ScreenOptions::from_environment()).await;
    super::close(&context).await;
    match outcome {
        Ok(Outcome::Quit) => Exit::Code(0),
        Ok(Outcome::Signal(number)) => Exit::Signal(number),
        Err(failure) => Exit::Code(console.fail(&failure)),
    }
}
