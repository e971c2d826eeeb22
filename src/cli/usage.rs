//! What is wrong with the arguments, in one sentence and the next step.

use clap::error::{ContextKind, ContextValue, ErrorKind};

const HELP: &str = "`daochain help` and `daochain help COMMAND` tell the usage";

/// The sentence, and the next step. `text` is the error as clap shows it to people.
pub(super) fn told(error: &clap::Error, text: &str) -> (String, String) {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let commands: Vec<_> = commands(text).collect();
        return (format!("a subcommand is missing: one of {}", commands.join(", ")), HELP.to_owned());
    }
    // Behind the first blank line stand usage and hints for people.
    let message = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
    (one_line(message), meant(error).map_or_else(|| HELP.to_owned(), |meant| format!("did you mean `{meant}`? {HELP}")))
}

/// The first words of the lines below *Commands*.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let named = lines.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    named.filter_map(|line| line.split_whitespace().next()).filter(|word| *word != "help")
}

/// Arguments that are missing have a line each.
fn one_line(message: &str) -> String {
    let mut lines = message.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().to_owned();
    let others: Vec<_> = lines.collect();
    if others.is_empty() { first } else { format!("{first} {}", others.join(", ")) }
}

/// What clap knows that is spelt like it.
fn meant(error: &clap::Error) -> Option<&str> {
    let kinds = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    kinds.into_iter().find_map(|kind| match error.get(kind)? {
        ContextValue::String(one) => Some(one.as_str()),
        // The nearest comes last.
        ContextValue::Strings(many) => many.last().map(String::as_str),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failure here is the test's")]

    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::args::Args;

    fn of(line: &str) -> (String, String) {
        let error = Args::command().try_get_matches_from(line.split(' ')).unwrap_err();
        let text = error.render().to_string();
        told(&error, &text)
    }

    #[test]
    fn what_was_meant_is_told() {
        let (message, hint) = of("daochain publsh acme/api:1");
        assert!(message.contains("publsh") && hint.contains("`publish`"), "{message} {hint}");
        let (_, hint) = of("daochain images --fromat json");
        assert!(hint.contains("`--format`"), "{hint}");
    }

    #[test]
    fn missing_subcommands_and_arguments_are_named() {
        let (message, _) = of("daochain network");
        assert!(message.starts_with("a subcommand is missing: one of ") && message.contains("add, "), "{message}");
        let (message, _) = of("daochain delegate add 0x0000000000000000000000000000000000000001");
        assert!(message.contains("--until <WHEN>, <"), "{message}");
    }
}
