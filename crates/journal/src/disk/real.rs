//! The file system of the machine.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

use rustix::fs::{Advice, FallocateFlags, fadvise, fallocate, statvfs};

use super::{Disk, DiskFile, DiskLock, Guard, LockError};

/// Zeros that are written into newly reserved space, at a time: a page, because the page cache keeps what was written
/// at once as one piece, and every later sync of a few kilobytes would look through, and be counted as, all of it.
static ZEROS: [u8; 4096] = [0; 4096];

/// A folder of the machine's file system.
#[derive(Debug)]
pub struct RealDisk {
    root: PathBuf,
}

#[derive(Debug)]
struct RealFile {
    file: File,
}

impl RealDisk {
    /// A disk whose root is `root`, which is created if need be.
    ///
    /// # Errors
    /// What the system answers.
    pub fn new(root: impl Into<PathBuf>) -> io::Result<RealDisk> {
        let root = root.into();
        create_dir_durably(&root)?;
        Ok(RealDisk { root })
    }

    fn path(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }
}

/// Bytes that are free for us on the file system of a folder.
///
/// # Errors
/// What the system answers.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let told = statvfs(folder)?;
    Ok(told.f_bavail.saturating_mul(told.f_frsize))
}

/// Creates the folder and what is missing above it, and syncs each parent that gained a name.
fn create_dir_durably(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        create_dir_durably(parent)?;
    }
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

impl Disk for RealDisk {
    fn open(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).open(self.path(path))?;
        Ok(Box::new(RealFile { file }))
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(self.path(path))?;
        Ok(Box::new(RealFile { file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.path(path))
    }

    fn create_dir(&self, path: &str) -> io::Result<()> {
        create_dir_durably(&self.path(path))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.path(dir))? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string().ok());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        File::open(self.path(dir))?.sync_all()
    }

    fn lock(&self, path: &str, holder: &str) -> Result<DiskLock, LockError> {
        let path = self.path(path);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder)?;
                return Err(LockError::Held { holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // Somebody may have replaced the file between opening and locking; then the lock is on a file without a name.
        let (held, named) = (file.metadata()?, fs::metadata(&path)?);
        if (held.dev(), held.ino()) != (named.dev(), named.ino()) {
            return Err(LockError::Held { holder: "another process that replaced the lock file".to_owned() });
        }
        // The text only helps people; on a full disk the lock holds without it.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(holder.as_bytes()));
        Ok(DiskLock { _guard: Box::new(LockedFile { _file: file }) })
    }

    fn describe(&self, path: &str) -> String {
        self.path(path).display().to_string()
    }
}

impl DiskFile for RealFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match self.file.read_at(buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }

    fn allocate(&self, bytes: u64) -> io::Result<()> {
        let mut size_bytes = self.file.metadata()?.len();
        if size_bytes >= bytes {
            return Ok(());
        }
        match fallocate(&self.file, FallocateFlags::empty(), 0, bytes) {
            // Not every file system can reserve; writing the zeros below reserves as well, only less contiguously.
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
        // Reserved extents count as unwritten: the first write into each would change metadata, and so cost a second
        // disk write in every `fdatasync`. Zeros written now make later writes plain overwrites.
        while size_bytes < bytes {
            let count = usize::try_from(bytes - size_bytes).map_or(ZEROS.len(), |rest| rest.min(ZEROS.len()));
            self.file.write_all_at(&ZEROS[..count], size_bytes)?;
            size_bytes += count as u64;
        }
        Ok(())
    }

    fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn drop_cache(&self) {
        // Advice only: where the file system does not take it, recovery reads what the cache holds.
        let _ = fadvise(&self.file, 0, None, Advice::DontNeed);
    }
}

#[derive(Debug)]
struct LockedFile {
    // Closing the descriptor releases the lock.
    _file: File,
}

impl Guard for LockedFile {}
