//! Signals: from outside, and thrown.

use super::{Place, Reference, Todo, Token, Variables, Wanted};

impl Reference {
    /// An event throws a signal, and is done.
    pub(super) fn throw_signal(&mut self, token: Token, name: &'static str) {
        self.thrown_in_this_breath.push(name);
        let (before, scope) = (self.next, self.places[&token].parent);
        self.todo.push_back(Todo::Signal { name, before, scope });
        self.complete(token, Variables::new());
    }

    /// A signal is broadcast: all that wait for it now take it.
    pub fn broadcast(&mut self, name: &'static str, variables: &Variables) {
        self.deliver(name, self.next, variables);
        self.work();
    }

    /// A signal goes to all whose waiting has a smaller order than `before`.
    pub(super) fn deliver(&mut self, name: &'static str, before: usize, variables: &Variables) {
        let wanted = Wanted::Signal { name };
        let open = |(token, place): (&Token, &Place)| {
            let fits =
                place.awaited.iter().filter(|awaited| awaited.what == wanted && awaited.order < before);
            fits.map(|awaited| (awaited.order, *token, awaited.breath)).collect::<Vec<_>>()
        };
        let mut takers: Vec<_> = self.places.iter().flat_map(open).collect();
        takers.sort_unstable();
        // Who began to wait together has no order; and who began in the breath in which it is thrown may have come too late.
        self.undetermined |= takers.windows(2).any(|pair| pair[0].2 == pair[1].2);
        self.is_lost |= takers.iter().any(|(_, _, breath)| *breath == self.breath);
        for (order, token, _) in takers {
            self.trigger(token, order, variables.clone());
        }
    }
}
