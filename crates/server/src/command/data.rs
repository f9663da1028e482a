//! `weir data`: looks at a data folder that no server has open, reads all of it, and repairs it as the last resort.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use weir_journal::{
    JournalError, PartitionId, Sequence,
    local::{Condition, Seen, Spot},
};
use weir_node::{
    StartError,
    offline::{self, Contents, Repaired, Verification, Verified},
};

use crate::{
    exit::Exit,
    failure::Failure,
    output::{BAD, GOOD, NAME, Output, WARN, table},
};

/// Look at a data folder while no server runs on it: what it holds, whether all can be read; and the last resort
///
/// A server that was killed, or whose machine lost power, needs none of this: it recovers by itself.
/// This is for a folder that `weir serve` refuses, and for whoever wants to know before it does.
///
/// Examples:
///   weir data inspect weir-data
///   weir data verify weir-data --json
///   weir data verify /disk1/weir --mirror-dir /disk2/weir
///   weir data repair weir-data --accept-loss
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Data {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Tell what is there: segments, partitions, checkpoints; what a damaged place is and what lies behind it
    Inspect {
        /// The data folder
        #[arg(value_name = "DIR", default_value = "weir-data")]
        folder: PathBuf,
        /// Its mirror, looked at as well and compared
        #[arg(long, value_name = "DIR")]
        mirror_dir: Option<PathBuf>,
    },
    /// Read every record and every row, and bring each partition to its last record as a start would
    Verify {
        /// The data folder
        #[arg(value_name = "DIR", default_value = "weir-data")]
        folder: PathBuf,
        /// Its mirror, looked at as well and compared
        #[arg(long, value_name = "DIR")]
        mirror_dir: Option<PathBuf>,
    },
    /// Make a refused folder usable: gives up what is behind the damaged place, and keeps its bytes aside
    ///
    /// A folder that has a mirror needs none of this, and loses nothing: `weir serve --data-dir DIR --mirror-dir MIRROR` takes
    /// what is sound from either, and repairs the other.
    Repair {
        /// The data folder
        #[arg(value_name = "DIR", default_value = "weir-data")]
        folder: PathBuf,
        /// Yes, what `inspect` says may be lost; restore a backup instead if there is one
        #[arg(long, required_unless_present = "mirror_dir")]
        accept_loss: bool,
        /// Its mirror: told how to repair from it, without loss
        #[arg(long, value_name = "DIR", conflicts_with = "accept_loss")]
        mirror_dir: Option<PathBuf>,
    },
}

impl Data {
    pub(crate) fn run(self, output: Output) -> Result<Exit, Failure> {
        match self.action {
            Action::Inspect { folder, mirror_dir } => tell(&folder, mirror_dir.as_deref(), inspect, output),
            Action::Verify { folder, mirror_dir } => tell(&folder, mirror_dir.as_deref(), verify, output),
            Action::Repair { folder, accept_loss: _, mirror_dir: Some(mirror) } => {
                Err(repaired_by_a_start(&folder, &mirror))
            }
            Action::Repair { folder, accept_loss: _, mirror_dir: None } => repair(&folder, output),
        }
    }
}

/// What came of looking at a folder.
struct Looked {
    contents: Contents,
    value: Value,
    text: String,
    is_good: bool,
}

/// Looks at a folder, and at its mirror beside it.
fn tell(
    folder: &Path,
    mirror: Option<&Path>,
    look: fn(&Path) -> Result<Looked, Failure>,
    output: Output,
) -> Result<Exit, Failure> {
    let Looked { contents, mut value, mut text, mut is_good } = look(folder)?;
    if let Some(mirror) = mirror {
        let other = look(mirror)?;
        let differences = offline::differences(&contents, &other.contents);
        let _infallible = write!(text, "\n\n{}\n", other.text);
        for difference in &differences {
            let _infallible = write!(text, "\n{BAD}the two differ{BAD:#}: {difference}");
        }
        let verdict = match (differences.is_empty(), is_good && other.is_good) {
            (true, true) => format!("{GOOD}both hold the same{GOOD:#}"),
            (true, false) | (false, _) => {
                "A server that is started with both takes what is sound from either, or refuses and says why."
                    .to_owned()
            }
        };
        let _infallible = write!(text, "\n{verdict}");
        is_good = is_good && other.is_good && differences.is_empty();
        value["mirror"] = other.value;
        value["differences"] = json!(differences);
    }
    output.answer(&value, text);
    Ok(if is_good { Exit::Ok } else { Exit::Failed })
}

fn inspect(folder: &Path) -> Result<Looked, Failure> {
    let contents = offline::inspect(folder).map_err(|error| refused(folder, error))?;
    let (value, text) = (contents_json(&contents), contents_text(folder, &contents));
    Ok(Looked { is_good: is_usable(&contents), contents, value, text })
}

