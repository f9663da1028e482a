//! What a process did to its files, as `strace` saw it, done again on a simulated disk.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use weir_journal::disk::{Disk, DiskFile, sim::SimDisk};

/// The system calls that matter.
pub(super) const CALLS: &str = "openat,read,write,pwrite64,writev,lseek,ftruncate,fallocate,fsync,fdatasync,sync_file_range,\
     rename,renameat,renameat2,unlink,unlinkat,link,linkat,mkdir,mkdirat,rmdir,close,dup,dup2,mmap";

/// A file that is open.
struct Open {
    path: String,
    /// `None`: a folder.
    file: Option<Box<dyn DiskFile>>,
    position: u64,
    appends: bool,
}

/// Files of a process, rebuilt call by call. Folders are taken to be durable at once.
pub(super) struct Replay {
    pub(super) disk: SimDisk,
    pub(super) folders: BTreeSet<String>,
    /// Folders that got another name, which counts as durable at once; on the simulated disk they keep the old one.
    pub(super) renamed: Vec<(String, String)>,
    root: String,
    open: BTreeMap<u64, Open>,
    /// Calls that another thread interrupted, by thread.
    begun: BTreeMap<String, String>,
    /// Bytes that were written to the file with this name: they say how far the process was.
    told_in: String,
    pub(super) told: Vec<u8>,
}

impl Replay {
    pub(super) fn new(root: &Path, told_in: &str) -> Replay {
        Replay {
            disk: SimDisk::new(),
            folders: BTreeSet::new(),
            renamed: Vec::new(),
            root: root.to_str().unwrap().to_owned(),
            open: BTreeMap::new(),
            begun: BTreeMap::new(),
            told_in: told_in.to_owned(),
            told: Vec::new(),
        }
    }

    /// Does what a line of the log says. `true`: it changed the disk.
    pub(super) fn line(&mut self, line: &str) -> bool {
        let (thread, call) = line.split_once(' ').unwrap();
        let call = call.trim_start();
        if let Some(begun) = call.strip_suffix(" <unfinished ...>") {
            self.begun.insert(thread.to_owned(), begun.to_owned());
            return false;
        }
        let whole = match call.strip_prefix("<... ").and_then(|call| call.split_once(" resumed>")) {
            Some((_, rest)) => format!("{}{rest}", self.begun.remove(thread).unwrap()),
            None => call.to_owned(),
        };
        let Some((call, result)) = whole.rsplit_once(" = ") else { return false };
        let Ok(result) = result.split(' ').next().unwrap().parse::<u64>() else { return false };
        let (name, arguments) = call.split_once('(').unwrap();
        let arguments = arguments.trim_end().strip_suffix(')').unwrap();
        let arguments: Vec<&str> = arguments.split(", ").collect();
        self.call(name, &arguments, result)
    }

    fn call(&mut self, name: &str, arguments: &[&str], result: u64) -> bool {
        let number = |at: usize| arguments[at].parse::<u64>().unwrap();
        match name {
            "openat" => self.open(arguments, result),
            "mkdir" | "mkdirat" => self.make_folder(arguments),
            "unlink" | "unlinkat" => {
                let path = self.paths(arguments).pop();
                path.is_some_and(|path| self.disk.remove(&path).is_ok())
            }
            "rename" | "renameat" | "renameat2" => {
                let paths = self.paths(arguments);
                let [from, to] = paths.as_slice() else { return false };
                if self.folders.contains(from) {
                    self.renamed.push((from.clone(), to.clone()));
                    return true;
                }
                self.disk.rename(from, to).unwrap();
                true
            }
            "link" | "linkat" | "rmdir" | "dup" | "dup2" | "writev" | "fallocate" => {
                let is_ours = !self.paths(arguments).is_empty()
                    || arguments[0].parse().is_ok_and(|file: u64| self.open.contains_key(&file));
                assert!(!is_ours, "a call that is not known here: {name}{arguments:?}");
                false
            }
            "mmap" => {
                let writes = arguments[2].contains("PROT_WRITE") && arguments[3].contains("MAP_SHARED");
                let is_ours = arguments[4].parse().is_ok_and(|file: u64| self.open.contains_key(&file));
                assert!(!(writes && is_ours), "files are not written through memory");
                false
            }
            "close" => {
                self.open.remove(&number(0));
                false
            }
            "read" | "lseek" => {
                if let Some(open) = self.open.get_mut(&number(0)) {
                    open.position = if name == "lseek" { result } else { open.position + result };
                }
                false
            }
            "write" => self.write(number(0), None, arguments[1], result),
            "pwrite64" => self.write(number(0), Some(number(3)), arguments[1], result),
            "ftruncate" => self.set_size(number(0), number(1)),
            "fsync" | "fdatasync" => self.sync(number(0)),
            // It promises nothing.
            "sync_file_range" => false,
            other => panic!("a call that is not known here: {other}"),
        }
    }

    /// The arguments that are paths within the root.
    fn paths(&self, arguments: &[&str]) -> Vec<String> {
        let texts = arguments.iter().filter(|argument| argument.starts_with('"'));
        let texts = texts.map(|text| String::from_utf8(bytes(text)).unwrap());
        texts.filter_map(|path| self.within(&path)).collect()
    }

