//! Writes the samples of an entry into a folder, a file each, for a fuzzer to begin with: `samples ENTRY FOLDER`.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    // The first one is the name of this program.
    let mut arguments = env::args().skip(1);
    let (Some(entry), Some(folder)) = (arguments.next(), arguments.next().map(PathBuf::from)) else {
        return Err("give the name of an entry and a folder".into());
    };
    for (number, sample) in weir_fuzz::samples(&entry)?.iter().enumerate() {
        fs::write(folder.join(format!("sample-{number:04}")), sample)?;
    }
    Ok(())
}
