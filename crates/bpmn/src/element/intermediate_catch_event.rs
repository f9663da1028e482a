//! An intermediate catch event: message, signal or timer.

use crate::diagnostic::Report;
use crate::event::{self, Position, Trigger};
use crate::model::Site;
use crate::process::ElementKind;

/// What is waited for.
pub(crate) fn lower(site: &Site<'_, '_>, report: &mut Report) -> Option<ElementKind> {
    let triggers = event::triggers(site, report)?;
    match triggers.as_slice() {
        [trigger @ (Trigger::Message(_) | Trigger::Signal(_) | Trigger::Timer(_))] => {
            event::catch(site, *trigger, Position::Intermediate, report).map(ElementKind::IntermediateCatchEvent)
        }
        [Trigger::Error(_) | Trigger::Terminate] => {
            report.error(
                site.node(),
                "Event definition must be one of: message, timer, signal, or link",
                "use a message, a signal or a timer (link is not supported yet)",
            );
            None
        }
        [] | [_, ..] => {
            let remedy = "give the catch event one message, one signal or one timer";
            report.error(site.node(), "Must have exactly one event definition", remedy);
            None
        }
    }
}
