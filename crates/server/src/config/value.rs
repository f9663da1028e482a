//! What the values of the configuration must look like.

use std::{net::SocketAddr, num::NonZeroU16, path::PathBuf};

use tracing_subscriber::EnvFilter;
use weir_node::{
    Memory,
    limits::{MAX_INSTANCE_VARIABLES_BYTES, MAX_PARTITIONS, MAX_VARIABLES_BYTES, MIN_MEMORY_BYTES},
};

use super::{Key, Setting};

/// Threads that a server may have.
const THREADS_MAX: usize = 1024;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// The settings while they are checked; what is wrong is collected.
pub(super) struct Values<'a> {
    settings: &'a [Setting],
    problems: &'a mut Vec<String>,
}

impl<'a> Values<'a> {
    pub(super) fn new(settings: &'a [Setting], problems: &'a mut Vec<String>) -> Self {
        Self { settings, problems }
    }

    /// A value as it was written.
    pub(super) fn text(&self, key: Key) -> &'a str {
        self.settings.iter().find(|setting| setting.key == key).map_or("", |setting| &setting.text)
    }

    /// A checked value; its default in place of a wrong one, which is noted as a problem.
    pub(super) fn parsed<T>(&mut self, key: Key, parse: fn(&str) -> Result<T, String>) -> T {
        let text = self.text(key);
        match parse(text) {
            Ok(value) => value,
            Err(why) => {
                let origin = self
                    .settings
                    .iter()
                    .find(|setting| setting.key == key)
                    .map(|setting| setting.origin.to_string());
                self.problems.push(format!("{}: {} {text:?} {why}", origin.unwrap_or_default(), key.name()));
                parse(&key.default()).unwrap_or_else(|why| unreachable!("default of {}: {why}", key.name()))
            }
        }
    }
}

/// A second folder; `none` and nothing mean that there is none (a folder of that name is `./none`).
pub(super) fn parse_mirror(text: &str) -> Option<PathBuf> {
    (!matches!(text, "" | "none")).then(|| PathBuf::from(text))
}

/// An address to listen at.
pub(crate) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let text = text.strip_prefix("localhost:").map_or(text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse().map_err(|_| {
        "is not IP:PORT, such as 127.0.0.1:26500; 0.0.0.0 means all interfaces, port 0 a free one".to_owned()
    })
}

/// `None` for `auto`.
pub(super) fn parse_partitions(text: &str) -> Result<Option<NonZeroU16>, String> {
    if text == "auto" {
        return Ok(None);
    }
    let number: Option<NonZeroU16> = text.parse().ok();
    number
        .filter(|number| number.get() <= MAX_PARTITIONS)
        .map(Some)
        .ok_or(format!("is neither auto nor a number from 1 to {MAX_PARTITIONS}"))
}

/// `auto` for what is right on this machine; a unit of KB, MB or GB counts in steps of 1024.
pub(super) fn parse_memory(text: &str) -> Result<Memory, String> {
    if text == "auto" {
        return Ok(Memory::of_machine());
    }
    size(text).and_then(Memory::new).ok_or(format!(
        "is neither auto nor a size such as 512MB or 2GB, of at least {} MB",
        MIN_MEMORY_BYTES >> 20
    ))
}

/// Bytes; a unit of KB, MB or GB counts in steps of 1024.
fn size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => Some(0),
        "KB" | "K" | "KIB" => Some(10),
        "MB" | "M" | "MIB" => Some(20),
        "GB" | "G" | "GIB" => Some(30),
        _ => None,
    };
    let number: Option<u64> = digits.parse().ok();
    number.zip(shift).and_then(|(number, shift)| number.checked_mul(1 << shift))
}

pub(super) fn parse_variables_max(text: &str) -> Result<usize, String> {
    bounded_size(text, 1 << 10, MAX_VARIABLES_BYTES)
}

pub(super) fn parse_instance_variables_max(text: &str) -> Result<usize, String> {
    bounded_size(text, 1 << 10, MAX_INSTANCE_VARIABLES_BYTES)
}

fn bounded_size(text: &str, least: usize, most: usize) -> Result<usize, String> {
    let bytes = size(text).and_then(|bytes| usize::try_from(bytes).ok());
    bytes.filter(|bytes| (least..=most).contains(bytes)).ok_or(format!(
        "is not a size from {} KB to {} MB, such as 4MB",
        least >> 10,
        most >> 20
    ))
}

pub(super) fn parse_threads(text: &str) -> Result<usize, String> {
    let number: Option<usize> = text.parse().ok();
    number
        .filter(|number| *number <= THREADS_MAX)
        .ok_or(format!("is not a number from 0 (one per processor) to {THREADS_MAX}"))
}

pub(super) fn parse_log(text: &str) -> Result<String, String> {
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("is not a log filter such as info or weir_node=debug,warn: {error}")),
    }
}

pub(super) fn parse_log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("is neither text nor json".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_partitions_than_a_key_has_room_for_are_refused() {
        assert_eq!(parse_partitions(&MAX_PARTITIONS.to_string()), Ok(NonZeroU16::new(MAX_PARTITIONS)));
        let refused = parse_partitions(&(MAX_PARTITIONS + 1).to_string()).unwrap_err();
        assert!(refused.contains("from 1 to 8191"), "{refused}");
    }

    #[test]
    fn limits_of_variables_have_limits() {
        let (most, most_of_instance) = (MAX_VARIABLES_BYTES, MAX_INSTANCE_VARIABLES_BYTES);
        assert_eq!(parse_variables_max("16MB"), Ok(most));
        assert_eq!(parse_instance_variables_max("40960KB"), Ok(most_of_instance));
        let refused = parse_variables_max(&(most + 1).to_string()).unwrap_err();
        assert_eq!(refused, "is not a size from 1 KB to 16 MB, such as 4MB");
        let refused = parse_instance_variables_max(&(most_of_instance + 1).to_string()).unwrap_err();
        assert_eq!(refused, "is not a size from 1 KB to 40 MB, such as 4MB");
        assert!(parse_variables_max("1023").is_err() && parse_variables_max("four").is_err());
    }
}
