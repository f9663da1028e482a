//! What a command has done so far, against what one batch may hold: with it the time that others wait for their turn, and
//! the size of a record, are bounded whatever a process does.

use std::sync::Arc;

use crate::{
    event::Event,
    limits,
    mail::Mail,
    step::{Entrance, Step},
};

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// About the number of rows changed, and of steps.
    pieces: usize,
    /// Bytes of variables in events and in jobs handed out.
    bytes: usize,
    /// Whether nobody waits for it.
    behind: bool,
}

impl Work {
    /// Whether no more should be begun; so many steps wait.
    pub(crate) fn is_full(&self, waiting: usize) -> bool {
        let most = if self.behind { limits::UNAWAITED_WORK_PER_BATCH } else { limits::WORK_PER_BATCH };
        self.pieces + waiting >= most || self.bytes >= limits::WORK_BYTES_PER_BATCH
    }

    /// Nobody waits for it: it makes way for others sooner.
    pub(crate) fn stand_behind(&mut self) {
        self.behind = true;
    }

    /// So many pieces of work were done, with so many bytes.
    pub(crate) fn done(&mut self, pieces: usize, bytes: usize) {
        self.pieces += pieces;
        self.bytes += bytes;
    }

    /// An event happened.
    pub(crate) fn note(&mut self, event: &Event) {
        let (pieces, bytes) = cost(event);
        self.done(pieces, bytes);
    }
}

/// Rows that an event changes, about, and bytes of its variables. For a token the step counts that takes it.
fn cost(event: &Event) -> (usize, usize) {
    match event {
        Event::VariablesSet { variables, .. } => (variables.len(), variables_bytes(variables)),
        Event::TriggerStored { trigger, .. } => (1, variables_bytes(&trigger.variables)),
        Event::MessagePublished { message, .. } => (1, variables_bytes(&message.variables)),
        Event::LoopStarted { items, .. } => (items.len(), items.iter().map(|item| item.len()).sum()),
        Event::LoopResult { result, .. } => (1, result.len()),
        Event::LoopGathered { count, .. } => (*count as usize, 0),
        Event::LoopCleared { rows, .. } => (*rows as usize, 0),
        Event::JobCreated { job, .. } => (1, job.headers.as_ref().map_or(0, |headers| headers.len())),
        Event::MailSent { mail, .. } => (1, mail_bytes(mail)),
        Event::StepsDeferred(steps) => (steps.len(), steps.iter().map(step_bytes).sum()),
        Event::StepsResumed(count) => (*count as usize, 0),
        Event::TokenAdded(_) => (0, 0),
        Event::ElementActivating { .. }
        | Event::ElementActivated(_)
        | Event::ElementCompleting(_)
        | Event::ElementCompleted(_)
        | Event::ElementTerminating(_)
        | Event::ElementTerminated(_)
        | Event::FlowTaken { .. }
        | Event::TokenArrived { .. }
        | Event::TokensJoined { .. }
        | Event::ScopeInterrupted(_)
        | Event::TriggerTaken(_)
        | Event::JobActivated { .. }
        | Event::JobCompleted(_)
        | Event::JobFailed { .. }
        | Event::JobFreed { .. }
        | Event::JobErrorThrown(_)
        | Event::JobCanceled(_)
        | Event::JobRetriesUpdated { .. }
        | Event::JobDeadlineUpdated { .. }
        | Event::TimerCreated { .. }
        | Event::TimerFired(_)
        | Event::TimerCanceled(_)
        | Event::WaitOpened { .. }
        | Event::WaitClosed(_)
        | Event::SubscriptionOpened(_)
        | Event::SubscriptionCorrelating { .. }
        | Event::SubscriptionCorrelated { .. }
        | Event::CorrelationRefused { .. }
        | Event::SubscriptionClosed(_)
        | Event::MessageExpired(_)
        | Event::MessageStarted { .. }
        | Event::MessageStartReleased(_)
        | Event::MessageStartOpened { .. }
        | Event::MessageStartClosed { .. }
        | Event::SignalStartOpened { .. }
        | Event::SignalStartClosed { .. }
        | Event::SignalBroadcast { .. }
        | Event::IncidentCreated { .. }
        | Event::IncidentResolved(_)
        | Event::Deployed(_)
        | Event::DefinitionDeleted(_)
        | Event::ResultAwaited { .. }
        | Event::MailTaken { .. }
        | Event::MailDelivered { .. } => (1, 0),
    }
}

fn step_bytes(step: &Step) -> usize {
    match step {
        Step::Enter { by: Entrance::Triggered { variables, .. }, .. }
        | Step::StartAt { variables, .. }
        | Step::DeliverSignal { variables, .. } => variables_bytes(variables),
        Step::OwnMail(mail) => mail_bytes(mail),
        Step::Enter { .. }
        | Step::Activate(_)
        | Step::Complete(_)
        | Step::Terminate(_)
        | Step::TerminateChildren { .. }
        | Step::SpawnItems(_)
        | Step::CorrelateMessage(_)
        | Step::HandOut(_)
        | Step::ForgetMail { .. }
        | Step::ClearLoop(_) => 0,
    }
}

fn mail_bytes(mail: &Mail) -> usize {
    match mail {
        Mail::Correlate(message) => variables_bytes(&message.variables),
        Mail::BroadcastSignal(signal) => variables_bytes(&signal.variables),
        Mail::Deployment(_)
        | Mail::ResourceDeleted(_)
        | Mail::OpenSubscription(_)
        | Mail::CloseSubscription(_)
        | Mail::Correlated { .. }
        | Mail::CorrelationRefused { .. } => 0,
    }
}

/// Bytes of names and JSON texts.
pub(crate) fn variables_bytes(variables: &[(Arc<str>, Arc<str>)]) -> usize {
    variables.iter().map(|(name, json)| name.len() + json.len()).sum()
}
