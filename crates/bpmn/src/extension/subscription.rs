//! `zeebe:subscription`: which instance a message is for.

use weir_feel::Expression;

use crate::diagnostic::Report;
use crate::extension;
use crate::xml::{self, Node};

/// The correlation key of a message that is waited for inside a process instance.
pub(crate) fn lower(message: Node<'_>, report: &mut Report) -> Option<Expression> {
    let mut subscriptions = xml::extensions_named(message, "subscription");
    let (Some(only), None) = (subscriptions.next(), subscriptions.next()) else {
        report.error(
            message,
            "Must have exactly one zeebe:subscription extension element",
            "give the message one <zeebe:subscription correlationKey=\"=...\" />: the key tells which instance a message is for",
        );
        return None;
    };
    extension::required(only, "correlationKey", report)?.feel(report)
}
