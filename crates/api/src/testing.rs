//! A real node for unit tests.

use tempfile::TempDir;
use weir_node::{Memory, Node, NodeConfig};

use crate::door::{Door, Stop};

/// A node in a folder of its own, both gone with this.
pub(crate) struct TestNode {
    pub(crate) door: Door,
    node: Option<Node>,
    _folder: TempDir,
}

impl TestNode {
    /// Starts it, with one partition. Wants a runtime.
    pub(crate) fn start() -> TestNode {
        let folder = TempDir::new().unwrap();
        let config = NodeConfig {
            data_dir: folder.path().into(),
            mirror_dir: None,
            partitions: Some(1),
            memory: Memory::of_machine(),
            settable_clock: false,
            payload: weir_node::Payload::default(),
        };
        let node = Node::start(&config).unwrap();
        let door = Door {
            node: node.handle(),
            stop: Stop::when(std::future::pending()),
            grpc: ("127.0.0.1".into(), 26500),
        };
        TestNode { door, node: Some(node), _folder: folder }
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        if let Some(node) = self.node.take() {
            node.stop().unwrap();
        }
    }
}
