//! Topology: which partitions there are.

use crate::{
    door::Door,
    proto::{
        BrokerInfo, Partition, TopologyResponse,
        partition::{PartitionBrokerHealth, PartitionBrokerRole},
    },
    topology,
};

pub(super) fn topology(door: &Door) -> TopologyResponse {
    let topology = door.node.topology();
    let partitions = (1..).zip(topology.healthy).map(|(partition_id, healthy)| Partition {
        partition_id,
        role: PartitionBrokerRole::Leader as i32,
        health: if healthy { PartitionBrokerHealth::Healthy } else { PartitionBrokerHealth::Unhealthy }
            as i32,
    });
    let (host, port) = door.grpc.clone();
    #[expect(deprecated, reason = "older clients read node_id")]
    let broker = BrokerInfo {
        node_id: 0,
        host,
        port: port.into(),
        partitions: partitions.collect(),
        version: topology::CONTRACT_VERSION.into(),
        broker_id: "0".into(),
        zone: String::new(),
    };
    TopologyResponse {
        brokers: vec![broker],
        cluster_size: 1,
        partitions_count: topology.partitions.into(),
        replication_factor: 1,
        gateway_version: topology::CONTRACT_VERSION.into(),
        cluster_id: topology.cluster_id,
    }
}
