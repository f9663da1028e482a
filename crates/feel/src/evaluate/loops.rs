//! `for`, `some`, `every`.

use crate::ast::Quantifier;
use crate::machine::{Machine, Stop};
use crate::node::{DomainNode, LoopNode};
use crate::number::Number;
use crate::temporal::Date;
use crate::value::{self, List, Value};

/// Items of a range with an open end that are listed; the same as the default limit of a list.
const MAX_LISTED_ITEMS: usize = crate::limits::Limits::DEFAULT.list_items;

/// What an iterator runs over, evaluated.
enum Domain {
    Items(List),
    Numbers { from: Number, to: Number },
    Dates { from: Date, to: Date },
}

/// What happens in each round: whether to go on.
type Round<'r, 'm> = &'r mut dyn FnMut(&mut Machine<'m>) -> Result<bool, Stop>;

impl<'m> Machine<'m> {
    #[inline(never)]
    pub(super) fn iterate(&mut self, node: &LoopNode) -> Result<Value, Stop> {
        let locals = self.locals.len();
        let mut results: Vec<Value> = Vec::new();
        let outcome = self.rounds(node, &mut |machine| {
            if node.partial {
                // Each round sees the results before it; the list is copied, so rounds cost what `partial` holds.
                machine.burn(results.len() as u64)?;
                let partial = machine.list(results.clone())?;
                machine.locals.push(partial);
            }
            let value = machine.evaluate(&node.body)?;
            if node.partial {
                machine.locals.pop();
            }
            if results.len() >= machine.limits().list_items {
                return Err(Stop::limit("list_items", machine.limits().list_items as u64));
            }
            machine.take(size_of::<Value>() as u64)?;
            results.push(value);
            Ok(true)
        });
        let outcome = match outcome {
            Ok(true) => self.list(results),
            Ok(false) => Ok(Value::Null),
            Err(stop) => Err(stop),
        };
        self.or_null(outcome, locals)
    }

    #[inline(never)]
    pub(super) fn quantify(&mut self, quantifier: Quantifier, node: &LoopNode) -> Result<Value, Stop> {
        let locals = self.locals.len();
        let deciding = quantifier == Quantifier::Some;
        let mut unknown = false;
        let mut decided = false;
        let outcome = self.rounds(node, &mut |machine| {
            match machine.evaluate(&node.body)? {
                Value::Boolean(value) if value == deciding => {
                    decided = true;
                    return Ok(false);
                }
                Value::Boolean(_) => {}
                other => {
                    machine.not_boolean(&other, unknown, node.body.span);
                    unknown = true;
                }
            }
            Ok(true)
        });
        let outcome = outcome.map(|finished| match (finished, decided, unknown) {
            (_, true, _) => Value::Boolean(deciding),
            (false, false, _) | (true, false, true) => Value::Null,
            (true, false, false) => Value::Boolean(!deciding),
        });
        self.or_null(outcome, locals)
    }

    /// Runs the rounds of all combinations; false if a domain is none, or a round ended them.
    fn rounds(&mut self, node: &LoopNode, round: Round<'_, 'm>) -> Result<bool, Stop> {
        let mut ready = Vec::new();
        if !self.switches().dependent_iterators {
            for (nth, domain) in node.domains.iter().enumerate() {
                match self.domain(domain) {
                    Ok(Some(domain)) => ready.push(domain),
                    other => {
                        self.look_at_domains(&node.domains[nth + 1..])?;
                        return other.map(|_none| false);
                    }
                }
            }
        }
        self.nested_rounds(node, &ready, 0, round)
    }

    /// What cannot be iterated over does not keep the other domains from having warnings, or from failing.
    #[cold]
    fn look_at_domains(&mut self, domains: &[DomainNode]) -> Result<(), Stop> {
        for domain in domains {
            let locals = self.locals.len();
            let looked = self.domain(domain).map(|_domain| Value::Null);
            self.or_null(looked, locals)?;
        }
        Ok(())
    }

