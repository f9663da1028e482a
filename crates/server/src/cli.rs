//! The command line as a whole. What a subcommand takes stands in its own file under `command`.

use clap::{Parser, Subcommand, ValueEnum};

use crate::{command, exit::Exit};

/// Weir runs business processes (BPMN) and decisions (DMN), and does not lose work.
///
/// New here? `weir demo` starts a server, runs an order through an example process before your eyes, and says what to
/// try next. With models of your own: `weir check FILE...` tells what is wrong with them, `weir dev DIR` runs them.
#[derive(Debug, Parser)]
#[command(name = "weir", version, after_help = Exit::HELP, max_term_width = 110, propagate_version = false)]
pub(crate) struct Cli {
    /// Print JSON for programs instead of text for people.
    #[arg(long, global = true, display_order = 900)]
    pub(crate) json: bool,
    /// When to use colours; NO_COLOR turns them off, too.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN", display_order = 901)]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal.
    Auto,
    /// Always, for `| less -R`.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Sets it for everything that is printed from now on.
    pub(crate) fn apply(self) {
        let choice = match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(command::demo::Demo),
    Dev(command::dev::Dev),
    Serve(command::serve::Serve),
    Check(command::check::Check),
    Deploy(command::deploy::Deploy),
    Run(command::run::Run),
    Instance(command::instance::Instance),
    Job(command::job::Job),
    Message(command::message::Message),
    Signal(command::signal::Signal),
    Incident(command::incident::Incident),
    Feel(command::feel::Feel),
    Decision(command::decision::Decision),
    Data(command::data::Data),
    Bench(Box<command::bench::Bench>),
    Completions(command::completions::Completions),
    Version(command::version::Version),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_subcommand_says_what_it_does() {
        for command in Cli::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{} has no description", command.get_name());
        }
    }

    /// A command with all its subcommands.
    fn all(command: clap::Command) -> Vec<clap::Command> {
        let below: Vec<clap::Command> = command.get_subcommands().cloned().flat_map(all).collect();
        std::iter::once(command).chain(below).collect()
    }

    fn long_help(command: &clap::Command) -> String {
        command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default()
    }

    /// The words of a command line as a shell would split them, up to its comment or redirection.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quote = None;
        for letter in line.chars() {
            match (quote, letter) {
                (Some(open), close) if open == close => quote = None,
                (None, '\'' | '"') => quote = Some(letter),
                (None, '<' | '>' | '|') => break,
                (None, ' ') if words.last().is_some_and(String::is_empty) => break,
                (None, ' ') => words.push(String::new()),
                (Some(_) | None, _) => words.last_mut().unwrap().push(letter),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    #[test]
    fn every_example_of_the_help_can_be_typed() {
        let mut seen = 0;
        for command in all(Cli::command()) {
            let help = long_help(&command);
            for line in help.lines().filter(|line| line.trim_start().starts_with("weir ")) {
                let words = words(&line.trim_start().replace("$(pgrep -x weir)", "1"));
                seen += 1;
                if let Err(error) = Cli::command().try_get_matches_from(&words) {
                    panic!("{line}: {words:?}: {error}");
                }
            }
        }
        assert!(seen > 30, "{seen} examples were found");
    }

    #[test]
    fn help_is_not_wrapped_in_the_middle_of_its_lines() {
        for command in all(Cli::command()) {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.ends_with('.'), "a line of a list: {about}");
            for paragraph in long_help(&command).split("\n\n") {
                // Where a line stands for a paragraph, it is wrapped well.
                let is_one = !paragraph.contains('\n') && !paragraph.starts_with(' ');
                let wide = paragraph.lines().find(|line| line.len() > 100);
                assert!(is_one || wide.is_none(), "wider than 100 columns: {wide:?}");
            }
        }
    }
}
