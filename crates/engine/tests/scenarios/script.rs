//! Scripts: blocks of commands, `----`, and what happened, up to the next empty line. Who writes one leaves out what
//! happens and lets `WEIR_UPDATE` fill it in.
//!
//! ```text
//! # A comment belongs to the command below it.
//! partitions 3            at the top: how many partitions; 1 where nothing is said
//! deploy [FILE...]        the case's own .bpmn where no file is named
//! start ID[:VERSION] [at=A,B] [result[=X,Y]] [{variables}]
//! cancel REF | resolve REF | delete ID:VERSION | set REF [local] {variables}
//! activate TYPE [max=N] [for=5m] [worker=W] [fetch=X,Y] [bytes=N]
//! worker TYPE [N]         N jobs of this type are taken as soon as they are free
//! complete JOB [{variables}] | throw JOB CODE [MESSAGE] [{variables}] | yield JOB
//! fail JOB retries=N [backoff=10s] [message=TEXT] [{variables}]
//! retries JOB N | timeout JOB 5m | update JOB [retries=N] [timeout=5m]
//! publish NAME KEY [ttl=1h] [id=X] [{variables}] | correlate NAME KEY [{variables}]
//! signal NAME [{variables}]
//! decide ID [{variables}] | evaluate TEXT [{variables}]
//! tick 2d                 time passes, stopping wherever something is due; late 2d: all at once
//! hold mail | hold work   mail, or work that was put off, waits for ...
//! deliver [N] | continue  ... these; `release` ends both holds
//! crash | checkpoint      memory is lost and rebuilt; rows are written
//! state                   rows by table
//! @2 COMMAND              on partition 2 (for start, activate, signal, crash, checkpoint)
//! brief COMMAND           counts events by kind instead of listing them
//! ```
//! REF and JOB are `#n` as shown in the output, or the element id (for jobs: their type), with `/2` for the second such
//! that lives. JOB `gone` is a key that was never given.

/// Commands and what the file says happens.
#[derive(Debug)]
pub(crate) struct Block {
    /// Comments, empty lines and the lines of the commands, as they stand in the file.
    pub(crate) lines: Vec<String>,
}

/// Whether a line of a script asks for something.
pub(crate) fn is_command(line: &str) -> bool {
    !line.is_empty() && !line.starts_with('#') && !line.starts_with("partitions ")
}

/// Splits a script into blocks; an empty line ends one; the told output is left out.
pub(crate) fn parse(text: &str) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    let mut lines = Vec::new();
    let mut in_output = false;
    for line in text.lines() {
        if in_output {
            in_output = !line.is_empty();
            if in_output {
                continue;
            }
        }
        if line == "----" {
            blocks.push(Block { lines: std::mem::take(&mut lines) });
            in_output = true;
        } else if line.is_empty() && lines.iter().any(|line| is_command(line)) {
            blocks.push(Block { lines: std::mem::take(&mut lines) });
        } else {
            lines.push(line.to_string());
        }
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    if !lines.is_empty() {
        blocks.push(Block { lines });
    }
    Ok(blocks)
}

/// A command, its words, and its JSON.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) words: Vec<String>,
    pub(crate) json: String,
}

impl Line {
    /// Splits a line at white space; quotes hold words together; from ` {` on it is JSON.
    pub(crate) fn parse(line: &str) -> Line {
        let (head, json) = match line.find(" {") {
            Some(place) => (&line[..place], line[place + 1..].to_string()),
            None => (line, String::new()),
        };
        let mut words = Vec::new();
        let (mut word, mut quoted, mut any) = (String::new(), false, false);
        for letter in head.chars() {
            match letter {
                '"' => {
                    quoted = !quoted;
                    any = true;
                }
                ' ' if !quoted => {
                    if any || !word.is_empty() {
                        words.push(std::mem::take(&mut word));
                    }
                    any = false;
                }
                other => word.push(other),
            }
        }
        if any || !word.is_empty() {
            words.push(word);
        }
        Line { words, json }
    }

    /// The word at `place`, not counting options.
    pub(crate) fn word(&self, place: usize) -> Result<&str, String> {
        let word = self.words.get(place).map(String::as_str);
        word.ok_or_else(|| format!("'{}' needs more words", self.words.join(" ")))
    }

    /// The value of `name=value`.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        self.words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    /// The words of a list in `name=a,b`.
    pub(crate) fn list(&self, name: &str) -> Vec<std::sync::Arc<str>> {
        self.option(name).map(|list| list.split(',').map(Into::into).collect()).unwrap_or_default()
    }
}

/// Milliseconds of `250ms`, `10s`, `5m`, `2h`, `3d`.
pub(crate) fn duration_ms(text: &str) -> Result<i64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        other => return Err(format!("'{text}': unknown unit '{other}'")),
    };
    digits.parse::<i64>().map(|number| number * unit).map_err(|error| format!("'{text}': {error}"))
}

/// Lines that differ, with some around them.
pub(crate) fn diff(told: &str, found: &str) -> String {
    let (told, found): (Vec<&str>, Vec<&str>) = (told.lines().collect(), found.lines().collect());
    let same = told.iter().zip(&found).take_while(|(a, b)| a == b).count();
    let (told, found) = (&told[same..], &found[same..]);
    let end = told.iter().rev().zip(found.iter().rev()).take_while(|(a, b)| a == b).count();
    let (told, found) = (&told[..told.len() - end], &found[..found.len() - end]);
    let mut table = vec![vec![0u32; found.len() + 1]; told.len() + 1];
    for i in (0..told.len()).rev() {
        for j in (0..found.len()).rev() {
            table[i][j] = match told[i] == found[j] {
                true => table[i + 1][j + 1] + 1,
                false => table[i + 1][j].max(table[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, format!("at line {}\n", same + 1));
    while (i < told.len() || j < found.len()) && out.len() < 6_000 {
        if i < told.len() && j < found.len() && told[i] == found[j] {
            out.push_str(&format!("  {}\n", told[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == found.len() || (i < told.len() && table[i + 1][j] >= table[i][j + 1]) {
            out.push_str(&format!("- {}\n", told[i]));
            i += 1;
        } else {
            out.push_str(&format!("+ {}\n", found[j]));
            j += 1;
        }
    }
    out
}