    fn nested_rounds(
        &mut self,
        node: &LoopNode,
        ready: &[Domain],
        level: usize,
        round: Round<'_, 'm>,
    ) -> Result<bool, Stop> {
        if level == node.domains.len() {
            self.burn(node.cost_steps)?;
            return round(self);
        }
        let own;
        let domain = match ready.get(level) {
            Some(domain) => domain,
            None => match self.domain(&node.domains[level])? {
                Some(domain) => {
                    own = domain;
                    &own
                }
                None => return Ok(false),
            },
        };
        let mut nth = 0;
        while let Some(value) = domain.get(nth) {
            self.burn(1)?;
            self.locals.push(value);
            let go_on = self.nested_rounds(node, ready, level + 1, round)?;
            self.locals.pop();
            if !go_on {
                return Ok(false);
            }
            nth += 1;
        }
        Ok(true)
    }

    fn domain(&mut self, node: &DomainNode) -> Result<Option<Domain>, Stop> {
        match node {
            DomainNode::List(list) => match self.evaluate(list)? {
                Value::List(items) => Ok(Some(Domain::Items(items))),
                Value::Range(range) if self.switches().range_values => {
                    let (start, end) = (range.start(), range.end());
                    // `2..1` of a `for` counts down; the range `[2..1]` is no range (DMN 1.5 table 55).
                    if value::compare(&start.value, &end.value, self.switches()).is_some_and(|o| o.is_gt()) {
                        return Ok(None);
                    }
                    Ok(span(&start.value, &end.value)
                        .map(|domain| domain.without_ends(start.included, end.included)))
                }
                other if self.switches().singleton_coercion && !other.is_null() => {
                    Ok(Some(Domain::Items(List::new(vec![other]))))
                }
                other => {
                    self.wrong_type("list", &other, list.span);
                    Ok(None)
                }
            },
            DomainNode::Span(from, to) => {
                let (start, end) = (self.evaluate(from)?, self.evaluate(to)?);
                let domain = match span(&start, &end) {
                    Some(Domain::Dates { .. }) if !self.switches().range_values => None,
                    domain => domain,
                };
                if domain.is_none() {
                    let (wrong, at) =
                        if start.as_number().is_some() { (end, to.span) } else { (start, from.span) };
                    self.wrong_type("number", &wrong, at);
                }
                Ok(domain)
            }
        }
    }
}

fn span(start: &Value, end: &Value) -> Option<Domain> {
    match (start, end) {
        (Value::Number(from), Value::Number(to)) => Some(Domain::Numbers { from: *from, to: *to }),
        (Value::Date(from), Value::Date(to)) => Some(Domain::Dates { from: *from, to: *to }),
        _ => None,
    }
}

impl Domain {
    /// The value of that round.
    fn get(&self, nth: usize) -> Option<Value> {
        match self {
            Domain::Items(items) => items.get(nth).cloned(),
            Domain::Numbers { from, to } => {
                let up = from <= to;
                let step = if up { nth as i64 } else { -(nth as i64) };
                let value = from.add(&Number::from(step))?;
                let inside = if up { value <= *to } else { value >= *to };
                inside.then_some(Value::Number(value))
            }
            Domain::Dates { from, to } => {
                let up = from <= to;
                let value = from.plus_days(if up { nth as i64 } else { -(nth as i64) })?;
                let inside = if up { value <= *to } else { value >= *to };
                inside.then_some(Value::Date(value))
            }
        }
    }

    /// The domain of a range whose ends may not belong to it.
    fn without_ends(self, start_included: bool, end_included: bool) -> Domain {
        if start_included && end_included {
            return self;
        }
        let skip = usize::from(!start_included);
        let mut items: Vec<Value> = Vec::new();
        let mut nth = skip;
        // Only small ranges are listed; the rest of a larger one would exceed the list limit anyway.
        while let Some(value) = self.get(nth).filter(|_| nth < MAX_LISTED_ITEMS) {
            items.push(value);
            nth += 1;
        }
        let last_is_end = match (&self, items.last()) {
            (Domain::Numbers { to, .. }, Some(Value::Number(last))) => last == to,
            (Domain::Dates { to, .. }, Some(Value::Date(last))) => last == to,
            _ => false,
        };
        if !end_included && last_is_end {
            items.pop();
        }
        Domain::Items(List::new(items))
    }
}
