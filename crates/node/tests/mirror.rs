//! A node with a mirror: either folder may be lost, and nothing is.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use weir_engine::{
    command::{ActivateJobs, Command, CreateInstance, ProcessRef, Reply, Resource},
    document::Document,
};
use weir_node::{Handle, Memory, Node, NodeConfig, Side, offline};

const ONE_TASK: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
<process id="one-task" isExecutable="true"><startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="task"/>
<serviceTask id="task"><extensionElements><zeebe:taskDefinition type="work"/></extensionElements></serviceTask>
<sequenceFlow id="f2" sourceRef="task" targetRef="end"/><endEvent id="end"/></process></definitions>"#;

/// Two folders, and what was begun in them.
struct Pair {
    root: tempfile::TempDir,
    open: usize,
}

impl Pair {
    fn new() -> Pair {
        Pair { root: tempfile::tempdir().unwrap(), open: 0 }
    }

    fn folder(&self, side: Side) -> PathBuf {
        self.root.path().join(side.to_string())
    }

    fn config(&self) -> NodeConfig {
        NodeConfig {
            data_dir: self.folder(Side::Primary),
            mirror_dir: Some(self.folder(Side::Mirror)),
            partitions: Some(2),
            memory: Memory::of_machine(),
            settable_clock: true,
            payload: weir_node::Payload::default(),
        }
    }

    async fn start(&self) -> Node {
        let node = Node::start(&self.config()).unwrap();
        let text = node.handle().metrics_text();
        assert!(text.contains("\nweir_mirror_configured 1\n"), "{text}");
        node
    }

    fn lose(&self, side: Side) {
        fs::remove_dir_all(self.folder(side)).unwrap();
    }

    /// Begins instances that wait, each with so many bytes of variables.
    async fn begin(&mut self, handle: &Handle, count: usize, bytes: usize) {
        for _ in 0..count {
            let asked = CreateInstance {
                process: ProcessRef::Latest("one-task".into()),
                variables: Document::parse(&format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes))).unwrap(),
                start_at: Vec::new(),
                with_result: None,
            };
            handle.submit(Command::CreateInstance(asked)).await.unwrap();
            self.open += 1;
        }
    }

    /// Ends every instance: as many as were begun are there, and no other.
    async fn end_all(&mut self, handle: &Handle) {
        let mut ended = 0;
        loop {
            let asked = ActivateJobs {
                job_type: "work".into(),
                worker: "worker".into(),
                timeout_ms: 600_000,
                max_jobs: 1_000,
                fetch_variables: Arc::from(["none".into()]),
                max_bytes: 1 << 20,
            };
            let jobs = handle.activate_jobs(asked, None).next().await.map_or(Vec::new(), Result::unwrap);
            if jobs.is_empty() {
                break;
            }
            for job in jobs {
                let command = Command::CompleteJob { job: job.key, variables: Document::default() };
                assert_eq!(handle.submit(command).await.unwrap(), Reply::Done);
                ended += 1;
            }
        }
        assert_eq!(ended, self.open);
        self.open = 0;
    }

    /// Begins enough for checkpoints and trims, so that neither folder's journal reaches back to the beginning.
    async fn begin_and_trim(&mut self) {
        let node = self.start().await;
        self.begin(&node.handle(), 12, 500_000).await;
        let first = self.folder(Side::Mirror).join("journal/0000000001.segment");
        let mut waited = 0;
        while first.exists() {
            assert!(waited < 200, "nothing is trimmed");
            waited += 1;
            tokio::time::sleep(Duration::from_millis(200)).await;
            self.begin(&node.handle(), 2, 10).await;
        }
        node.stop().unwrap();
        for side in Side::BOTH {
            let journal = offline::inspect(&self.folder(side)).unwrap().journal;
            assert!(journal.partitions.values().any(|tail| tail.trimmed.0 > 0), "{side}: {journal:?}");
        }
    }
}

async fn deploy(handle: &Handle) {
    let resource = Resource { name: "one-task.bpmn".into(), content: ONE_TASK.as_bytes().into() };
    assert!(matches!(handle.submit(Command::Deploy(vec![resource])).await.unwrap(), Reply::Deployed(_)));
}

/// A node that was deployed to, worked, and stopped.
async fn worked() -> Pair {
    let mut pair = Pair::new();
    let node = pair.start().await;
    deploy(&node.handle()).await;
    node.stop().unwrap();
    pair.begin_and_trim().await;
    pair
}

#[tokio::test]
async fn either_folder_may_be_lost() {
    let mut pair = worked().await;
    for (lost, crashes) in [(Side::Primary, true), (Side::Mirror, true), (Side::Primary, false)] {
        let node = pair.start().await;
        pair.begin(&node.handle(), 5, 10).await;
        // As after a crash, or in order.
        if crashes {
            node.abandon().unwrap()
        } else {
            node.stop().unwrap()
        }
        pair.lose(lost);
    }
    let node = pair.start().await;
    pair.end_all(&node.handle()).await;
    node.stop().unwrap();
    // Each of them alone is whole, too.
    for side in Side::BOTH {
        let verified = offline::verify(&pair.folder(side)).unwrap();
        assert!(verified.wrong.is_empty() && verified.contents.misfits.is_empty(), "{side}: {verified:?}");
    }
    let config = NodeConfig { data_dir: pair.folder(Side::Mirror), mirror_dir: None, ..pair.config() };
    Node::start(&config).unwrap().stop().unwrap();
}

