//! Scenarios: `tests/scenarios/<element>/<case>.bpmn` and `<case>.txt`, a script of commands and all events that follow.
//!
//! `WEIR_UPDATE=1 cargo test -p weir-engine --test scenarios` writes what happens into the files: read the diff.
//! The syntax of a script is told in [`script`], what is checked after every line in [`check`], how events are shown in
//! [`render`].

mod chance;
mod check;
mod limits;
mod monkey;
mod names;
mod payload;
mod play;
mod render;
mod script;
mod slices;
mod world;

use std::path::{Path, PathBuf};

use chance::Chance;
use play::{How, Played};

/// A script and where it stands.
struct Case {
    path: PathBuf,
    text: String,
}

#[expect(clippy::disallowed_methods, reason = "a test reads its scenarios")]
fn files(suffix: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == suffix) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
        .into_iter()
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .filter(|(path, _)| picked(path))
        .collect()
}

fn cases() -> Vec<Case> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    files("txt").into_iter().map(|(path, bytes)| Case { path, text: text(bytes) }).collect()
}

#[expect(clippy::disallowed_methods, reason = "a test can rewrite its scenarios")]
fn update(case: &Case, transcript: &str) -> bool {
    let wanted = std::env::var("WEIR_UPDATE").is_ok_and(|value| value == "1");
    if wanted {
        std::fs::write(&case.path, transcript).unwrap();
    }
    wanted
}

#[expect(clippy::disallowed_methods, reason = "one scenario can be picked by name")]
fn picked(path: &Path) -> bool {
    std::env::var("WEIR_SCENARIO").map_or(true, |part| path.to_string_lossy().contains(&part))
}

fn play_all(mut judge: impl FnMut(&Case, Played) -> Result<(), String>, how: How) {
    let mut failures = Vec::new();
    let mut number = 0;
    for case in &cases() {
        number += 1;
        let how = match how {
            How::Crashing(chance) => How::Crashing(Chance(chance.0.wrapping_add(number))),
            other => other,
        };
        let played = script::parse(&case.text).and_then(|script| {
            let play = std::panic::AssertUnwindSafe(|| play::play(&case.path, &script, how));
            std::panic::catch_unwind(play).unwrap_or_else(|_| Err("it panicked".to_string()))
        });
        if let Err(failure) = played.and_then(|played| judge(case, played)) {
            let folder = case.path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
            let name = case.path.file_stem().unwrap_or_default().to_string_lossy();
            failures.push(format!("{folder}/{name}: {failure}"));
        }
    }
    assert!(number > 0, "no scenario found");
    assert!(
        failures.is_empty(),
        "{} of {number} scenarios failed\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}

/// Every scenario gives the events that its file tells, and the same bytes when it is run again.
#[test]
fn scenarios_come_out_as_told() {
    play_all(
        |case, played| {
            if played.transcript != case.text && !update(case, &played.transcript) {
                let diff = script::diff(&case.text, &played.transcript);
                return Err(format!("differs (WEIR_UPDATE=1 accepts it)\n{diff}"));
            }
            let again =
                script::parse(&case.text).and_then(|script| play::play(&case.path, &script, How::Again))?;
            match again.journals == played.journals {
                true => Ok(()),
                false => Err("the same commands gave other bytes the second time".to_string()),
            }
        },
        How::Checked,
    );
}

/// Crashes and checkpoints at any place of a scenario change nothing.
#[test]
fn crashes_anywhere_change_nothing() {
    for seed in [0x9E37, 0x5EED_0000] {
        play_all(
            |case, played| match played.transcript == case.text || update_pending(case) {
                true => Ok(()),
                false => {
                    Err(format!("differs after crashes\n{}", script::diff(&case.text, &played.transcript)))
                }
            },
            How::Crashing(Chance(seed)),
        );
    }
}

/// Nothing comes out differently when every command finds all rows below and none in memory.
#[test]
fn forgetting_everything_after_every_command_changes_nothing() {
    play_all(
        |case, played| match played.transcript == case.text || update_pending(case) {
            true => Ok(()),
            false => Err(format!("differs\n{}", script::diff(&case.text, &played.transcript))),
        },
        How::Forgetting,
    );
}

#[expect(clippy::disallowed_methods, reason = "files are being rewritten by the other test")]
fn update_pending(_: &Case) -> bool {
    std::env::var("WEIR_UPDATE").is_ok()
}

/// Random commands against every model; `WEIR_SEEDS` says how many runs of each, 1 where nothing is said.
#[test]
fn random_commands_break_nothing() {
    let mut failures = Vec::new();
    for (path, content) in files("bpmn") {
        for seed in 0..seeds() {
            let play = std::panic::AssertUnwindSafe(|| monkey::play(&path, &content, seed));
            let played = std::panic::catch_unwind(play).unwrap_or_else(|_| Err("it panicked".to_string()));
            if let Err(failure) = played {
                failures.push(format!("{} with seed {seed}: {failure}", path.display()));
                break;
            }
        }
    }
    let shown: Vec<&str> = failures.iter().take(3).map(String::as_str).collect();
    assert!(failures.is_empty(), "{} models failed\n\n{}", failures.len(), shown.join("\n\n"));
}

#[expect(clippy::disallowed_methods, reason = "more runs can be asked for")]
fn seeds() -> u64 {
    std::env::var("WEIR_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(1)
}
