//! `--mirror-dir`: the disk of the data folder is lost, and everything is there.

use std::{fs, path::Path, process::Command};

use crate::server::{ONE_TASK, Server, WEIR, check, http, serve};

fn start(root: &Path) -> Server {
    let mut command = serve(&root.join("data"));
    command.arg("--mirror-dir").arg(root.join("mirror"));
    Server::spawn(tempfile::tempdir().unwrap(), &mut command)
}

fn create(server: &Server) {
    let (status, created) =
        server.rest("POST", "/process-instances", br#"{"processDefinitionId": "one-task"}"#);
    assert_eq!(status, 200, "{created}");
}

#[test]
fn either_folder_is_lost_and_everything_is_there() {
    let root = tempfile::tempdir().unwrap();
    let server = start(root.path());
    check(&server.deploy("one-task.bpmn", ONE_TASK.as_bytes()), 0, &[]);
    (0..5).for_each(|_| create(&server));
    let (_, ready) = http(&server.metrics, "GET", "/health/ready", b"");
    assert_eq!(ready, r#"{"status":"UP"}"#);
    assert_eq!(server.stop(), Some(0));

    let folders = ["data", "mirror"].map(|name| root.path().join(name).display().to_string());
    let verify = |folders: &[String; 2]| {
        let mut weir = Command::new(WEIR);
        weir.args(["data", "verify", &folders[0], "--mirror-dir", &folders[1]]).output().unwrap()
    };
    check(&verify(&folders), 0, &["both hold the same"]);
    for lost in ["data", "mirror", "data"] {
        fs::remove_dir_all(root.path().join(lost)).unwrap();
        let server = start(root.path());
        check(&server.weir(&["job", "work", "work", "--count", "1"]), 0, &["completed"]);
        // Killed, not stopped.
        drop(server);
    }
    let server = start(root.path());
    check(&server.weir(&["job", "work", "work", "--count", "2"]), 0, &["completed"]);
    let (_, found) = server.rest(
        "POST",
        "/jobs/activation",
        br#"{"type": "work", "worker": "w", "timeout": 1000, "maxJobsToActivate": 9}"#,
    );
    assert_eq!(found, r#"{"jobs":[]}"#, "none came twice");
    assert_eq!(server.stop(), Some(0));

    // One goes on alone.
    let alone = Server::start_on(tempfile::tempdir().unwrap(), &root.path().join("data"));
    create(&alone);
    assert_eq!(alone.stop(), Some(0));
    check(&verify(&folders), 1, &["the two differ", "ends at record", "in the mirror"]);
}

#[test]
fn a_mirror_within_the_data_folder_is_refused_in_words() {
    let root = tempfile::tempdir().unwrap();
    let mut command: Command = serve(&root.path().join("data"));
    command.arg("--mirror-dir").arg(root.path().join("data/mirror"));
    check(&command.output().unwrap(), 6, &["mirror", "lie in one another", "on another disk"]);
}
