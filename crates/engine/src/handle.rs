//! A command in, events out: which rule answers which command.

use crate::{
    command::Command, decision, deploy, flow, incident, instance, job, mailroom, message, payload, signal,
    timer, tx::Tx, variable,
};

/// Carries out a command, and the steps that follow from it.
pub(crate) fn handle(tx: &mut Tx<'_>, command: Command) {
    if let Err(rejection) = command.variables().map_or(Ok(()), |brought| payload::check_document(tx, brought))
    {
        return tx.answer(Err(rejection));
    }
    match command {
        Command::Deploy(resources) => deploy::deploy(tx, resources),
        Command::CreateInstance(asked) => instance::create(tx, asked),
        Command::CancelInstance(key) => instance::cancel(tx, key),
        Command::PublishMessage(message) => message::publish(tx, message),
        Command::CorrelateMessage(message) => message::correlate_now(tx, message),
        Command::BroadcastSignal(signal) => signal::broadcast_by_command(tx, signal),
        Command::ActivateJobs(asked) => job::activate(tx, asked),
        Command::CompleteJob { job, variables } => job::complete(tx, job, variables),
        Command::FailJob(failed) => job::fail(tx, failed),
        Command::ThrowError(thrown) => job::throw(tx, thrown),
        Command::UpdateJob { job, retries, timeout_ms } => job::update(tx, job, retries, timeout_ms),
        Command::YieldJob(job) => job::hand_back(tx, job),
        Command::SetVariables { scope, variables, local } => {
            variable::set_by_command(tx, scope, variables, local)
        }
        Command::ResolveIncident(key) => incident::resolve(tx, key),
        Command::DeleteResource(key) => deploy::delete(tx, key),
        Command::EvaluateDecision { decision, variables } => decision::evaluate(tx, decision, variables),
        Command::EvaluateExpression { expression, variables } => {
            decision::evaluate_expression(tx, &expression, variables)
        }
        Command::TimePassed => timer::time_passed(tx),
        Command::DemandRose(job_type) => job::hand_out_free(tx, &job_type),
        Command::Continue => flow::resume(tx),
        Command::Mail { from, sequence, mail } => mailroom::deliver(tx, from, sequence, mail),
        Command::MailAcknowledged { by, sequence } => mailroom::acknowledged(tx, by, sequence),
    }
    flow::run(tx);
}
