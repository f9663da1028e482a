//! An intermediate catch event: message or timer.

use crate::diagnostic::Report;
use crate::event::{self, Position, Trigger};
use crate::model::Site;
use crate::process::ElementKind;

/// What is waited for.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    let triggers = event::triggers(site, report)?;
    match triggers.as_slice() {
        [trigger @ (Trigger::Message(_) | Trigger::Timer(_))] => {
            event::catch(site, *trigger, Position::Intermediate, report).map(ElementKind::IntermediateCatchEvent)
        }
        [Trigger::Error(_) | Trigger::Terminate] => {
            report.error(
                site.node(),
                "Event definition must be one of: message, timer, signal, or link",
                "use a message or a timer (signal and link are not supported yet)",
            );
            None
        }
        [] | [_, ..] => {
            let remedy = "give the catch event one message or one timer";
            report.error(site.node(), "Must have exactly one event definition", remedy);
            None
        }
    }
}
