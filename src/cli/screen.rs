//! `daochain` without a command: the screen.

use super::{Exit, args::Demo, console::Console, demo};
use crate::{
    ops::Context,
    tui::{self, Outcome, Reread, ScreenOptions},
};

/// Opens the screen on a context, closes the context, and shows the demonstration to whom wants to see it.
pub async fn run(console: &mut Console, context: Context, reread: Option<Reread>) -> Exit {
    let outcome = match ScreenOptions::find(context.config()) {
        Ok(options) => Box::pin(tui::run(context.clone(), options, reread)).await,
        Err(error) => Err(error.into()),
    };
    super::close(&context).await;
    match outcome {
        Ok(Outcome::Quit) => Exit::Code(0),
        Ok(Outcome::Demo) => Box::pin(demo::run(console, Demo { keep: None, no_tui: false })).await,
        Ok(Outcome::Signal(number)) => Exit::Signal(number),
        Err(failure) => Exit::Code(console.fail(&failure)),
    }
}
