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

    /// A signal that was thrown in `scope` goes to all; then the scope may be over, unless it goes on.
    pub(super) fn spread(&mut self, name: &'static str, before: usize, scope: Option<Token>) {
        let entered = |todo: &Todo| match todo {
            Todo::Enter { scope, .. } => Some(*scope),
            Todo::Signal { .. } | Todo::Look { .. } => None,
        };
        let under_way: Vec<Token> = self.todo.iter().filter_map(entered).chain(scope).collect();
        self.deliver(name, before, &Variables::new());
        // How far what was under way came before the signal ended it, BPMN does not say.
        self.is_lost |= under_way.iter().any(|scope| !self.places.contains_key(scope));
        self.scope_may_be_done(scope);
    }

    /// Whether anything is, or is about to begin, in a scope.
    pub(super) fn is_busy(&self, scope: Token) -> bool {
        let under_way = |todo: &Todo| match todo {
            Todo::Enter { scope: to, .. } => *to == scope,
            Todo::Signal { scope: from, .. } => *from == Some(scope),
            Todo::Look { .. } => false,
        };
        let waits_at_a_gateway = self.places.get(&scope).is_some_and(|place| !place.joins.is_empty());
        waits_at_a_gateway
            || self.todo.iter().any(under_way)
            || self.places.values().any(|place| place.parent == Some(scope))
    }
}
