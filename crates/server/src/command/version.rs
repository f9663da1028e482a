//! `weir version`: this program's version, and with `--server` what a gateway says about itself.

use clap::Args;
use serde_json::{Value, json};
use weir_api::proto::{
    BrokerInfo, TopologyRequest, TopologyResponse,
    partition::{PartitionBrokerHealth, PartitionBrokerRole},
};

use crate::{client::Connection, exit::Exit, failure::Failure, output::Output};

/// Print the version; with --server, what a gateway tells about its cluster.
#[derive(Args, Debug)]
pub(crate) struct Version {
    /// Ask a gateway, too: version, brokers, partitions and their health
    #[arg(long)]
    server: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Version {
    pub(crate) async fn run(self, output: Output) -> Result<Exit, Failure> {
        let version = env!("CARGO_PKG_VERSION");
        if !self.server {
            output.answer(&json!({ "version": version }), format_args!("weir {version}"));
            return Ok(Exit::Ok);
        }
        let mut client = self.connection.client()?;
        let request = client.request(TopologyRequest {});
        let topology = client.gateway.topology(request).await;
        let topology = client.answer("asking for the topology", topology)?;
        let value = json!({ "version": version, "address": client.address, "topology": to_json(&topology) });
        let text = format!(
            "weir {version}\n{} gateway {}, brokers {}, partitions {}, replication {}\n{}",
            client.address,
            topology.gateway_version,
            topology.cluster_size,
            topology.partitions_count,
            topology.replication_factor,
            lines(&topology),
        );
        output.answer(&value, text.trim_end());
        Ok(Exit::Ok)
    }
}

/// One line per partition of each broker.
fn lines(topology: &TopologyResponse) -> String {
    let mut text = String::new();
    for broker in &topology.brokers {
        text.push_str(&format!(
            "  broker {} {}:{} {}\n",
            node(broker),
            broker.host,
            broker.port,
            broker.version
        ));
        for partition in &broker.partitions {
            let (id, role, health) = (partition.partition_id, role(partition.role), health(partition.health));
            text.push_str(&format!("    partition {id} {role} {health}\n"));
        }
    }
    text
}

fn to_json(topology: &TopologyResponse) -> Value {
    let brokers: Vec<Value> = topology.brokers.iter().map(|broker| {
        let partitions: Vec<Value> = broker.partitions.iter().map(|partition| {
            json!({ "partitionId": partition.partition_id, "role": role(partition.role), "health": health(partition.health) })
        }).collect();
        json!({ "nodeId": node(broker), "host": broker.host, "port": broker.port, "version": broker.version, "partitions": partitions })
    }).collect();
    json!({
        "gatewayVersion": topology.gateway_version, "clusterSize": topology.cluster_size,
        "partitionsCount": topology.partitions_count, "replicationFactor": topology.replication_factor, "brokers": brokers,
    })
}

/// Servers before 8.9 know only the number.
#[expect(deprecated, reason = "older servers send nothing else")]
fn node(broker: &BrokerInfo) -> String {
    if broker.broker_id.is_empty() { broker.node_id.to_string() } else { broker.broker_id.clone() }
}

fn role(number: i32) -> &'static str {
    match PartitionBrokerRole::try_from(number) {
        Ok(PartitionBrokerRole::Leader) => "leader",
        Ok(PartitionBrokerRole::Follower) => "follower",
        Ok(PartitionBrokerRole::Inactive) => "inactive",
        Err(_) => "unknown",
    }
}

fn health(number: i32) -> &'static str {
    match PartitionBrokerHealth::try_from(number) {
        Ok(PartitionBrokerHealth::Healthy) => "healthy",
        Ok(PartitionBrokerHealth::Unhealthy) => "unhealthy",
        Ok(PartitionBrokerHealth::Dead) => "dead",
        Err(_) => "unknown",
    }
}