#[tokio::test]
async fn a_state_store_that_is_lost_damaged_or_behind_is_made_from_the_other() {
    let mut pair = worked().await;
    for side in Side::BOTH {
        let state = pair.folder(side).join("state");
        let kept = pair.root.path().join("kept");
        copy(&state, &kept);
        // Lost.
        fs::remove_dir_all(&state).unwrap();
        pair.start().await.stop().unwrap();
        // Damaged, so that it does not open.
        for entry in fs::read_dir(&state).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::write(path, b"rot").unwrap();
            }
        }
        let node = pair.start().await;
        pair.begin(&node.handle(), 3, 10).await;
        node.stop().unwrap();
        // Of an earlier time: a power loss came between the two writes.
        fs::remove_dir_all(&state).unwrap();
        copy(&kept, &state);
        fs::remove_dir_all(&kept).unwrap();
        let node = pair.start().await;
        pair.begin(&node.handle(), 3, 10).await;
        node.stop().unwrap();
        // Now it has caught up, and is enough alone.
        pair.lose(side.other());
        pair.start().await.stop().unwrap();
    }
    let node = pair.start().await;
    pair.end_all(&node.handle()).await;
    node.stop().unwrap();
}

/// The power went between the two writes of a checkpoint, and what that checkpoint brought is gone again by the journal's end.
#[tokio::test]
async fn what_came_and_went_while_the_stores_differed_stays_in_neither() {
    for later in Side::BOTH {
        let mut pair = Pair::new();
        let node = pair.start().await;
        deploy(&node.handle()).await;
        pair.begin(&node.handle(), 3, 10).await;
        node.stop().unwrap();
        let kept = |side: Side| pair.root.path().join(format!("kept {side}"));
        let kept = [kept(later.other()), kept(later)];
        let states = [pair.folder(later.other()).join("state"), pair.folder(later).join("state")];
        copy(&states[0], &kept[0]);
        let node = pair.start().await;
        pair.begin(&node.handle(), 5, 10).await;
        node.stop().unwrap();
        copy(&states[1], &kept[1]);
        let node = pair.start().await;
        pair.end_all(&node.handle()).await;
        node.stop().unwrap();
        for (state, kept) in states.iter().zip(&kept) {
            fs::remove_dir_all(state).unwrap();
            copy(kept, state);
        }
        let node = pair.start().await;
        pair.end_all(&node.handle()).await;
        node.stop().unwrap();
        pair.lose(later.other());
        let node = pair.start().await;
        pair.end_all(&node.handle()).await;
        node.stop().unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// A folder that goes away while the node works is left behind, loudly, and is rebuilt at the next start.
#[tokio::test]
async fn a_folder_that_fails_is_left_behind_and_rebuilt() {
    let mut pair = worked().await;
    for side in Side::BOTH {
        let node = pair.start().await;
        let handle = node.handle();
        assert_eq!(handle.health().left_behind, None);
        // What is open goes on under another name; what is new finds no folder.
        fs::rename(pair.folder(side), pair.root.path().join(format!("lost {side}"))).unwrap();
        let mut begun = 0;
        while handle.health().left_behind.is_none() {
            assert!(begun < 300, "nobody noticed");
            pair.begin(&handle, 10, 500_000).await;
            begun += 10;
        }
        assert_eq!(handle.health().left_behind, Some(side));
        assert!(handle.health().ready, "it goes on with the other");
        assert!(handle.metrics_text().contains("\nweir_mirror_left_behind 1\n"));
        pair.begin(&handle, 3, 10).await;
        node.abandon().unwrap();
        let node = pair.start().await;
        assert_eq!(node.handle().health().left_behind, None);
        node.stop().unwrap();
        pair.lose(side.other());
    }
    let node = pair.start().await;
    pair.end_all(&node.handle()).await;
    node.stop().unwrap();
}

#[tokio::test]
async fn a_mirror_that_cannot_be_one_is_refused_by_name() {
    let pair = worked().await;
    let inside = pair.folder(Side::Primary).join("mirror");
    for mirror in [pair.folder(Side::Primary), inside, pair.root.path().to_path_buf()] {
        let config = NodeConfig { mirror_dir: Some(mirror), ..pair.config() };
        let refused = Node::start(&config).err().unwrap().to_string();
        assert!(refused.contains("lie in one another"), "{refused}");
    }
    let foreign = tempfile::tempdir().unwrap();
    let config = NodeConfig { data_dir: foreign.path().to_path_buf(), mirror_dir: None, ..pair.config() };
    Node::start(&config).unwrap().stop().unwrap();
    let config = NodeConfig { mirror_dir: Some(foreign.path().to_path_buf()), ..pair.config() };
    let refused = Node::start(&config).err().unwrap().to_string();
    assert!(refused.contains("it is a copy of journal") && refused.contains("empty one"), "{refused}");
}

/// The end of the store's own journal is gone: its library takes that for a write that was never confirmed.
#[tokio::test]
async fn a_store_that_lost_a_confirmed_checkpoint_is_refused_alone_and_rebuilt_with_a_mirror() {
    let mut pair = worked().await;
    let state = pair.folder(Side::Primary).join("state");
    let mut emptied = 0;
    for entry in fs::read_dir(&state).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|suffix| suffix == "jnl") {
            fs::write(path, b"").unwrap();
            emptied += 1;
        }
    }
    assert_eq!(emptied, 1);
    let alone = NodeConfig { mirror_dir: None, ..pair.config() };
    let refused = Node::start(&alone).err().unwrap().to_string();
    assert!(refused.contains("the state store lost a checkpoint that was confirmed"), "{refused}");
    assert!(refused.contains("start with the mirror"), "{refused}");
    let node = pair.start().await;
    pair.end_all(&node.handle()).await;
    node.stop().unwrap();
}
