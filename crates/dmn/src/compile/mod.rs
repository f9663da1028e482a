//! [`Model`]s to a [`Graph`]: references resolved, FEEL compiled, every problem reported.

mod escape;
mod item;
mod logic;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use weir_feel::{Expression, Names, Type};

use crate::diagnostic::{Diagnostic, Diagnostics, Place};
use crate::feel::{Feel, parse_failure};
use crate::graph::{
    Body, DecisionNode, FunctionLogic, Graph, InputNode, KnowledgeNode, Node, NodeId, Requirement,
    ServiceNode,
};
use crate::logic::{Form, Logic};
use crate::mode::Rules;
use crate::model::boxed::{Form as Written, Function, FunctionKind};
use crate::model::{Decision, KnowledgeModel, Model, Reference, Service, Text, Variable};
use crate::outcome::DecisionKind;
use crate::types::{TypeId, Types};

/// What one level of a boxed expression counts for in FEEL's depth of nodes.
const BOXED_DEPTH_NODES: u32 = 3;

/// Compiles a model, the first, with the models that it imports.
pub(crate) fn compile(models: &[Model], rules: &'static Rules, lenient: bool) -> Result<Graph, Diagnostics> {
    let mut compiler = Compiler {
        rules,
        lenient,
        models,
        ids: BTreeMap::new(),
        elements: Vec::new(),
        types: Types::basic(),
        type_ids: BTreeMap::new(),
        named_types: Vec::new(),
        escaped: escape::Escaped::default(),
        problems: Diagnostics::default(),
    };
    compiler.check_imports();
    compiler.declare_elements();
    compiler.check_cycles();
    compiler.declare_items();
    compiler.escaped = if rules.escape_names { escape::names(models) } else { escape::Escaped::default() };
    compiler.compile_items();
    compiler.named_types = (0..models.len()).map(|model| compiler.named_types(model)).collect();
    let nodes = compiler.nodes();
    let first = &models[0];
    let own = |(at, node): (usize, &Node)| match node {
        Node::Decision(decision) if compiler.elements[at].model == 0 => {
            Some((decision.id.clone(), NodeId(at as u32)))
        }
        Node::Input(_) | Node::Decision(_) | Node::Knowledge(_) | Node::Service(_) => None,
    };
    let decisions: Vec<_> = nodes.iter().enumerate().filter_map(own).collect();
    let graph = Graph {
        id: first.id.as_str().into(),
        name: first.name.as_str().into(),
        namespace: first.namespace.as_str().into(),
        rules,
        types: compiler.types,
        decisions: decisions.iter().map(|(_, node)| *node).collect(),
        by_id: decisions.into_iter().collect(),
        nodes,
    };
    compiler.problems.into_result(graph)
}

struct Compiler<'m> {
    rules: &'static Rules,
    /// Whether FEEL with errors fails what evaluates it, not the model.
    lenient: bool,
    models: &'m [Model],
    /// Elements by namespace and id.
    ids: BTreeMap<(&'m str, &'m str), NodeId>,
    elements: Vec<Element<'m>>,
    types: Types,
    /// Item definitions by model and name.
    type_ids: BTreeMap<(usize, &'m str), TypeId>,
    /// By model, the types that FEEL is told of.
    named_types: Vec<Names>,
    /// Names that are put in backticks where expressions mention them.
    escaped: escape::Escaped,
    problems: Diagnostics,
}

/// An element and the model it stands in.
#[derive(Clone, Copy)]
struct Element<'m> {
    model: usize,
    kind: Kind<'m>,
}

