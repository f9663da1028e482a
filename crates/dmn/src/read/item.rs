//! Item definitions.

use roxmltree::Node;

use super::{Reader, normal_name};
use crate::model::Text;
use crate::model::item::{ItemDefinition, Shape};
use crate::xml::child;

impl<'d> Reader<'_, 'd> {
    pub(super) fn item(&mut self, node: Node<'_, 'd>) -> ItemDefinition {
        let components: Vec<_> =
            self.own(node).into_iter().filter(|c| c.tag_name().name() == "itemComponent").collect();
        let shape = if let Some(function) = child(node, "functionItem") {
            self.function_item(function)
        } else if !components.is_empty() {
            Shape::Components(components.into_iter().map(|c| self.item(c)).collect())
        } else {
            let reference = child(node, "typeRef").map(|t| self.xml.text(t).0);
            reference.and_then(|name| self.type_name(node, &name)).map_or(Shape::Any, Shape::Reference)
        };
        let name = self.required(node, "name");
        ItemDefinition {
            place: self.xml.place(node),
            name: normal_name(&name),
            shape,
            is_collection: node.attribute("isCollection").is_some_and(|v| matches!(v.trim(), "true" | "1")),
            allowed_values: self.tests(node, "allowedValues"),
            type_constraint: self.tests(node, "typeConstraint"),
        }
    }

    fn function_item(&mut self, node: Node<'_, 'd>) -> Shape {
        let parameters =
            self.own(node).into_iter().filter(|c| c.tag_name().name() == "parameters").collect::<Vec<_>>();
        Shape::Function {
            parameters: parameters.into_iter().map(|p| self.type_attribute(p)).collect(),
            output: node.attribute("outputTypeRef").and_then(|t| self.type_name(node, t)),
        }
    }

    /// Unary tests in a child element; blank text is none.
    pub(super) fn tests(&mut self, node: Node<'_, 'd>, name: &str) -> Option<Text> {
        let tests = child(node, name)?;
        self.expression_text(tests).filter(|t| !t.text.trim().is_empty())
    }
}