fn verify(folder: &Path) -> Result<Looked, Failure> {
    let Verification { contents, partitions: verified, wrong } =
        offline::verify(folder).map_err(|error| refused(folder, error))?;
    let mut text = contents_text(folder, &contents);
    let mut rows = vec![words(["partition", "records read", "rows read"])];
    for (partition, Verified { records, rows: read }) in &verified {
        rows.push(words([partition.to_string(), records.to_string(), read.to_string()]));
    }
    let _infallible = write!(text, "\n\n{}", table(&rows));
    for why in &wrong {
        let _infallible = write!(text, "\n{BAD}{why}{BAD:#}");
    }
    let is_good = wrong.is_empty() && is_usable(&contents);
    if is_good {
        let _infallible = write!(text, "\n{GOOD}all of it can be read{GOOD:#}");
    }
    let mut value = contents_json(&contents);
    let read = verified.iter().map(|(partition, Verified { records, rows })| {
        json!({ "partition": partition, "records": records, "rows": rows })
    });
    value["verified"] = read.collect();
    value["wrong"] = json!(wrong);
    Ok(Looked { contents, value, text, is_good })
}

fn repair(folder: &Path, output: Output) -> Result<Exit, Failure> {
    let repaired = offline::repair_accepting_loss(folder).map_err(|error| refused(folder, error))?;
    output.answer(&repaired_json(&repaired), repaired_text(folder, &repaired));
    Ok(Exit::Ok)
}

/// Where to repair from a mirror: a start does, so that there is one place that does.
fn repaired_by_a_start(folder: &Path, mirror: &Path) -> Failure {
    let (folder, mirror) = (folder.display(), mirror.display());
    Failure::usage("a folder that has a mirror is repaired by a start of the server, not by this")
        .at(&folder)
        .because("what is damaged on one side is taken from the other, and nothing is lost; nothing was changed now")
        .try_this(format!(
            "weir serve --data-dir {folder} --mirror-dir {mirror}; before that `weir data inspect {folder} --mirror-dir {mirror}` \
             shows both"
        ))
}

fn refused(folder: &Path, error: StartError) -> Failure {
    let (exit, remedy) = match &error {
        StartError::Folder(..) => {
            (Exit::Usage, "give the folder that --data-dir of the server names; it has a `journal` in it")
        }
        StartError::Journal(JournalError::Locked { .. }) => {
            (Exit::Rejected, "stop the server first; a running one tells about itself under /metrics")
        }
        StartError::Journal(_)
        | StartError::Store(..)
        | StartError::Mirror(..)
        | StartError::Damaged(..)
        | StartError::Partitions { .. } => (Exit::Failed, "restore a backup of this folder"),
    };
    Failure::new(exit, "the data folder cannot be looked at")
        .at(folder.display())
        .because(error)
        .try_this(remedy)
}

/// Whether a server would start on it.
fn is_usable(contents: &Contents) -> bool {
    let is_refused = matches!(contents.journal.condition, Condition::Damaged { .. });
    !is_refused && contents.misfits.is_empty() && contents.checkpoints.is_ok()
}

fn contents_text(folder: &Path, contents: &Contents) -> String {
    let journal = &contents.journal;
    let watermark = journal.watermark.map_or("unreadable".to_owned(), |position| position.to_string());
    let mut text = format!(
        "{NAME}{}{NAME:#}: journal {}, last position {}, confirmed up to {watermark}\n\n",
        folder.display(),
        journal.incarnation,
        journal.last
    );
    let mut rows = vec![words(["segment", "first position", "frames", "used bytes", "file bytes"])];
    for segment in &journal.segments {
        rows.push(words([
            segment.file.clone(),
            segment.first_position.to_string(),
            segment.frames.to_string(),
            segment.used_bytes.to_string(),
            segment.size_bytes.to_string(),
        ]));
    }
    text.push_str(&table(&rows));
    let mut rows = vec![words(["partition", "epoch", "records", "checkpoint at"])];
    for (partition, tail) in &journal.partitions {
        let checkpoint = contents.checkpoints.as_ref().ok().and_then(|all| all.get(&partition.get()));
        rows.push(words([
            partition.to_string(),
            tail.epoch.to_string(),
            range(tail.trimmed.next(), tail.last_sequence),
            checkpoint.map_or("unknown".to_owned(), Sequence::to_string),
        ]));
    }
    let _infallible = write!(text, "\n\n{}\n", table(&rows));
    let _infallible = match &journal.condition {
        Condition::Sound => write!(text, "\n{GOOD}the journal is sound{GOOD:#}"),
        Condition::Torn(spot) => write!(
            text,
            "\n{WARN}a write that was never confirmed is torn{WARN:#}: {}\nThe next start cuts it off; nothing is lost.",
            place(spot)
        ),
        Condition::Damaged { spot, behind } => write!(
            text,
            "\n{BAD}the journal is damaged{BAD:#}: {}\nA server refuses it, unless it is started with a mirror that has what is \
             damaged here (`--mirror-dir`). Else restore a backup if there is one. \
             `weir data repair {} --accept-loss` would give up what is behind this place: {}",
            place(spot),
            folder.display(),
            seen_text(behind)
        ),
    };
    if let Err(why) = &contents.checkpoints {
        let _infallible = write!(text, "\n{BAD}the state store cannot be read{BAD:#}: {why}");
    }
    for misfit in &contents.misfits {
        let _infallible = write!(text, "\n{BAD}{misfit}{BAD:#}");
    }
    text
}

