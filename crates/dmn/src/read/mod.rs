//! XML to [`Model`]: DMN 1.1 to 1.5.

mod boxed;
mod item;
mod table;

use roxmltree::Node;

use crate::diagnostic::{Diagnostic, Diagnostics, Place};
use crate::model::{Decision, Import, InputData, KnowledgeModel, Model, Reference, Service, Text, Variable};
use crate::xml::{Xml, child, elements};

/// The namespaces of DMN's model, 1.1 to 1.5.
const MODEL_NAMESPACES: [&str; 5] = [
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
];

/// The namespaces of FEEL, 1.1 to 1.5, as they appear as expression language.
const FEEL_NAMESPACES: [&str; 5] = [
    "http://www.omg.org/spec/FEEL/20140401",
    "http://www.omg.org/spec/DMN/20180521/FEEL/",
    "https://www.omg.org/spec/DMN/20191111/FEEL/",
    "https://www.omg.org/spec/DMN/20211108/FEEL/",
    "https://www.omg.org/spec/DMN/20230324/FEEL/",
];

/// Reads one model.
pub(crate) fn read(bytes: &[u8]) -> Result<Model, Diagnostics> {
    let xml = Xml::parse(bytes)?;
    let root = xml.root();
    let known = root.tag_name().namespace().is_some_and(|n| MODEL_NAMESPACES.contains(&n));
    if root.tag_name().name() != "definitions" || !known {
        let of = match root.tag_name().namespace() {
            Some(namespace) => format!("of the namespace {namespace}"),
            None => "without a namespace".to_owned(),
        };
        let found = format!("expected a DMN <definitions> element, found <{}> {of}", root.tag_name().name());
        let namespaces = MODEL_NAMESPACES.join(", ");
        let help = format!("its namespace must be one of DMN 1.1 to 1.5: {namespaces}");
        return Err(Diagnostic::new(&xml.place(root), found).help(help).into());
    }
    let mut reader = Reader { xml: &xml, problems: Diagnostics::default() };
    let model = reader.definitions(root);
    reader.problems.into_result(model)
}

struct Reader<'x, 'd> {
    xml: &'x Xml<'d>,
    problems: Diagnostics,
}

