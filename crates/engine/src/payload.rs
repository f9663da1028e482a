//! How much variables may weigh: one document, and all variables of one process instance. Commands that bring too much are
//! refused; what a process itself makes too large holds it with an incident. Only what is decided asks; replay does not.

use std::sync::Arc;

use crate::{
    document::Document,
    key::ElementKey,
    limits,
    rejection::Rejection,
    state::row::IncidentKind,
    tx::{At, Failure, Tx},
    variable,
    work::variables_bytes,
};

/// What variables may weigh. The same for all partitions; it may change from one start to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Bytes of one document of variables, names and values: what a command brings, what the mappings of an element make.
    pub document_bytes: usize,
    /// Bytes of all variables of a process instance, with the items and results of its multi-instances.
    pub instance_bytes: usize,
}

impl Default for Payload {
    fn default() -> Payload {
        Payload { document_bytes: limits::DOCUMENT_BYTES, instance_bytes: limits::INSTANCE_BYTES }
    }
}

const REMEDY: &str = "keep large data outside and pass a reference, or give the server a higher limit";

/// Refuses a document that is too large.
pub(crate) fn check_document(tx: &Tx<'_>, document: &Document) -> Result<(), Rejection> {
    let (bytes, limit) = (variables_bytes(&document.0), tx.settings.payload.document_bytes);
    if bytes <= limit {
        return Ok(());
    }
    Err(Rejection::invalid(format!(
        "Expected variables of at most {limit} bytes, but they have {bytes} bytes; {REMEDY} (--variables-max)"
    )))
}

/// Refuses variables for `scope` (and nothing around it, where `local`) with which its process instance would have too many.
pub(crate) fn check_addition(
    tx: &Tx<'_>,
    scope: ElementKey,
    variables: &[(Arc<str>, Arc<str>)],
    local: bool,
) -> Result<(), Rejection> {
    let Some(instance) = tx.state().elements.get(&scope).map(|row| row.process_instance) else {
        return Ok(());
    };
    let (before, limit) = (bytes_of(tx, instance), tx.settings.payload.instance_bytes);
    if before + variables_bytes(variables) <= limit {
        return Ok(());
    }
    let replaced: usize =
        variables.iter().map(|(name, _)| variable::replaced_bytes(tx, scope, name, local)).sum();
    let after = (before + variables_bytes(variables)).saturating_sub(replaced);
    if after <= limit || after <= before {
        return Ok(());
    }
    Err(Rejection::invalid(too_many(instance, limit, &format!("with these they would have {after}"))))
}

/// An element begins only while the variables of its process instance are within their limit.
pub(crate) fn check_instance(tx: &Tx<'_>, at: &At) -> Result<(), Failure> {
    check_growth(tx, at, 0)
}

/// So many bytes may be added to the variables of a process instance.
pub(crate) fn check_growth(tx: &Tx<'_>, at: &At, bytes: usize) -> Result<(), Failure> {
    let (instance, limit) = (at.row.process_instance, tx.settings.payload.instance_bytes);
    let after = bytes_of(tx, instance) + bytes;
    if after <= limit {
        return Ok(());
    }
    let text = too_many(instance, limit, &format!("they have {after}"));
    Err(Failure::new(
        IncidentKind::MessageSizeExceeded,
        format!("{text}; make some smaller, then resolve this incident"),
    ))
}

/// What an expression, a mapping or a decision made is within the limit of a document.
pub(crate) fn check_made(tx: &Tx<'_>, made: &[(Arc<str>, Arc<str>)]) -> Result<(), Failure> {
    let (bytes, limit) = (variables_bytes(made), tx.settings.payload.document_bytes);
    if bytes <= limit {
        return Ok(());
    }
    let names: Vec<&str> = made.iter().take(10).map(|(name, _)| &**name).collect();
    Err(Failure::new(
        IncidentKind::MessageSizeExceeded,
        format!(
            "Expected the new values of '{}' to have at most {limit} bytes together, but they have {bytes} bytes; {REMEDY} \
             (--variables-max)",
            names.join("', '")
        ),
    ))
}

fn too_many(instance: ElementKey, limit: usize, found: &str) -> String {
    format!(
        "Expected the variables of process instance '{instance}' to have at most {limit} bytes together, but {found} \
         bytes; {REMEDY} (--instance-variables-max)"
    )
}

fn bytes_of(tx: &Tx<'_>, instance: ElementKey) -> usize {
    tx.state().elements.get(&instance).map_or(0, |row| row.variables_bytes as usize)
}
