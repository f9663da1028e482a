//! The items of a multi-instance.

use super::{Place, Reference, Role, Token, Variables};
use crate::model::Many;

impl Reference {
    pub(super) fn begin_items(&mut self, body: Token, many: &Many) {
        if many.items == 0 {
            return self.complete(body, Variables::new());
        }
        if many.enough && !many.sequential {
            self.racing.push(body);
        }
        for _ in 0..if many.sequential { 1 } else { many.items } {
            self.begin_item(body);
        }
    }

    pub(super) fn begin_item(&mut self, body: Token) {
        // The condition may have ended the body while its items were begun.
        let Some(place) = self.places.get(&body) else { return };
        let (model, node) = (place.model, place.node);
        let Some(Role::Body { started, .. }) = self.places.get_mut(&body).map(|place| &mut place.role) else {
            return;
        };
        let item = *started;
        *started += 1;
        let token = self.add(model, node, Some(body), Role::Item(item));
        if let Some(place) = self.places.get_mut(&token) {
            place.variables.insert("item".into(), (item + 1).to_string());
            place.variables.insert("loopCounter".into(), (item + 1).to_string());
        }
        let kind = self.kind(token);
        self.happen(token, &kind, Variables::new());
    }

    pub(super) fn item_done(&mut self, item: &Place, number: usize) {
        let Some(body) = item.parent else { return };
        let many = self.model(body).nodes[item.node].many.clone();
        let (Some(many), Some(place)) = (many, self.places.get_mut(&body)) else { return };
        let Role::Body { results, started, completed } = &mut place.role else { return };
        if many.collects {
            results[number] = (number + 2).to_string();
        }
        *completed += 1;
        if many.enough && *completed >= 2 {
            self.end_children(body);
            return self.complete(body, Variables::new());
        }
        if *completed == many.items {
            return self.complete(body, Variables::new());
        }
        if many.sequential && *started < many.items {
            self.begin_item(body);
        }
    }
}
