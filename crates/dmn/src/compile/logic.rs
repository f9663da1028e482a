//! Boxed expressions.

use std::sync::Arc;

use weir_feel::{Names, Type};

use super::Compiler;
use crate::feel::Feel;
use crate::logic::{Entry, Form, ITERATED, Iteration, Logic};
use crate::model::boxed::{
    Binding, ContextEntry, Expression, Form as Written, Iteration as WrittenIteration,
};
use crate::types::Types;

impl<'m> Compiler<'m> {
    /// A boxed expression in a scope of names.
    pub(super) fn logic(&mut self, model: usize, expression: &'m Expression, names: &Names) -> Logic {
        let type_id = self.type_id(model, expression.type_name.as_deref(), &expression.place);
        let form = self.form(model, expression, names);
        Logic { form, type_id: if self.rules.only_basic_types { Types::ANY } else { type_id } }
    }

    fn boxed(&mut self, model: usize, expression: &'m Expression, names: &Names) -> Box<Logic> {
        Box::new(self.logic(model, expression, names))
    }

    fn form(&mut self, model: usize, expression: &'m Expression, names: &Names) -> Form {
        match &expression.form {
            Written::Literal(text) => Form::Literal(self.expression(text, names)),
            Written::Table(table) => Form::Table(Box::new(self.table(model, table, names))),
            Written::Context(entries) => self.context(model, entries, names),
            Written::Invocation { function, bindings } => self.invocation(model, function, bindings, names),
            Written::List(items) => Form::List(items.iter().map(|i| self.logic(model, i, names)).collect()),
            Written::Relation { columns, rows } => {
                let mut compiled = Vec::with_capacity(columns.len());
                for column in columns {
                    let type_id = self.inner_type(model, column);
                    compiled.push(Entry { name: column.name.as_str().into(), type_id, logic: () });
                }
                let rows =
                    rows.iter().map(|row| row.iter().map(|cell| self.logic(model, cell, names)).collect());
                Form::Relation { columns: compiled, rows: rows.collect() }
            }
            Written::Function(function) => {
                Form::Function(Arc::new(self.function(model, "anonymous", function, names)))
            }
            Written::Conditional { condition, then, otherwise } => Form::Conditional {
                condition: self.boxed(model, condition, names),
                then: self.boxed(model, then, names),
                otherwise: self.boxed(model, otherwise, names),
            },
            Written::Filter { list, keep } => {
                let list = self.boxed(model, list, names);
                let mut inner = names.clone();
                if let Type::List(item) = self.types.feel_type(list.type_id) {
                    if let Type::Context(entries) = &*item {
                        entries.iter().for_each(|(name, known)| inner.insert(name, known.clone()));
                    }
                    inner.insert("item", *item);
                } else {
                    inner.insert("item", Type::Any);
                }
                Form::Filter { list, keep: self.boxed(model, keep, &inner) }
            }
            Written::For(iteration) => {
                let mut inner = names.clone();
                inner.insert("partial", Type::List(Box::new(Type::Any)));
                Form::For(self.iteration(model, iteration, names, inner))
            }
            Written::Some(iteration) => Form::Some(self.iteration(model, iteration, names, names.clone())),
            Written::Every(iteration) => Form::Every(self.iteration(model, iteration, names, names.clone())),
        }
    }

    fn context(&mut self, model: usize, entries: &'m [ContextEntry], names: &Names) -> Form {
        let mut inner = names.clone();
        let mut compiled = Vec::with_capacity(entries.len());
        let mut result = None;
        for entry in entries {
            let Some(variable) = &entry.variable else {
                result = Some(self.boxed(model, &entry.value, &inner));
                continue;
            };
            // A function of a context may call itself.
            let logic = if matches!(entry.value.form, Written::Function(_)) {
                let mut scope = inner.clone();
                scope.insert(&variable.name, Type::Any);
                self.logic(model, &entry.value, &scope)
            } else {
                self.logic(model, &entry.value, &inner)
            };
            let type_id = self.inner_type(model, variable);
            let known = if type_id == Types::ANY {
                self.shape_of(&entry.value, &logic)
            } else {
                self.types.feel_type(type_id)
            };
            inner.insert(&variable.name, known);
            compiled.push(Entry { name: variable.name.as_str().into(), type_id, logic });
        }
        Form::Context { entries: compiled, result }
    }

    /// The names inside a boxed context or relation, so that paths into it may have spaces.
    fn shape_of(&self, written: &Expression, logic: &Logic) -> Type {
        if logic.type_id != Types::ANY {
            return self.types.feel_type(logic.type_id);
        }
        match &written.form {
            Written::Context(entries) if entries.iter().all(|e| e.variable.is_some()) => {
                let mut names = Names::new();
                for variable in entries.iter().filter_map(|e| e.variable.as_ref()) {
                    names.insert(&variable.name, Type::Any);
                }
                Type::Context(names)
            }
            Written::Relation { columns, .. } => {
                let mut names = Names::new();
                columns.iter().for_each(|column| names.insert(&column.name, Type::Any));
                Type::List(Box::new(Type::Context(names)))
            }
            _ => Type::Any,
        }
    }

    fn invocation(
        &mut self,
        model: usize,
        function: &'m Expression,
        bindings: &'m [Binding],
        names: &Names,
    ) -> Form {
        if let (true, Written::Literal(text)) = (self.rules.only_basic_types, &function.form) {
            let name = text.text.trim();
            if names.get(name).is_none() {
                self.report(
                    &text.place,
                    format!("no BKM found with name '{name}'"),
                    "require it, or mend the name",
                );
            }
        }
        let function = self.boxed(model, function, names);
        let mut compiled = Vec::with_capacity(bindings.len());
        for Binding { parameter, value } in bindings {
            compiled.push((parameter.name.as_str().into(), self.logic(model, value, names)));
        }
        Form::Invocation { function, bindings: compiled }
    }

    fn iteration(
        &mut self,
        model: usize,
        iteration: &'m WrittenIteration,
        names: &Names,
        mut inner: Names,
    ) -> Iteration {
        let list = self.boxed(model, &iteration.list, names);
        let item = match self.types.feel_type(list.type_id) {
            Type::List(item) => *item,
            _ => Type::Any,
        };
        inner.insert(&iteration.variable, item);
        let variable = iteration.variable.as_str().into();
        let items = Feel::own(
            &format!("for item in {ITERATED} return item"),
            self.rules.dialect,
            &Names::from_iter([ITERATED]),
        );
        Iteration { variable, items, list, body: self.boxed(model, &iteration.body, &inner) }
    }
}
