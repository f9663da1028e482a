//! `/topology` and `/status`: which partitions there are and whether they work.

use axum::{extract::State, http::StatusCode};
use serde::Serialize;

use super::body::Answer;
use crate::{door::Door, failure::Failure, topology::CONTRACT_VERSION};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Topology {
    brokers: [Broker; 1],
    cluster_id: String,
    cluster_size: i32,
    partitions_count: u16,
    replication_factor: i32,
    gateway_version: &'static str,
    last_completed_change_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Broker {
    node_id: i32,
    host: String,
    port: u16,
    partitions: Vec<Partition>,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Partition {
    partition_id: u16,
    role: &'static str,
    health: &'static str,
}

pub(super) async fn get(State(door): State<Door>) -> Answer<Topology> {
    let topology = door.node.topology();
    let partitions = (1..).zip(topology.healthy).map(|(partition_id, healthy)| Partition {
        partition_id,
        role: "leader",
        health: if healthy { "healthy" } else { "unhealthy" },
    });
    let (host, port) = door.grpc;
    let broker =
        Broker { node_id: 0, host, port, partitions: partitions.collect(), version: CONTRACT_VERSION };
    Answer(Topology {
        brokers: [broker],
        cluster_id: topology.cluster_id,
        cluster_size: 1,
        partitions_count: topology.partitions,
        replication_factor: 1,
        gateway_version: CONTRACT_VERSION,
        last_completed_change_id: "-1",
    })
}

pub(super) async fn status(State(door): State<Door>) -> Result<StatusCode, Failure> {
    if door.node.topology().healthy.contains(&true) {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Failure::Unavailable("no partition works: look at the server's log for the reason".into()))
}