impl<'d> Reader<'_, 'd> {
    fn report(&mut self, node: Node<'_, '_>, message: impl Into<String>, help: &str) {
        let diagnostic = Diagnostic::new(&self.xml.place(node), message);
        self.problems.push(if help.is_empty() { diagnostic } else { diagnostic.help(help) });
    }

    /// An attribute that must be there and not be blank.
    fn required(&mut self, node: Node<'_, '_>, attribute: &str) -> String {
        match node.attribute(attribute).map(str::trim) {
            Some(value) if !value.is_empty() => value.to_owned(),
            Some(_) | None => {
                let element = node.tag_name().name();
                self.report(node, format!("<{element}> has no {attribute}"), "give it one");
                String::new()
            }
        }
    }

    fn definitions(&mut self, root: Node<'_, 'd>) -> Model {
        self.expression_language(root);
        let mut model = Model {
            id: root.attribute("id").or(root.attribute("name")).unwrap_or_default().to_owned(),
            name: root.attribute("name").unwrap_or_default().to_owned(),
            namespace: root.attribute("namespace").unwrap_or_default().to_owned(),
            imports: Vec::new(),
            items: Vec::new(),
            inputs: Vec::new(),
            decisions: Vec::new(),
            knowledge: Vec::new(),
            services: Vec::new(),
        };
        for node in self.own(root) {
            match node.tag_name().name() {
                "import" => model.imports.extend(self.import(node)),
                "itemDefinition" => model.items.push(self.item(node)),
                "inputData" => model.inputs.push(self.input_data(node)),
                "decision" => model.decisions.push(self.decision(node)),
                "businessKnowledgeModel" => model.knowledge.push(self.knowledge(node)),
                "decisionService" => model.services.push(self.service(node)),
                // Knowledge sources, annotations, diagrams and organisation have no run-time meaning.
                _ => {}
            }
        }
        model
    }

    /// The children in DMN's namespace; extensions of tools are not ours to judge.
    fn own<'n>(&self, node: Node<'n, 'd>) -> Vec<Node<'n, 'd>> {
        let namespace = self.xml.root().tag_name().namespace();
        elements(node).filter(|e| e.tag_name().namespace() == namespace).collect()
    }

    fn import(&mut self, node: Node<'_, 'd>) -> Option<Import> {
        let kind = node.attribute("importType").unwrap_or_default();
        if !MODEL_NAMESPACES.contains(&kind) {
            let help = "only DMN models can be imported";
            self.report(node, format!("import of type '{kind}' is not supported"), help);
            return None;
        }
        let namespace = self.required(node, "namespace");
        let name = node.attribute("name").unwrap_or_default().trim().to_owned();
        Some(Import { place: self.xml.place(node), name, namespace })
    }

    fn input_data(&mut self, node: Node<'_, 'd>) -> InputData {
        let id = node.attribute("id").unwrap_or_default().to_owned();
        InputData { id, variable: self.element_variable(node) }
    }

    /// The `variable` of an element; when it has none, a variable with the element's own name.
    fn element_variable(&mut self, node: Node<'_, 'd>) -> Variable {
        match child(node, "variable") {
            Some(variable) => self.variable(variable),
            None => {
                let name = node.attribute("name").or(node.attribute("id")).unwrap_or_default();
                Variable { place: self.xml.place(node), name: normal_name(name), type_name: None }
            }
        }
    }

    fn variable(&mut self, node: Node<'_, 'd>) -> Variable {
        let name = self.required(node, "name");
        Variable {
            place: self.xml.place(node),
            name: normal_name(&name),
            type_name: self.type_attribute(node),
        }
    }

    fn decision(&mut self, node: Node<'_, 'd>) -> Decision {
        let mut decision = Decision {
            place: self.xml.place(node),
            id: node.attribute("id").map(str::to_owned),
            name: self.required(node, "name"),
            variable: child(node, "variable").map(|v| self.variable(v)),
            required_inputs: Vec::new(),
            required_decisions: Vec::new(),
            required_knowledge: Vec::new(),
            logic: None,
        };
        for child in self.own(node) {
            match child.tag_name().name() {
                "informationRequirement" => {
                    decision.required_inputs.extend(self.references(child, "requiredInput"));
                    decision.required_decisions.extend(self.references(child, "requiredDecision"));
                }
                "knowledgeRequirement" => {
                    decision.required_knowledge.extend(self.references(child, "requiredKnowledge"));
                }
                "description"
                | "extensionElements"
                | "question"
                | "allowedAnswers"
                | "variable"
                | "authorityRequirement"
                | "supportedObjective"
                | "impactedPerformanceIndicator"
                | "decisionMaker"
                | "decisionOwner"
                | "usingProcess"
                | "usingTask" => {}
                _ => decision.logic = self.expression(child),
            }
        }
        decision
    }

    fn knowledge(&mut self, node: Node<'_, 'd>) -> KnowledgeModel {
        let requirements: Vec<_> =
            self.own(node).into_iter().filter(|c| c.tag_name().name() == "knowledgeRequirement").collect();
        KnowledgeModel {
            place: self.xml.place(node),
            id: node.attribute("id").unwrap_or_default().to_owned(),
            variable: self.element_variable(node),
            required_knowledge: requirements
                .into_iter()
                .flat_map(|r| self.references(r, "requiredKnowledge"))
                .collect(),
            logic: child(node, "encapsulatedLogic").map(|logic| self.function(logic)),
        }
    }

    fn service(&mut self, node: Node<'_, 'd>) -> Service {
        Service {
            place: self.xml.place(node),
            id: node.attribute("id").unwrap_or_default().to_owned(),
            name: self.required(node, "name"),
            variable: self.element_variable(node),
            outputs: self.references(node, "outputDecision"),
            input_decisions: self.references(node, "inputDecision"),
            input_data: self.references(node, "inputData"),
        }
    }

    fn references(&mut self, node: Node<'_, 'd>, name: &str) -> Vec<Reference> {
        let nodes: Vec<_> = self.own(node).into_iter().filter(|c| c.tag_name().name() == name).collect();
        nodes.into_iter().map(|node| self.reference(node)).collect()
    }

    fn reference(&mut self, node: Node<'_, 'd>) -> Reference {
        let href = self.required(node, "href");
        let (namespace, id) = match href.rsplit_once('#') {
            Some(("", id)) => (None, id),
            Some((namespace, id)) => (Some(namespace.to_owned()), id),
            None => (None, href.as_str()),
        };
        Reference { place: self.xml.place(node), namespace, id: id.to_owned() }
    }

    /// The `<text>` of an expression element; the caller says what a missing one means.
    fn expression_text(&mut self, node: Node<'_, 'd>) -> Option<Text> {
        self.expression_language(node);
        let (text, place) = self.xml.text(child(node, "text")?);
        let place = Place { element_id: self.xml.place(node).element_id, ..place };
        Some(Text { place, text })
    }

    fn expression_language(&mut self, node: Node<'_, 'd>) {
        let Some(language) = node.attribute("expressionLanguage").map(str::trim) else { return };
        if !language.is_empty()
            && !language.eq_ignore_ascii_case("feel")
            && !FEEL_NAMESPACES.contains(&language)
        {
            let message = format!("expression language '{language}' is not supported");
            self.report(node, message, "use FEEL");
        }
    }

    fn type_attribute(&mut self, node: Node<'_, 'd>) -> Option<String> {
        node.attribute("typeRef").and_then(|text| self.type_name(node, text))
    }

    /// A type name; in DMN 1.1 it is a qualified name, whose prefix says the language or the imported model.
    fn type_name(&mut self, node: Node<'_, 'd>, text: &str) -> Option<String> {
        let text = normal_name(text);
        let Some((prefix, local)) = text.split_once(':') else { return Some(text).filter(|t| !t.is_empty()) };
        let Some(namespace) = node.lookup_namespace_uri(Some(prefix)) else {
            return Some(if prefix == "feel" { local.to_owned() } else { text });
        };
        let root = self.xml.root();
        if FEEL_NAMESPACES.contains(&namespace) || root.attribute("namespace") == Some(namespace) {
            return Some(local.to_owned());
        }
        let import = elements(root)
            .find(|e| e.tag_name().name() == "import" && e.attribute("namespace") == Some(namespace))
            .and_then(|e| e.attribute("name"));
        Some(import.map_or_else(|| local.to_owned(), |import| format!("{import}.{local}")))
    }
}

/// A name with runs of white space made one space, as FEEL compares names (10.3.1.4).
pub(crate) fn normal_name(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}
