//! The processes that are measured.

use std::fmt;

use clap::ValueEnum;

/// What is measured. The names are those of the project's note on performance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Workload {
    /// Start, end: pure creation, with the result awaited
    W0,
    /// Start, one service task, end: the headline
    W1,
    /// Start, ten service tasks in a row, end: the cost of a step
    W2,
    /// Fork, five service tasks side by side, join
    W3,
    /// Exclusive gateway with FEEL conditions, input and output mappings, three service tasks on each way
    W4,
    /// Message start, intermediate message catch with correlation, one service task
    W5,
}

/// Where names that belong to one driver are put into a model.
const PLACE: &str = "@NAME@";

impl Workload {
    /// In words.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::W0 => "start, end, with result",
            Self::W1 => "one service task",
            Self::W2 => "ten service tasks in a row",
            Self::W3 => "fork, five service tasks, join",
            Self::W4 => "conditions and mappings, three service tasks",
            Self::W5 => "message start, message catch, one service task",
        }
    }

    /// Jobs that an instance needs.
    pub(crate) fn jobs(self) -> u16 {
        match self {
            Self::W0 => 0,
            Self::W1 | Self::W5 => 1,
            Self::W2 => 10,
            Self::W3 => 5,
            Self::W4 => 3,
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::W0 => include_str!("w0.bpmn"),
            Self::W1 => include_str!("w1.bpmn"),
            Self::W2 => include_str!("w2.bpmn"),
            Self::W3 => include_str!("w3.bpmn"),
            Self::W4 => include_str!("w4.bpmn"),
            Self::W5 => include_str!("w5.bpmn"),
        }
    }

    /// The model under a name of its own: process id, job type and message names begin with it, so that drivers that
    /// run side by side do not take each other's jobs.
    pub(crate) fn model(self, name: &str) -> String {
        self.source().replace(PLACE, name)
    }

    /// The variables of an instance: its number, a text of the wished size, and what the process looks at.
    pub(crate) fn variables(self, id: u64, payload: &str) -> String {
        match self {
            Self::W0 | Self::W1 | Self::W2 | Self::W3 => {
                format!(r#"{{"benchId":{id},"payload":"{payload}"}}"#)
            }
            Self::W4 => format!(r#"{{"benchId":{id},"amount":{},"payload":"{payload}"}}"#, id % 200),
            Self::W5 => {
                format!(r#"{{"benchId":{id},"benchKey":"{}","payload":"{payload}"}}"#, correlation_key(id))
            }
        }
    }
}

/// The correlation key of an instance of W5.
pub(crate) fn correlation_key(id: u64) -> String {
    format!("bench-{id}")
}

/// The number of the instance that a job belongs to, out of the job's variables.
pub(crate) fn bench_id(variables: &str) -> Option<u64> {
    let (_, rest) = variables.split_once("\"benchId\":")?;
    let rest = rest.trim_start();
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::{Workload, bench_id};

    #[test]
    fn every_instance_is_found_by_its_number() {
        for workload in Workload::value_variants() {
            let variables = workload.variables(1234, "xx");
            serde_json::from_str::<serde_json::Value>(&variables).unwrap();
            assert_eq!(bench_id(&variables), Some(1234));
        }
        assert_eq!(bench_id("{\"payload\": \"x\", \"benchId\": 7}"), Some(7));
        assert_eq!(bench_id("{}"), None);
    }

    #[test]
    fn models_take_the_name_and_have_as_many_tasks_as_said() {
        for workload in Workload::value_variants() {
            let model = workload.model("driver-7");
            assert!(model.contains("<bpmn:process id=\"driver-7\""), "{workload}");
            assert!(!model.contains('@'), "{workload}");
            let tasks = model.matches("<bpmn:serviceTask").count();
            // Of W4's four tasks an instance passes three: one of two ways.
            let expected = if *workload == Workload::W4 { 4 } else { usize::from(workload.jobs()) };
            assert_eq!(tasks, expected, "{workload}");
        }
    }
}