    fn within(&self, path: &str) -> Option<String> {
        let path = path.strip_prefix(&self.root)?.trim_matches('/');
        let was_renamed = self.renamed.iter().find_map(|(from, to)| {
            let rest = path.strip_prefix(to.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{from}{rest}"))
        });
        Some(was_renamed.unwrap_or_else(|| path.to_owned()))
    }

    fn make_folder(&mut self, arguments: &[&str]) -> bool {
        let Some(path) = self.paths(arguments).pop() else { return false };
        self.disk.create_dir(&path).unwrap();
        self.folders.insert(path)
    }

    fn open(&mut self, arguments: &[&str], number: u64) -> bool {
        let Some(path) = self.paths(arguments).pop() else { return false };
        let flags = arguments[2];
        let is_folder = path.is_empty() || self.folders.contains(&path);
        let is_new = !is_folder && self.disk.open(&path).is_err();
        let file = match (is_folder, is_new) {
            (true, _) => None,
            (false, true) => Some(self.disk.create(&path).unwrap()),
            (false, false) => Some(self.disk.open(&path).unwrap()),
        };
        if flags.contains("O_TRUNC") && !is_new {
            self.disk.shrink(&path, 0);
        }
        let appends = flags.contains("O_APPEND");
        self.open.insert(number, Open { path, file, position: 0, appends });
        is_new || flags.contains("O_TRUNC")
    }

    fn write(&mut self, number: u64, at: Option<u64>, text: &str, count: u64) -> bool {
        let Some(open) = self.open.get_mut(&number) else { return false };
        let mut written = bytes(text);
        assert!(written.len() as u64 >= count, "the log has less than was written");
        written.truncate(count as usize);
        if open.path == self.told_in {
            self.told.extend(written);
            return false;
        }
        let file = open.file.as_ref().unwrap();
        let offset = match at {
            Some(at) => at,
            None if open.appends => file.size_bytes().unwrap(),
            None => open.position,
        };
        file.write_at(&written, offset).unwrap();
        if at.is_none() {
            open.position = offset + count;
        }
        true
    }

    fn set_size(&mut self, number: u64, bytes: u64) -> bool {
        let Some(Open { path, file: Some(file), .. }) = self.open.get(&number) else { return false };
        match file.size_bytes().unwrap() > bytes {
            true => self.disk.shrink(path, bytes as usize),
            false => file.allocate(bytes).unwrap(),
        }
        true
    }

    fn sync(&mut self, number: u64) -> bool {
        let Some(open) = self.open.get(&number) else { return false };
        match &open.file {
            Some(file) => file.sync_data().unwrap(),
            None => self.disk.sync_dir(&open.path).unwrap(),
        }
        true
    }
}

/// The bytes of a text as `strace -xx` writes it: "\x00\x01".
fn bytes(text: &str) -> Vec<u8> {
    let text = text.strip_prefix('"').unwrap();
    let text = text.strip_suffix('"').unwrap_or_else(|| panic!("it is cut short: {text}"));
    // Before the first "\x" there is nothing.
    text.split("\\x").skip(1).map(|hex| u8::from_str_radix(hex, 16).unwrap()).collect()
}

#[test]
fn calls_of_a_log_are_done_again() {
    let hex = |text: &str| text.bytes().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    let mut replay = Replay::new(Path::new("/base"), "told");
    let log = [
        format!("7 mkdir(\"{}\", 0777) = 0", hex("/base/f")),
        format!("7 openat(AT_FDCWD, \"{}\", O_WRONLY|O_CREAT, 0666) = 3", hex("/base/f/a")),
        format!("7 write(3, \"{}\", 5) = 5", hex("hello")),
        "7 fsync(3 <unfinished ...>".to_owned(),
        format!("8 openat(AT_FDCWD, \"{}\", O_RDONLY|O_CLOEXEC) = 4", hex("/base/f")),
        "7 <... fsync resumed>)             = 0".to_owned(),
        "8 fsync(4) = 0".to_owned(),
        format!("7 write(3, \"{}\", 6) = 3", hex(" worldly")),
        "7 ftruncate(3, 6) = 0".to_owned(),
        format!("7 openat(AT_FDCWD, \"{}\", O_WRONLY|O_CREAT, 0666) = 5", hex("/base/told")),
        format!("7 write(5, \"{}\", 1) = 1", hex("x")),
        format!(
            "7 openat(AT_FDCWD, \"{}\", O_RDONLY) = -1 ENOENT (No such file or directory)",
            hex("/base/b")
        ),
    ];
    for line in log {
        replay.line(&line);
    }
    assert_eq!(replay.disk.contents("f/a"), b"hello ");
    assert_eq!(replay.told, b"x");
    let lost = replay.disk.crash(|_| weir_journal::disk::sim::Fate::Lost);
    assert_eq!((lost.paths(), lost.contents("f/a")), (vec!["f/a".to_owned()], b"hello".to_vec()));
}
