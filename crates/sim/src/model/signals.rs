//! Signals instead of some messages, and throw events instead of some tasks and ends. Drawn after all else and by itself, so that what
//! seeds drew before there were signals stays what it was.

use weir_journal::random::SplitMix;

use super::{CALM, Kind, LOUD, Model, On};

/// Puts signals into a family.
pub(super) fn put_into(models: &mut [Model], random: &mut SplitMix) {
    for node in models.iter_mut().flat_map(|model| &mut model.nodes) {
        let any = [CALM, LOUD][random.below(2)];
        let chosen = random.percent(50);
        let is_many = node.many.is_some();
        match &mut node.kind {
            Kind::Catch(on @ On::Message) if chosen => *on = On::Signal(any),
            Kind::Boundary(_, on @ On::Message, interrupting)
            | Kind::EventStart(on @ On::Message, interrupting)
                if chosen =>
            {
                *on = On::Signal(if *interrupting { any } else { LOUD });
            }
            kind @ Kind::Pass if chosen && !is_many => *kind = Kind::Throw(CALM),
            kind @ Kind::End if chosen && random.percent(30) => *kind = Kind::SignalEnd(CALM),
            Kind::Process
            | Kind::Start
            | Kind::MessageStart
            | Kind::End
            | Kind::Terminate
            | Kind::ErrorEnd(_)
            | Kind::SignalEnd(_)
            | Kind::Throw(_)
            | Kind::Service
            | Kind::Pass
            | Kind::Script
            | Kind::Decision
            | Kind::Receive(_)
            | Kind::Catch(_)
            | Kind::Exclusive
            | Kind::Parallel
            | Kind::EventBased
            | Kind::SubProcess
            | Kind::EventSubProcess
            | Kind::EventStart(..)
            | Kind::Boundary(..)
            | Kind::Call(_) => {}
        }
    }
}