fn contents_json(contents: &Contents) -> Value {
    let journal = &contents.journal;
    let segments = journal.segments.iter().map(|segment| {
        json!({ "file": segment.file, "firstPosition": segment.first_position.0, "frames": segment.frames,
            "usedBytes": segment.used_bytes, "fileBytes": segment.size_bytes })
    });
    let partitions = journal.partitions.iter().map(|(partition, tail)| {
        let checkpoint = contents.checkpoints.as_ref().ok().and_then(|all| all.get(&partition.get()));
        json!({ "partition": partition.get(), "epoch": tail.epoch.0, "firstRecord": tail.trimmed.next().0,
            "lastRecord": tail.last_sequence.0, "lastHash": tail.last_hash.to_string(),
            "checkpoint": checkpoint.map(|at| at.0) })
    });
    let (condition, place, lost) = match &journal.condition {
        Condition::Sound => ("sound", Value::Null, Value::Null),
        Condition::Torn(spot) => ("torn", spot_json(spot), Value::Null),
        Condition::Damaged { spot, behind } => ("damaged", spot_json(spot), seen_json(behind)),
    };
    json!({
        "usable": is_usable(contents), "incarnation": journal.incarnation.to_string(), "lastPosition": journal.last.0,
        "confirmedPosition": journal.watermark.map(|position| position.0), "journal": condition, "place": place,
        "behind": lost, "segments": segments.collect::<Value>(), "partitions": partitions.collect::<Value>(),
        "store": contents.checkpoints.as_ref().err(), "misfits": contents.misfits,
    })
}

fn repaired_text(folder: &Path, repaired: &Repaired) -> String {
    let Repaired { journal, store_set_aside, lost_after_checkpoint } = repaired;
    let mut lines = Vec::new();
    if let Some(journal) = journal {
        if let Some(spot) = &journal.spot {
            lines.push(format!("{WARN}given up{WARN:#}: what was behind {}", place(spot)));
        }
        lines.push(format!("readable records behind that place: {}", seen_text(&journal.given_up)));
        for kept in &journal.kept_in {
            lines.push(format!("kept aside: {}", folder.join(offline::JOURNAL).join(kept).display()));
        }
        for (partition, tail) in &journal.partitions {
            let goes_on = tail.last_sequence.next();
            lines.push(format!("partition {partition} goes on with record {goes_on}, epoch {}", tail.epoch));
        }
    }
    for (partition, (after, to)) in lost_after_checkpoint {
        let lost = range(after.next(), *to);
        lines
            .push(format!("{WARN}lost{WARN:#}: partition {partition}: records {lost}, which nothing led to"));
    }
    if let Some(aside) = store_set_aside {
        lines.push(format!(
            "the state store is kept aside in {}; it is made anew from the journal",
            aside.display()
        ));
    }
    match lines.is_empty() {
        true => format!("{GOOD}there is nothing to repair{GOOD:#}: a server starts on this folder"),
        false => lines.join("\n"),
    }
}

fn repaired_json(repaired: &Repaired) -> Value {
    let Repaired { journal, store_set_aside, lost_after_checkpoint } = repaired;
    let lost = lost_after_checkpoint.iter().map(|(partition, (after, to))| {
        json!({ "partition": partition, "firstRecord": after.next().0, "lastRecord": to.0 })
    });
    let journal = journal.as_ref().map(|journal| {
        json!({ "place": journal.spot.as_ref().map(spot_json), "givenUp": seen_json(&journal.given_up),
            "keptIn": journal.kept_in })
    });
    let aside = store_set_aside.as_ref().map(|path| path.display().to_string());
    json!({ "repaired": journal.is_some() || aside.is_some(), "journal": journal, "storeKeptIn": aside,
        "lost": lost.collect::<Value>() })
}

fn place(spot: &Spot) -> String {
    format!("segment {}, byte {}, position {}: {}", spot.segment, spot.offset, spot.position, spot.why)
}

fn spot_json(spot: &Spot) -> Value {
    json!({ "segment": spot.segment, "byte": spot.offset, "position": spot.position.0, "why": spot.why })
}

fn seen_text(seen: &BTreeMap<PartitionId, Seen>) -> String {
    let one = |(partition, seen): (&PartitionId, &Seen)| {
        format!("partition {partition} records {}", range(seen.first, seen.last))
    };
    match seen.is_empty() {
        true => "nothing that is readable".to_owned(),
        false => seen.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}

fn seen_json(seen: &BTreeMap<PartitionId, Seen>) -> Value {
    let one = |(partition, seen): (&PartitionId, &Seen)| {
        json!({ "partition": partition.get(), "firstRecord": seen.first.0, "lastRecord": seen.last.0,
            "epoch": seen.epoch.0 })
    };
    seen.iter().map(one).collect()
}

fn range(first: Sequence, last: Sequence) -> String {
    match first > last {
        true => "none".to_owned(),
        false => format!("{first} to {last}"),
    }
}

fn words<const N: usize>(words: [impl Into<String>; N]) -> Vec<String> {
    words.into_iter().map(Into::into).collect()
}
