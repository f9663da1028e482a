//! A disk that fills up: new work is refused in words, work that is under way ends, nothing is lost, and all of it passes by
//! itself when there is space again.
//!
//! The disk is a tmpfs, which only root may mount; elsewhere these tests say that they were not run.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::server::{ONE_TASK, Server, check, http, serve};

/// A small disk; unmounted with this.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    #[expect(clippy::print_stderr, reason = "a test that cannot run says so")]
    fn mount(size: &str) -> Option<SmallDisk> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "weir-test"]).arg(folder.path());
        if mount.output().is_ok_and(|output| output.status.success()) {
            return Some(SmallDisk(folder));
        }
        eprintln!("NOT RUN: a small disk cannot be mounted here (it takes root)");
        None
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Takes all that is free, to the last byte.
    fn fill(&self) {
        let mut filler = fs::OpenOptions::new().append(true).create(true).open(self.path("filler")).unwrap();
        for bytes in [1 << 20, 4096, 1] {
            while filler.write_all(&vec![1; bytes]).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.path("filler")).unwrap();
    }

    fn remount(&self, options: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,{options}")]).arg(self.0.path());
        assert!(mount.status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

fn create(server: &Server) -> (u16, String) {
    server.rest("POST", "/process-instances", br#"{"processDefinitionId": "one-task"}"#)
}

fn key_of(created: &(u16, String)) -> String {
    assert_eq!(created.0, 200, "{}", created.1);
    let created: serde_json::Value = serde_json::from_str(&created.1).unwrap();
    created["processInstanceKey"].as_str().unwrap().to_owned()
}

/// Waits until an instance can be created.
fn wait_until_created(server: &Server) -> (u16, String) {
    let began = Instant::now();
    loop {
        let created = create(server);
        if created.0 == 200 {
            return created;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{created:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

fn works_off_one_job(server: &Server) {
    check(&server.weir(&["job", "work", "work", "--count", "1"]), 0, &["completed"]);
}

fn start(data_dir: &Path) -> Server {
    Server::start_on(tempfile::tempdir().unwrap(), data_dir)
}

/// New work is refused on every face, and each says why.
fn refuses_new_work(server: &Server) {
    let (status, problem) = create(server);
    assert_eq!(status, 503, "{problem}");
    assert!(
        problem.contains("RESOURCE_EXHAUSTED") && problem.contains("disk of the data folder"),
        "{problem}"
    );
    let refused = server.weir(&["run", "one-task"]);
    check(&refused, 4, &["ResourceExhausted", "disk of the data folder", "free space on the server's disk"]);
    let (status, ready) = http(&server.metrics, "GET", "/health/ready", b"");
    assert!(
        status == 200 && ready.contains("new work is refused"),
        "workers still reach it: {status} {ready}"
    );
    let (_, metrics) = http(&server.metrics, "GET", "/metrics", b"");
    assert!(metrics.contains("\nweir_disk_full 1\n"), "{metrics}");
    let (_, topology) = server.rest("GET", "/topology", b"");
    assert!(topology.contains("\"unhealthy\"") && !topology.contains("\"healthy\""), "{topology}");
}

#[test]
fn a_disk_that_fills_up_while_the_server_works_and_is_freed_again() {
    let Some(disk) = SmallDisk::mount("640m") else { return };
    let data_dir = disk.path("data");
    let server = start(&data_dir);
    check(&server.deploy("one-task.bpmn", ONE_TASK.as_bytes()), 0, &[]);
    let mut keys: Vec<String> = (0..4).map(|_| key_of(&create(&server))).collect();
    disk.fill();
    let began = Instant::now();
    loop {
        let created = create(&server);
        if created.0 == 503 {
            break;
        }
        keys.push(key_of(&created));
        assert!(began.elapsed() < Duration::from_secs(30), "work is let in on a full disk");
    }
    refuses_new_work(&server);
    works_off_one_job(&server);
    // Longer than all partitions take to come to their next checkpoint, which has no room.
    thread::sleep(Duration::from_secs(6));
    works_off_one_job(&server);
    let left = server.weir(&["--json", "job", "activate", "work", "--max", "100000"]);
    let left: serde_json::Value = serde_json::from_slice(&left.stdout).unwrap();
    let left: Vec<&str> =
        left.as_array().unwrap().iter().map(|job| job["processInstanceKey"].as_str().unwrap()).collect();
    assert_eq!(left.len(), keys.len() - 2, "{left:?} of {keys:?}");
    check(&server.weir(&["instance", "cancel", left[0]]), 0, &["cancelled"]);
    // Stopped and started on the full disk.
    assert_eq!(server.stop(), Some(0));
    disk.fill();
    let server = start(&data_dir);
    refuses_new_work(&server);
    check(&server.weir(&["instance", "cancel", left[0]]), 4, &["NotFound"]);
    check(&server.weir(&["instance", "cancel", left[1]]), 0, &["cancelled"]);
    disk.free();
    let created = wait_until_created(&server);
    works_off_one_job(&server);
    check(&server.weir(&["instance", "cancel", &key_of(&created)]), 4, &["NotFound"]);
    let (_, topology) = server.rest("GET", "/topology", b"");
    assert!(topology.contains("\"healthy\"") && !topology.contains("\"unhealthy\""), "{topology}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_new_data_folder_on_a_full_disk_is_refused_with_what_to_do() {
    let Some(disk) = SmallDisk::mount("8m") else { return };
    disk.fill();
    let refused = serve(&disk.path("data")).output().unwrap();
    check(&refused, 6, &["data", "No space left on device", "free space on this disk"]);
}

#[test]
fn a_disk_that_may_not_be_written_is_told_as_such() {
    let Some(disk) = SmallDisk::mount("640m") else { return };
    let data_dir = disk.path("data");
    let server = start(&data_dir);
    check(&server.deploy("one-task.bpmn", ONE_TASK.as_bytes()), 0, &[]);
    let key = key_of(&create(&server));
    assert_eq!(server.stop(), Some(0));
    disk.remount("ro");
    let refused = serve(&data_dir).output().unwrap();
    check(&refused, 6, &["data", "Read-only file system"]);
    disk.remount("rw");
    let server = start(&data_dir);
    check(&server.weir(&["instance", "cancel", &key]), 0, &["cancelled"]);
    assert_eq!(server.stop(), Some(0));
}

/// The checksum of the marker.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _bit: u32| (crc >> 1) ^ (0x82F6_3B78 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[test]
fn a_data_folder_of_a_newer_release_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let server = start(&data_dir);
    check(&server.deploy("one-task.bpmn", ONE_TASK.as_bytes()), 0, &[]);
    assert_eq!(server.stop(), Some(0));
    let marker = data_dir.join("journal/format");
    let known = fs::read_to_string(&marker).unwrap();
    let (lines, _check) = known.rsplit_once("check ").unwrap();
    let lines = lines.replace("format 1\n", "format 2\n");
    let newer = format!("{lines}check {:08x}\n", crc32c(lines.as_bytes()));
    fs::write(&marker, &newer).unwrap();
    check(&serve(&data_dir).output().unwrap(), 6, &["format", "newer"]);
    assert_eq!(fs::read_to_string(&marker).unwrap(), newer, "nothing was changed");
    fs::write(&marker, &known).unwrap();
    let server = start(&data_dir);
    key_of(&create(&server));
}