#[derive(Clone, Copy)]
enum Kind<'m> {
    Input(&'m Variable),
    Decision(&'m Decision),
    Knowledge(&'m KnowledgeModel),
    Service(&'m Service),
}

impl<'m> Compiler<'m> {
    fn report(&mut self, place: &Place, message: impl Into<String>, help: &str) {
        let diagnostic = Diagnostic::new(place, message);
        self.problems.push(if help.is_empty() { diagnostic } else { diagnostic.help(help) });
    }

    fn check_imports(&mut self) {
        for model in self.models {
            for import in &model.imports {
                if !self.models.iter().any(|m| m.namespace == import.namespace) {
                    let message =
                        format!("the imported model with namespace '{}' is not there", import.namespace);
                    self.report(&import.place, message, "give that model, too");
                }
            }
        }
    }

    fn declare_elements(&mut self) {
        for (at, model) in self.models.iter().enumerate() {
            for input in &model.inputs {
                self.declare(at, &input.id, &input.variable.place, Kind::Input(&input.variable));
            }
            for decision in &model.decisions {
                if self.rules.ids_required && decision.id.is_none() {
                    let message = format!("the decision '{}' has no id", decision.name);
                    self.report(&decision.place, message, "give it one");
                }
                let id = decision.id.as_deref().unwrap_or(&decision.name);
                self.declare(at, id, &decision.place, Kind::Decision(decision));
            }
            for knowledge in &model.knowledge {
                self.declare(at, &knowledge.id, &knowledge.place, Kind::Knowledge(knowledge));
            }
            for service in &model.services {
                self.declare(at, &service.id, &service.place, Kind::Service(service));
            }
        }
    }

    fn declare(&mut self, model: usize, id: &'m str, place: &Place, kind: Kind<'m>) {
        let node = NodeId(self.elements.len() as u32);
        self.elements.push(Element { model, kind });
        let namespace = self.models[model].namespace.as_str();
        if !id.is_empty() && self.ids.insert((namespace, id), node).is_some() {
            self.report(place, format!("the id '{id}' is used twice"), "ids must be unique in a model");
        }
    }

    /// The element that a reference means, and the name of the import it is reached through.
    fn resolve(&mut self, model: usize, reference: &Reference) -> Option<(NodeId, Option<Arc<str>>)> {
        let own = self.models[model].namespace.as_str();
        let namespace = reference.namespace.as_deref().unwrap_or(own);
        let Some(&node) = self.ids.get(&(namespace, reference.id.as_str())) else {
            let message = format!("there is no element with id '{}'", reference.id);
            self.report(&reference.place, message, "mend the reference or add the element");
            return None;
        };
        if namespace == own {
            return Some((node, None));
        }
        let import = self.models[model].imports.iter().find(|i| i.namespace == namespace);
        match import {
            Some(import) if import.name.is_empty() => Some((node, None)),
            Some(import) => Some((node, Some(import.name.as_str().into()))),
            None => {
                let message = format!("the model '{namespace}' is not imported");
                self.report(&reference.place, message, "add an <import>");
                None
            }
        }
    }

    /// Decisions and business knowledge models must not require themselves, however far around.
    fn check_cycles(&mut self) {
        let edges: Vec<Vec<usize>> = (0..self.elements.len()).map(|at| self.required(at)).collect();
        let mut state = vec![0_u8; edges.len()];
        for start in 0..edges.len() {
            let mut stack = vec![(start, 0)];
            while let Some((at, edge)) = stack.pop() {
                if edge == 0 && state[at] != 0 {
                    continue;
                }
                state[at] = 1;
                match edges[at].get(edge) {
                    None => state[at] = 2,
                    Some(next) => {
                        stack.push((at, edge + 1));
                        if state[*next] == 1 && self.is_cycle(*next) {
                            self.report_cycle(*next);
                        } else if state[*next] == 0 {
                            stack.push((*next, 0));
                        }
                    }
                }
            }
        }
    }

    fn is_cycle(&self, at: usize) -> bool {
        matches!(self.elements[at].kind, Kind::Decision(_) | Kind::Knowledge(_))
    }

    fn report_cycle(&mut self, at: usize) {
        let (place, what) = match self.elements[at].kind {
            Kind::Decision(decision) => (&decision.place, "decisions"),
            Kind::Knowledge(knowledge) => (&knowledge.place, "BKMs"),
            Kind::Input(_) | Kind::Service(_) => return,
        };
        let message = format!("Invalid DMN model: Cyclic dependencies between {what} detected.");
        self.report(place, message, "an element must not require itself, however far around");
    }

    /// The elements that one requires of its own kind; unresolved references are reported elsewhere.
    fn required(&self, at: usize) -> Vec<usize> {
        let element = self.elements[at];
        let references: Vec<&'m Reference> = match element.kind {
            // A reference may name an element of another kind than it should.
            Kind::Decision(decision) => {
                decision.required_decisions.iter().chain(&decision.required_inputs).collect()
            }
            // A model may name itself: that is how recursion is written.
            Kind::Knowledge(knowledge) => knowledge.required_knowledge.iter().collect(),
            Kind::Input(_) | Kind::Service(_) => return Vec::new(),
        };
        let own = self.models[element.model].namespace.as_str();
        let node = |r: &'m Reference| self.ids.get(&(r.namespace.as_deref().unwrap_or(own), r.id.as_str()));
        let is_knowledge = matches!(element.kind, Kind::Knowledge(_));
        references
            .into_iter()
            .filter_map(node)
            .map(|n| n.0 as usize)
            .filter(|n| !(is_knowledge && *n == at))
            .collect()
    }

    fn nodes(&mut self) -> Vec<Node> {
        (0..self.elements.len()).map(|at| self.node(NodeId(at as u32))).collect()
    }

    fn node(&mut self, id: NodeId) -> Node {
        let Element { model, kind } = self.elements[id.0 as usize];
        match kind {
            Kind::Input(variable) => Node::Input(InputNode {
                name: variable.name.as_str().into(),
                namespace: self.models[model].namespace.as_str().into(),
                type_id: self.variable_type(model, variable),
            }),
            Kind::Decision(decision) => Node::Decision(self.decision(model, decision)),
            Kind::Knowledge(knowledge) => Node::Knowledge(self.knowledge(id, model, knowledge)),
            Kind::Service(service) => Node::Service(self.service(model, service)),
        }
    }

    /// The name that a decision's value has for others.
    fn decision_variable(&self, decision: &'m Decision) -> &'m str {
        match (&decision.variable, &decision.id) {
            (Some(variable), _) => &variable.name,
            (None, Some(id)) if self.rules.id_names_variable => id,
            (None, _) => &decision.name,
        }
    }

    fn variable_type(&mut self, model: usize, variable: &Variable) -> TypeId {
        self.type_id(model, variable.type_name.as_deref(), &variable.place)
    }

    /// The type that is enforced for a part where the mode may only look at decisions and literals.
    fn inner_type(&mut self, model: usize, variable: &Variable) -> TypeId {
        let id = self.variable_type(model, variable);
        if self.rules.only_basic_types { Types::ANY } else { id }
    }

    fn decision(&mut self, model: usize, decision: &'m Decision) -> DecisionNode {
        let references = decision.required_inputs.iter().chain(&decision.required_decisions);
        let references: Vec<_> = references.chain(&decision.required_knowledge).collect();
        let requirements = self.requirements(model, &references);
        let names = self.names(model, &requirements);
        let logic = decision.logic.as_ref().map(|logic| self.logic(model, logic, &names));
        DecisionNode {
            id: decision.id.as_deref().unwrap_or(&decision.name).into(),
            name: decision.name.as_str().into(),
            namespace: self.models[model].namespace.as_str().into(),
            variable: self.decision_variable(decision).into(),
            type_id: decision.variable.as_ref().map_or(Types::ANY, |v| self.variable_type(model, v)),
            kind: logic.as_ref().map_or(DecisionKind::Unknown, |logic| kind(&logic.form)),
            requirements,
            logic,
        }
    }

    fn requirements(&mut self, model: usize, references: &[&'m Reference]) -> Vec<Requirement> {
        let mut requirements = Vec::with_capacity(references.len());
        for reference in references {
            if let Some((node, import)) = self.resolve(model, reference) {
                requirements.push(Requirement { node, import, name: self.element_name(node).into() });
            }
        }
        requirements
    }

    fn element_name(&self, node: NodeId) -> &'m str {
        match self.elements[node.0 as usize].kind {
            Kind::Input(variable) => &variable.name,
            Kind::Decision(decision) => self.decision_variable(decision),
            Kind::Knowledge(knowledge) => &knowledge.variable.name,
            Kind::Service(service) => &service.variable.name,
        }
    }

    /// What FEEL's parser knows of the required elements.
    fn names(&mut self, model: usize, requirements: &[Requirement]) -> Names {
        let mut names = self.named_types[model].clone();
        for requirement in requirements {
            let known = self.element_type(requirement.node);
            match &requirement.import {
                None => names.insert(&requirement.name, known),
                Some(import) => {
                    let mut inner = match names.get(import) {
                        Some(Type::Context(inner)) => inner.clone(),
                        Some(_) | None => Names::new(),
                    };
                    inner.insert(&requirement.name, known);
                    names.insert(import, Type::Context(inner));
                }
            }
        }
        names
    }

    fn element_type(&mut self, node: NodeId) -> Type {
        let Element { model, kind } = self.elements[node.0 as usize];
        let variable = match kind {
            Kind::Input(variable) => Some(variable),
            Kind::Decision(decision) => decision.variable.as_ref(),
            Kind::Knowledge(_) | Kind::Service(_) => None,
        };
        let id = variable.and_then(|v| self.known_type(model, v.type_name.as_deref()?));
        id.map_or(Type::Any, |id| self.types.feel_type(id))
    }

    fn knowledge(&mut self, id: NodeId, model: usize, knowledge: &'m KnowledgeModel) -> KnowledgeNode {
        let references: Vec<_> = knowledge.required_knowledge.iter().collect();
        let mut requirements = self.requirements(model, &references);
        if !requirements.iter().any(|r| r.node == id) {
            let name = knowledge.variable.name.as_str().into();
            requirements.push(Requirement { node: id, import: None, name });
        }
        let names = self.names(model, &requirements);
        let function = match &knowledge.logic {
            Some(function) => self.function(model, &knowledge.variable.name, function, &names),
            None => {
                self.report(
                    &knowledge.place,
                    "the business knowledge model has no logic",
                    "add <encapsulatedLogic>",
                );
                no_function(&knowledge.variable.name)
            }
        };
        let declared = self.inner_type(model, &knowledge.variable);
        let result_type = self.types.function_output(declared).unwrap_or(declared);
        let name = knowledge.variable.name.as_str().into();
        KnowledgeNode { name, requirements, function: Arc::new(function), result_type }
    }

    fn function(&mut self, model: usize, name: &str, function: &'m Function, outer: &Names) -> FunctionLogic {
        let mut names = outer.clone();
        let mut parameters = Vec::with_capacity(function.parameters.len());
        let mut types = Vec::with_capacity(function.parameters.len());
        for parameter in &function.parameters {
            let type_id = self.inner_type(model, parameter);
            names.insert(&parameter.name, self.types.feel_type(type_id));
            parameters.push((parameter.name.as_str().into(), Type::Any));
            types.push(type_id);
        }
        let external = |what: &str| Body::External(format!("the {what} function '{name}'"));
        let body = match (function.kind, &function.body) {
            (FunctionKind::Java, body) => {
                match body.as_ref().and_then(|body| self.java(function, body, &names)) {
                    Some(body) => Body::Logic(body),
                    None => external("Java"),
                }
            }
            (FunctionKind::Pmml, _) => external("PMML"),
            (FunctionKind::Feel, Some(body)) => Body::Logic(self.logic(model, body, &names)),
            (FunctionKind::Feel, None) => {
                self.report(&function.place, "the function has no body", "add an expression");
                external("empty")
            }
        };
        let mut free = Vec::new();
        if let Body::Logic(body) = &body {
            body.free_names(&mut free);
        }
        free.retain(|free| !function.parameters.iter().any(|p| *p.name == **free));
        let height_nodes = function.body.as_ref().map_or(0, |body| body.height() * BOXED_DEPTH_NODES);
        FunctionLogic { name: name.into(), parameters, types, body, height_nodes, free }
    }

    /// A boxed Java function says what a literal one says: FEEL knows which there are.
    fn java(
        &self,
        function: &Function,
        body: &crate::model::boxed::Expression,
        names: &Names,
    ) -> Option<Logic> {
        let Written::Context(entries) = &body.form else { return None };
        let entry = |name: &str| {
            let found = entries.iter().find(|e| e.variable.as_ref().is_some_and(|v| v.name == name))?;
            if let Written::Literal(text) = &found.value.form { Some(text.text.trim()) } else { None }
        };
        let (class, signature) = (entry("class")?, entry("method signature")?);
        let arguments: Vec<_> = function.parameters.iter().map(|p| p.name.as_str()).collect();
        let arguments = arguments.join(", ");
        let text = format!(
            "invoke external({{java: {{class: {class}, method signature: {signature}}}}}, [{arguments}])"
        );
        let call = Expression::compile(&text, self.rules.dialect, names).ok()?;
        Some(Logic { form: Form::Literal(Feel::Valid(call)), type_id: Types::ANY })
    }

    fn service(&mut self, model: usize, service: &'m Service) -> ServiceNode {
        let references: Vec<_> = service.input_data.iter().chain(&service.input_decisions).collect();
        let inputs = self.requirements(model, &references);
        let outputs: Vec<_> = service.outputs.iter().collect();
        let outputs: Vec<NodeId> = self.requirements(model, &outputs).iter().map(|r| r.node).collect();
        if service.outputs.is_empty() {
            self.report(
                &service.place,
                "the decision service has no output decision",
                "add an <outputDecision>",
            );
        }
        let mut types = Vec::with_capacity(inputs.len());
        for input in &inputs {
            let Element { model, kind } = self.elements[input.node.0 as usize];
            types.push(match kind {
                Kind::Input(variable) => self.inner_type(model, variable),
                Kind::Decision(Decision { variable: Some(variable), .. }) => self.inner_type(model, variable),
                Kind::Decision(_) | Kind::Knowledge(_) | Kind::Service(_) => Types::ANY,
            });
        }
        let declared = self.inner_type(model, &service.variable);
        ServiceNode {
            name: service.name.as_str().into(),
            parameters: inputs.iter().map(|r| (r.name.clone(), Type::Any)).collect(),
            inputs: inputs.iter().map(|r| r.node).collect(),
            types,
            outputs,
            result_type: self.types.function_output(declared).unwrap_or(declared),
        }
    }

    /// A FEEL expression.
    fn expression(&mut self, text: &Text, names: &Names) -> Feel {
        let source = escape::escaped(&text.text, &self.escaped);
        let compiled = Expression::compile(source.trim(), self.rules.dialect, names);
        self.feel(text, "FEEL expression", compiled)
    }

    /// FEEL unary tests; empty text accepts everything.
    fn unary_tests(&mut self, text: &Text, names: &Names) -> Feel {
        let source = escape::escaped(&text.text, &self.escaped);
        let source = if source.trim().is_empty() { "-" } else { source.trim() };
        let compiled = Expression::compile_unary_tests(source, self.rules.dialect, names);
        self.feel(text, "FEEL unary-tests", compiled)
    }

    /// Errors are reported, unless the model is run all the same.
    fn feel(
        &mut self,
        text: &Text,
        what: &str,
        compiled: Result<Expression, weir_feel::Diagnostics>,
    ) -> Feel {
        let compiled = compiled.map_err(|errors| {
            if !self.lenient {
                self.feel_errors(text, what, &errors);
            }
            parse_failure(what, &text.text, &errors)
        });
        Feel::from(compiled)
    }

    /// Each error at its line in the file.
    fn feel_errors(&mut self, text: &Text, what: &str, errors: &weir_feel::Diagnostics) {
        let leading = text.text.len() - text.text.trim_start().len();
        let skipped = &text.text[..leading];
        let (skipped_lines, last) = match skipped.rsplit_once('\n') {
            Some((before, last)) => (before.matches('\n').count() + 1, last.chars().count()),
            None => (0, skipped.chars().count()),
        };
        for error in errors.items() {
            let (line, column) = error.span.line_and_column(errors.text());
            let indent = match (line, skipped_lines) {
                (1, 0) => last + text.place.column as usize - 1,
                (1, _) => last,
                _ => 0,
            };
            let place = Place {
                element_id: text.place.element_id.clone(),
                line: text.place.line + (skipped_lines + line - 1) as u32,
                column: (indent + column) as u32,
            };
            let message =
                format!("{what}: failed to parse expression '{}': {}", text.text.trim(), error.message);
            self.report(&place, message, error.help.as_deref().unwrap_or_default());
        }
    }
}

fn no_function(name: &str) -> FunctionLogic {
    let body = Body::External("the empty function".to_owned());
    FunctionLogic {
        name: name.into(),
        parameters: Vec::new(),
        types: Vec::new(),
        body,
        height_nodes: 0,
        free: Vec::new(),
    }
}

fn kind(form: &Form) -> DecisionKind {
    match form {
        Form::Literal(_) => DecisionKind::LiteralExpression,
        Form::Table(_) => DecisionKind::DecisionTable,
        Form::Context { .. } => DecisionKind::Context,
        Form::Invocation { .. } => DecisionKind::Invocation,
        Form::List(_) => DecisionKind::List,
        Form::Relation { .. } => DecisionKind::Relation,
        Form::Function(_)
        | Form::Conditional { .. }
        | Form::Filter { .. }
        | Form::For(_)
        | Form::Some(_)
        | Form::Every(_) => DecisionKind::Unknown,
    }
}
