//! Who catches an error.

use super::{Reference, Role, Stuck, Todo, Token, Variables};
use crate::model::{Kind, On};

impl Reference {
    /// An error looks for who catches it: at the activity, in its scope, outwards, through calls.
    pub(super) fn throw(&mut self, token: Token, code: &str) {
        let mut at = token;
        loop {
            let place = self.places[&at].clone();
            let model = self.family.models[place.model].clone();
            if !matches!(place.role, Role::Item(_)) {
                let boundaries = model.boundaries(place.node).into_iter();
                let catching = boundaries.filter_map(|boundary| match &model.nodes[boundary].kind {
                    Kind::Boundary(_, On::Error(caught), _) => Some((boundary, *caught)),
                    _ => None,
                });
                if let (Some(boundary), Some(scope)) = (best(catching, code), place.parent) {
                    self.end(at);
                    let variables = Variables::new();
                    return self.todo.push_back(Todo::Enter { scope, node: boundary, flow: None, variables });
                }
            }
            let Some(scope) = place.parent else { break };
            if self.caught_within(scope, code) {
                return;
            }
            at = scope;
        }
        self.stick(token, Stuck::Error);
    }

    fn caught_within(&mut self, scope: Token, code: &str) -> bool {
        let place = &self.places[&scope];
        let model = self.model(scope).clone();
        if place.interrupted || matches!(place.role, Role::Body { .. }) {
            return false;
        }
        let inner =
            model.within(place.node).filter(|inner| model.nodes[*inner].kind == Kind::EventSubProcess);
        let catching = inner.filter_map(|inner| {
            model.within(inner).find_map(|start| match &model.nodes[start].kind {
                Kind::EventStart(On::Error(caught), _) => Some((inner, *caught)),
                _ => None,
            })
        });
        let Some(handler) = best(catching, code) else { return false };
        self.interrupt(scope, handler, Variables::new());
        true
    }
}

/// Of those that catch: the one with this very code, or one that catches all.
fn best(catching: impl Iterator<Item = (usize, Option<&'static str>)>, code: &str) -> Option<usize> {
    let catching: Vec<_> = catching.collect();
    let exact = catching.iter().find(|(_, caught)| *caught == Some(code));
    exact.or_else(|| catching.iter().find(|(_, caught)| caught.is_none())).map(|(element, _)| *element)
}
