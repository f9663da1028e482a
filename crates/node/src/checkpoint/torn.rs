//! The store's own journal after a power loss. The library drops a last batch whose end was not written, but refuses one whose
//! end was and whose middle was not: sectors reach a disk in any order. Nobody was told of such a batch.
//!
//! Taking the last byte of its end away makes the library drop it. Should it have been a confirmed one that has rotted since,
//! then the node's journal was trimmed behind it, and the start is refused for that.

use std::{fs, io, os::unix::fs::FileExt, path::Path};

use super::order;

/// Bytes that are looked at at once.
const BLOCK_BYTES: u64 = 64 * 1024;

/// A journal without its last byte that is not zero.
#[derive(Debug)]
pub(super) struct Cut {
    file: fs::File,
    at: u64,
    byte: u8,
    /// How long it was; behind the byte it was all zeros.
    bytes: u64,
}

impl Cut {
    /// Cuts the newest journal in the store's folder. `None`: there is nothing to cut.
    pub(super) fn make(folder: &Path) -> io::Result<Option<Cut>> {
        let Some(path) = order::journals(folder)?.pop() else { return Ok(None) };
        let file = fs::File::options().read(true).write(true).open(path)?;
        let bytes = file.metadata()?.len();
        let Some((at, byte)) = last_byte(&file, bytes)? else { return Ok(None) };
        file.set_len(at)?;
        file.sync_all()?;
        Ok(Some(Cut { file, at, byte, bytes }))
    }

    /// Puts everything back.
    pub(super) fn undo(self) -> io::Result<()> {
        self.file.write_all_at(&[self.byte], self.at)?;
        self.file.set_len(self.bytes)?;
        self.file.sync_all()
    }
}

/// Place and value of the last byte that is not zero.
pub(super) fn last_byte(file: &fs::File, bytes: u64) -> io::Result<Option<(u64, u8)>> {
    let mut end = bytes;
    while end > 0 {
        let start = end.saturating_sub(BLOCK_BYTES);
        let mut block = vec![0; (end - start) as usize];
        file.read_exact_at(&mut block, start)?;
        if let Some(at) = block.iter().rposition(|byte| *byte != 0) {
            return Ok(Some((start + at as u64, block[at])));
        }
        end = start;
    }
    Ok(None)
}

#[test]
fn a_cut_is_undone_to_the_byte() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Cut::make(folder.path()).unwrap().is_none());
    fs::write(folder.path().join("9.jnl"), b"older").unwrap();
    fs::write(folder.path().join("x.jnl"), b"something else").unwrap();
    let path = folder.path().join("10.jnl");
    let contents = [vec![7; 100], vec![0; 3 * BLOCK_BYTES as usize]].concat();
    fs::write(&path, &contents).unwrap();
    let cut = Cut::make(folder.path()).unwrap().unwrap();
    assert_eq!(fs::read(&path).unwrap(), [7; 99]);
    cut.undo().unwrap();
    assert!(fs::read(&path).unwrap() == contents);
    fs::write(&path, [0; 10]).unwrap();
    assert!(Cut::make(folder.path()).unwrap().is_none());
}
