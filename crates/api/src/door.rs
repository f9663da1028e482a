//! The way from both faces into the node.

use std::{future::Future, pin::pin, time::Duration};

use tokio::{sync::watch, time};
use weir_engine::command::{Command, Reply};
use weir_node::Handle;

use crate::{failure::Failure, limits::REQUEST_MS};

/// What every request handler has.
#[derive(Clone)]
pub(crate) struct Door {
    /// The node.
    pub(crate) node: Handle,
    /// Whether the server is stopping.
    pub(crate) stop: Stop,
    /// Where the gRPC face listens, for the topology.
    pub(crate) grpc: (String, u16),
}

impl Door {
    /// Carries a command out and gives its answer, which is durable.
    pub(crate) async fn submit(&self, command: Command) -> Result<Reply, Failure> {
        let intent = intent(&command);
        let limit = Duration::from_millis(REQUEST_MS);
        // Pinned where it stands: it is large, and would be copied into what waits for it.
        answered_within(limit, intent, pin!(self.answer_to(command))).await
    }

    async fn answer_to(&self, command: Command) -> Result<Reply, Failure> {
        let intent = intent(&command);
        self.node.submit(command).await.map_err(|error| Failure::of(intent, error))
    }

    /// Carries out a command whose success says everything.
    pub(crate) async fn carry_out(&self, command: Command) -> Result<(), Failure> {
        match self.submit(command).await? {
            Reply::Done => Ok(()),
            other => Err(Failure::unexpected(&other)),
        }
    }

    /// Carries a command out and waits at most this long for its answer.
    pub(crate) async fn submit_within(&self, command: Command, limit: Duration) -> Result<Reply, Failure> {
        time::timeout(limit, self.answer_to(command)).await.unwrap_or_else(|_| {
            Err(Failure::TimedOut(format!(
                "the instance did not complete within {} ms; it goes on, only this answer is given up",
                limit.as_millis()
            )))
        })
    }
}

/// The answer to a command of this intent, or that there was none in time.
async fn answered_within(
    limit: Duration,
    intent: &'static str,
    answer: impl Future<Output = Result<Reply, Failure>>,
) -> Result<Reply, Failure> {
    time::timeout(limit, answer).await.unwrap_or_else(|_| Err(Failure::unanswered(intent, limit)))
}

/// Tells that the server is stopping.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A signal that `trigger` sets off.
    pub(crate) fn when(trigger: impl Future<Output = ()> + Send + 'static) -> Stop {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            trigger.await;
            sender.send_replace(true);
        });
        Stop(receiver)
    }

    /// Ends when the server is stopping.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut receiver = self.0.clone();
        async move {
            // An error means that the trigger's task is gone, which happens only when the runtime ends.
            let _ = receiver.wait_for(|stopping| *stopping).await;
        }
    }
}

/// The name of a command in rejection texts.
fn intent(command: &Command) -> &'static str {
    match command {
        Command::Deploy(_) => "CREATE",
        Command::CreateInstance(create) if create.with_result.is_some() => "CREATE_WITH_AWAITING_RESULT",
        Command::CreateInstance(_) => "CREATE",
        Command::CancelInstance(_) => "CANCEL",
        Command::PublishMessage(_) => "PUBLISH",
        Command::CorrelateMessage(_) => "CORRELATE",
        Command::BroadcastSignal(_) => "BROADCAST",
        Command::ActivateJobs(_) => "ACTIVATE",
        Command::CompleteJob { .. } => "COMPLETE",
        Command::FailJob(_) => "FAIL",
        Command::ThrowError(_) => "THROW_ERROR",
        Command::UpdateJob { retries: Some(_), timeout_ms: None, .. } => "UPDATE_RETRIES",
        Command::UpdateJob { retries: None, timeout_ms: Some(_), .. } => "UPDATE_TIMEOUT",
        Command::YieldJob(_) => "YIELD",
        Command::UpdateJob { .. } | Command::SetVariables { .. } => "UPDATE",
        Command::ResolveIncident(_) => "RESOLVE",
        Command::DeleteResource(_) => "DELETE",
        Command::EvaluateDecision { .. } | Command::EvaluateExpression { .. } => "EVALUATE",
        Command::TimePassed
        | Command::DemandRose(_)
        | Command::Continue
        | Command::Mail { .. }
        | Command::MailAcknowledged { .. } => "INTERNAL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_that_does_not_come_is_given_up() {
        let limit = Duration::from_millis(20);
        let never = std::future::pending::<Result<Reply, Failure>>();
        let failure = answered_within(limit, "CREATE", never).await.unwrap_err();
        assert!(
            matches!(&failure, Failure::TimedOut(why) if why.contains("'CREATE' within 20 ms")),
            "{failure:?}"
        );
        assert_eq!(REQUEST_MS, 15_000, "what clients of the contract count on");
        let reply = answered_within(limit, "CREATE", async { Ok(Reply::Done) }).await;
        assert_eq!(reply.unwrap(), Reply::Done);
    }
}
