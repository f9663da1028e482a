//! Item definitions to types.

use weir_feel::Names;

use super::Compiler;
use crate::diagnostic::Place;
use crate::model::item::{ItemDefinition, Shape as Written};
use crate::types::{ItemType, Shape, TypeId, Types};

impl<'m> Compiler<'m> {
    /// Gives every item definition its place, so that types may refer to each other in any order.
    pub(super) fn declare_items(&mut self) {
        for (model, definitions) in self.models.iter().enumerate() {
            for item in &definitions.items {
                let id = self.types.add(ItemType::new(Shape::Any));
                self.type_ids.insert((model, &item.name), id);
            }
        }
    }

    pub(super) fn compile_items(&mut self) {
        if self.rules.only_basic_types {
            return;
        }
        for (model, definitions) in self.models.iter().enumerate() {
            for item in &definitions.items {
                let compiled = self.item(model, item);
                if let Some(id) = self.type_ids.get(&(model, item.name.as_str())) {
                    *self.types.get_mut(*id) = compiled;
                }
            }
        }
    }

    /// The item definitions that a model can name, for FEEL.
    pub(super) fn named_types(&self, model: usize) -> Names {
        let mut names = Names::new();
        if self.rules.only_basic_types {
            return names;
        }
        for item in &self.models[model].items {
            if let Some(id) = self.type_ids.get(&(model, item.name.as_str())) {
                names.insert_type(&item.name, self.types.feel_type(*id));
            }
        }
        for import in &self.models[model].imports {
            let Some(other) = self.models.iter().position(|m| m.namespace == import.namespace) else {
                continue;
            };
            for item in &self.models[other].items {
                if let Some(id) = self.type_ids.get(&(other, item.name.as_str())) {
                    let dot = if import.name.is_empty() { "" } else { "." };
                    let name = format!("{}{dot}{}", import.name, item.name);
                    names.insert_type(&name, self.types.feel_type(*id));
                }
            }
        }
        names
    }

    fn item(&mut self, model: usize, item: &'m ItemDefinition) -> ItemType {
        let shape = match &item.shape {
            Written::Any => Shape::Any,
            Written::Reference(name) => Shape::Same(self.type_id(model, Some(name), &item.place)),
            Written::Components(components) => {
                let mut compiled = Vec::with_capacity(components.len());
                for component in components {
                    let inner = self.item(model, component);
                    compiled.push((component.name.as_str().into(), self.types.add(inner)));
                }
                Shape::Components(compiled)
            }
            Written::Function { parameters, output } => Shape::Function {
                parameters: parameters
                    .iter()
                    .map(|p| self.type_id(model, p.as_deref(), &item.place))
                    .collect(),
                output: self.type_id(model, output.as_deref(), &item.place),
            },
        };
        let names = Names::new();
        ItemType {
            shape,
            is_collection: item.is_collection,
            allowed_values: item.allowed_values.as_ref().map(|tests| self.unary_tests(tests, &names)),
            constraint: item.type_constraint.as_ref().map(|tests| self.unary_tests(tests, &names)),
        }
    }

    /// The type of that name; unknown names are reported where the mode knows item definitions.
    pub(super) fn type_id(&mut self, model: usize, name: Option<&str>, place: &Place) -> TypeId {
        let Some(name) = name else { return Types::ANY };
        match self.known_type(model, name) {
            Some(id) => id,
            None if self.rules.only_basic_types => Types::ANY,
            None => {
                let known = self.models[model].items.iter().map(|item| item.name.as_str());
                let help = match weir_feel::near_name(name, known) {
                    Some(near) => format!("did you mean '{near}'?"),
                    None => "define it with <itemDefinition>, or use a type of FEEL".to_owned(),
                };
                self.report(place, format!("there is no type '{name}'"), &help);
                Types::ANY
            }
        }
    }

    pub(super) fn known_type(&self, model: usize, name: &str) -> Option<TypeId> {
        if let Some(id) = self.type_ids.get(&(model, name)) {
            return Some(*id);
        }
        if let Some(id) = Types::basic_named(name) {
            return Some(id);
        }
        for import in &self.models[model].imports {
            let local = if import.name.is_empty() {
                Some(name)
            } else {
                name.strip_prefix(import.name.as_str()).and_then(|rest| rest.strip_prefix('.'))
            };
            let other = self.models.iter().position(|m| m.namespace == import.namespace);
            if let (Some(local), Some(other)) = (local, other)
                && let Some(id) = self.type_ids.get(&(other, local))
            {
                return Some(*id);
            }
        }
        None
    }
}
