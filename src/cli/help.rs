//! `daochain help`

use clap::CommandFactory as _;
use serde::Serialize;

use super::{
    args::Args,
    console::Console,
    errors::{CODES, Code},
    human::{Cell, Table},
};
use crate::{domain::text::clean_to, ops::Failure};

/// `daochain.errors/1`
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    errors: &'static [Code],
}

pub fn run(console: &mut Console, topic: &[String]) -> Result<u8, Failure> {
    if topic == ["errors"] {
        let document = Document { schema: "daochain.errors/1", errors: CODES };
        console.present(&document, |page| {
            let mut table = Table::new(&["CODE", "EXIT", "MEANING"]).wraps(2);
            for code in CODES {
                let cells: Vec<Cell> = vec![code.word.into(), code.exit.to_string().into(), code.meaning.into()];
                table.row(cells);
            }
            page.table(&table);
        });
        return Ok(0);
    }
    let mut command = Args::command();
    command.build();
    for word in topic {
        let Some(found) = command.find_subcommand(word) else {
            let message = format!("there is no command `{}` to tell about", clean_to(word, 60));
            return Err(Failure::new("usage", &message).hint("`daochain help` lists the commands"));
        };
        command = found.clone();
    }
    console.raw(&command.render_long_help().to_string());
    Ok(0)
}
