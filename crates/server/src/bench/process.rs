//! What a process costs, read from `/proc`: processor time, memory, bytes written. And what lies in a data folder.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

/// Ticks per second in `/proc/PID/stat`: 100 on every Linux that Rust's standard library runs on.
const TICKS_PER_SECOND: f64 = 100.0;
/// Bytes read at once from a file of the data folder.
const BLOCK_BYTES: usize = 256 * 1024;

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Processor seconds of all its threads, user and system.
    pub(crate) cpu_seconds: f64,
    /// Bytes in memory now.
    pub(crate) resident_bytes: u64,
    /// Most bytes in memory since its start.
    pub(crate) resident_bytes_max: u64,
    /// Bytes that it caused to be written to disk; `None` where the kernel does not tell.
    pub(crate) written_bytes: Option<u64>,
}

impl Usage {
    /// Of a process by its id, or of this one: `self`.
    pub(crate) fn of(process: &str) -> io::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        let written = fs::read_to_string(format!("/proc/{process}/io")).ok();
        Ok(Self {
            cpu_seconds: cpu_seconds(&stat).ok_or(io::ErrorKind::InvalidData)?,
            resident_bytes: field(&status, "VmRSS:").unwrap_or(0) * 1024,
            resident_bytes_max: field(&status, "VmHWM:").unwrap_or(0) * 1024,
            written_bytes: written.and_then(|text| field(&text, "write_bytes:")),
        })
    }
}

/// Fields 14 and 15 (user and system time), counted from behind the name, which may hold spaces and brackets.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let user: f64 = times.next()?.parse().ok()?;
    let system: f64 = times.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Bytes in use below a folder: of each file the part up to its last byte that is not zero, because journals reserve
/// space ahead of their end.
pub(crate) fn used_bytes(folder: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        let used = if kind.is_dir() {
            used_bytes(&path)
        } else if kind.is_file() {
            used_bytes_of_file(&path)
        } else {
            Ok(0)
        };
        match used {
            Ok(bytes) => sum += bytes,
            // The server works on: files come and go.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sum)
}

fn used_bytes_of_file(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut block = vec![0; BLOCK_BYTES];
    let (mut read, mut used) = (0, 0);
    loop {
        let bytes = file.read(&mut block)?;
        if bytes == 0 {
            return Ok(used);
        }
        if let Some(last) = block.iter().take(bytes).rposition(|byte| *byte != 0) {
            used = read + last as u64 + 1;
        }
        read += bytes as u64;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Usage, cpu_seconds, used_bytes};

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let stat = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1";
        assert_eq!(cpu_seconds(stat), Some(3.0));
    }

    #[test]
    fn this_process_uses_memory() {
        let usage = Usage::of("self").unwrap();
        assert!(usage.resident_bytes > 100_000);
        assert!(usage.resident_bytes_max >= usage.resident_bytes);
    }

    #[test]
    fn reserved_space_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        fs::write(folder.path().join("a"), [1, 2, 3, 0, 0, 0]).unwrap();
        fs::write(folder.path().join("sub/b"), vec![0; 1_000_000]).unwrap();
        fs::write(folder.path().join("sub/c"), [0, 0, 9]).unwrap();
        assert_eq!(used_bytes(folder.path()).unwrap(), 6);
    }
}
