//! Automation of this repository: `cargo xtask help` lists it.

mod clients;
mod docs;
mod figures;
mod fuzz;
mod kill9;
mod metadata;
mod proof;
mod run;
mod server;
mod source;
mod test;
mod tidy;
mod tools;
mod tree;

use std::{env, process::ExitCode};

use run::{Failed, say};

const HELP: &str = "cargo xtask COMMAND

  test [PART...]      everything that CI checks; installs what it needs and says what it cannot install
                      (parts: format, tidy, lints, tests, release, demo, 'client NAME', kill9)
  tidy                what a reviewer would nag about: walls between crates, names, lengths, licences, documents
  ratchet             writes xtask/ratchet.txt anew after something long was made shorter
  docs                writes the documents that are made from the code
  fuzz [TARGET [N]]   a fuzz target for N seconds, guided by coverage; without one it lists them
  proof [--hours N]   the whole battery for a few minutes or N hours; writes RELIABILITY.md (--without PART leaves one out)
  clients [NAME...]   the published clients (python, node-sdk, node-rest, java-zeebe, java-grpc, java-rest) against the release binary
  figures [ROW]       how fast a node is and what it costs on this machine, beside much state; without a row it lists them
  kill9 [KILLS]       clients at work while the server is killed (100 times), then every acknowledged instance accounted for
  help                this text";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["test", parts @ ..] => test::test(parts),
        ["tidy"] => tidy::tidy(),
        ["ratchet"] => tidy::ratchet(),
        ["docs"] => docs::docs(),
        ["fuzz", arguments @ ..] => fuzz::fuzz(arguments),
        ["proof", arguments @ ..] => proof::proof(arguments),
        ["clients", names @ ..] => clients::run(names),
        ["figures", arguments @ ..] => figures::figures(arguments),
        ["kill9"] => kill9::run(kill9::KILLS),
        ["kill9", kills] => match kills.parse() {
            Ok(kills) => kill9::run(kills),
            Err(_) => Err(Failed(format!("{kills} is not a number of kills"))),
        },
        [] | ["help" | "--help"] => {
            say(HELP);
            Ok(())
        }
        [unknown, ..] => Err(Failed(format!("there is no command {unknown}; `cargo xtask help` lists them"))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed(why)) if why.is_empty() => ExitCode::FAILURE,
        Err(Failed(why)) => {
            say(&format!("FAILED: {why}"));
            ExitCode::FAILURE
        }
    }
}
