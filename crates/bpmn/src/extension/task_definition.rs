//! `zeebe:taskDefinition`: makes an element a job.

use crate::diagnostic::{Place, Report};
use crate::expression::Source;
use crate::extension::{self, task_headers};
use crate::model::{Site, shared};
use crate::process::{Expr, JobDefinition};
use crate::xml::{self, Node};

/// How often a job may be tried where the model says nothing.
const DEFAULT_RETRIES: &str = "3";

/// The job of an element that must be one.
pub(crate) fn required(site: &Site<'_, '_>, report: &mut Report) -> Option<JobDefinition> {
    let mut definitions = xml::extensions_named(site.node(), "taskDefinition");
    if let (Some(only), None) = (definitions.next(), definitions.next()) {
        return lower(site, only, report);
    }
    report.error(
        site.node(),
        "Must have exactly one 'zeebe:taskDefinition' extension element",
        "give the element one <zeebe:taskDefinition type=\"...\" /> in its extension elements: the type that its workers ask for",
    );
    None
}

/// The job of a send task or of an event that throws a message.
pub(crate) fn required_of_thrower(site: &Site<'_, '_>, report: &mut Report) -> Option<JobDefinition> {
    if xml::extensions_named(site.node(), "publishMessage").next().is_some() {
        // It has been refused by name.
        return None;
    }
    let mut definitions = xml::extensions_named(site.node(), "taskDefinition");
    if let (Some(only), None) = (definitions.next(), definitions.next()) {
        return lower(site, only, report);
    }
    report.error(
        site.node(),
        "Must have either one 'zeebe:publishMessage' or one 'zeebe:taskDefinition' extension element",
        "give the element one <zeebe:taskDefinition type=\"...\" />: a worker sends the message (zeebe:publishMessage is not supported yet)",
    );
    None
}

/// The job that `node`, a task definition, describes.
pub(crate) fn lower(site: &Site<'_, '_>, node: Node<'_>, report: &mut Report) -> Option<JobDefinition> {
    let job_type = extension::required(node, "type", report).and_then(|job_type| job_type.expr(report));
    let retries = match Source::attribute(node, "retries") {
        None => Some(Expr::Number(shared(DEFAULT_RETRIES))),
        Some(_) => extension::required(node, "retries", report).and_then(|retries| retries.expr(report)),
    };
    if let Some(Expr::Text(_)) = &retries {
        report.error(
            Place::of_attribute(node, "retries"),
            "Attribute 'retries' must be a number or an expression",
            "write a number, for example retries=\"3\"",
        );
        return None;
    }
    let headers = task_headers::lower(site.node(), Vec::new(), report);
    Some(JobDefinition { job_type: job_type?, retries: retries?, headers, evaluated_headers: Vec::new() })
}
