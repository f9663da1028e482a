//! Test case XML to [`TestSuite`].

use roxmltree::Node;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::read::normal_name;
use crate::xml::{Xml, child, elements};

/// One file of test cases.
#[derive(Debug)]
pub struct TestSuite {
    /// The file name of the model, beside the test file.
    pub model_name: String,
    /// The cases, in the order of the file.
    pub cases: Vec<TestCase>,
}

/// `testCase`: inputs, and what is expected of them.
#[derive(Debug)]
pub struct TestCase {
    /// The id, or the number of the case in its file from 1.
    pub id: String,
    /// What is evaluated.
    pub invocable: Invocable,
    /// `inputNode`s.
    pub inputs: Vec<TestValue>,
    /// `resultNode`s.
    pub results: Vec<ResultNode>,
}

/// What a test case evaluates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invocable {
    /// The decision that each result node names.
    Decision,
    /// A decision service; result nodes name its output decisions.
    Service(String),
    /// A business knowledge model; inputs are its arguments.
    KnowledgeModel(String),
}

/// An input by name.
#[derive(Debug)]
pub struct TestValue {
    /// The name of the input data, decision or parameter.
    pub name: String,
    /// The namespace of the model it belongs to, when it is not the one under test.
    pub namespace: Option<String>,
    /// Its value.
    pub value: Datum,
}

/// What is expected of one decision.
#[derive(Debug)]
pub struct ResultNode {
    /// The name of the decision.
    pub name: String,
    /// Whether a failure is what is expected.
    pub error_result: bool,
    /// The value; null when the file has none.
    pub expected: Datum,
}

/// A value as the file has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    /// `xsi:nil`, or nothing.
    Null,
    /// `value` with its XML schema type.
    Simple(DatumKind, String),
    /// `list`
    List(Vec<Datum>),
    /// `component`s by name
    Context(Vec<(String, Datum)>),
}

/// The XML schema type of a simple value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatumKind {
    /// No `xsi:type`: of the declared type when it reads as one; else a boolean or a number when it reads as one, or a string.
    Untyped,
    /// `xsd:string`
    String,
    /// `xsd:decimal`, `xsd:double` and the other numeric types
    Number,
    /// `xsd:boolean`
    Boolean,
    /// `xsd:date`
    Date,
    /// `xsd:time`
    Time,
    /// `xsd:dateTime`
    DateTime,
    /// `xsd:duration`, of either kind
    Duration,
}

const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Whether a file says that it is one of test cases, be it well-formed or not: the first element is `testCases`.
#[must_use]
pub fn is_test_file(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let tags = text.split('<').skip(1);
    let first = tags.into_iter().find(|tag| !tag.starts_with(['?', '!']));
    let name = first.and_then(|tag| tag.split([' ', '\t', '\r', '\n', '>', '/']).next());
    name.is_some_and(|name| name.rsplit(':').next() == Some("testCases"))
}

impl TestSuite {
    /// Reads a test file.
    ///
    /// # Errors
    /// All that is wrong with the file.
    pub fn parse(bytes: &[u8]) -> Result<Self, Diagnostics> {
        let xml = Xml::parse(bytes)?;
        let root = xml.root();
        if root.tag_name().name() != "testCases" {
            let found = format!("expected <testCases>, found <{}>", root.tag_name().name());
            return Err(Diagnostic::new(&xml.place(root), found).into());
        }
        let mut reader = Reader { xml: &xml, problems: Diagnostics::default() };
        let model_name =
            child(root, "modelName").and_then(|m| m.text()).unwrap_or_default().trim().to_owned();
        let cases = elements(root).filter(|e| e.tag_name().name() == "testCase").enumerate();
        let cases = cases.map(|(index, case)| reader.case(index, case)).collect();
        reader.problems.into_result(Self { model_name, cases })
    }
}

struct Reader<'x, 'd> {
    xml: &'x Xml<'d>,
    problems: Diagnostics,
}

impl Reader<'_, '_> {
    fn case(&mut self, index: usize, node: Node<'_, '_>) -> TestCase {
        let id = node.attribute("id").map_or_else(|| (index + 1).to_string(), str::to_owned);
        let named = |kind: fn(String) -> Invocable| {
            node.attribute("invocableName").map(|name| kind(normal_name(name)))
        };
        let invocable = match node.attribute("type") {
            Some("decisionService") => named(Invocable::Service),
            Some("bkm") => named(Invocable::KnowledgeModel),
            Some("decision") | None => Some(Invocable::Decision),
            Some(other) => {
                let message = format!("unknown test case type '{other}'");
                self.problems.push(Diagnostic::new(&self.xml.place(node), message));
                Some(Invocable::Decision)
            }
        };
        if invocable.is_none() {
            let message = "the test case has a type but no invocableName";
            self.problems.push(Diagnostic::new(&self.xml.place(node), message).help("name what it invokes"));
        }
        let mut case = TestCase {
            id,
            invocable: invocable.unwrap_or(Invocable::Decision),
            inputs: vec![],
            results: vec![],
        };
        for part in elements(node) {
            match part.tag_name().name() {
                "inputNode" => case.inputs.push(self.input(part)),
                "resultNode" => case.results.push(self.result(part)),
                _ => {}
            }
        }
        case
    }

    fn input(&mut self, node: Node<'_, '_>) -> TestValue {
        TestValue {
            name: normal_name(node.attribute("name").unwrap_or_default()),
            namespace: node.attribute("namespace").map(str::to_owned),
            value: self.value(node),
        }
    }

    fn result(&mut self, node: Node<'_, '_>) -> ResultNode {
        ResultNode {
            name: normal_name(node.attribute("name").unwrap_or_default()),
            error_result: node.attribute("errorResult").is_some_and(|v| matches!(v.trim(), "true" | "1")),
            expected: child(node, "expected").map_or(Datum::Null, |expected| self.value(expected)),
        }
    }

    /// The content of an `inputNode`, `expected`, `item` or `component` (`valueType` of the schema).
    fn value(&mut self, node: Node<'_, '_>) -> Datum {
        if is_nil(node) {
            return Datum::Null;
        }
        let mut components = Vec::new();
        for part in elements(node) {
            match part.tag_name().name() {
                "value" => return self.simple(part),
                "list" if is_nil(part) => return Datum::Null,
                "list" => {
                    let items = elements(part).filter(|i| i.tag_name().name() == "item");
                    return Datum::List(items.map(|item| self.value(item)).collect());
                }
                "component" => {
                    let name = normal_name(part.attribute("name").unwrap_or_default());
                    components.push((name, self.value(part)));
                }
                _ => {}
            }
        }
        if components.is_empty() { Datum::Null } else { Datum::Context(components) }
    }

    fn simple(&mut self, node: Node<'_, '_>) -> Datum {
        if is_nil(node) {
            return Datum::Null;
        }
        let (text, place) = self.xml.text(node);
        let kind =
            match node.attribute((SCHEMA_INSTANCE, "type")).map(|t| t.rsplit(':').next().unwrap_or(t).trim())
            {
                None => DatumKind::Untyped,
                Some("string") => DatumKind::String,
                Some("decimal" | "double" | "float" | "integer" | "int" | "long" | "short" | "byte") => {
                    DatumKind::Number
                }
                Some("boolean") => DatumKind::Boolean,
                Some("date") => DatumKind::Date,
                Some("time") => DatumKind::Time,
                Some("dateTime") => DatumKind::DateTime,
                Some("duration") => DatumKind::Duration,
                Some(other) => {
                    self.problems.push(Diagnostic::new(&place, format!("unknown value type '{other}'")));
                    DatumKind::Untyped
                }
            };
        if kind == DatumKind::Untyped && text.trim().is_empty() {
            return Datum::Null;
        }
        let text = if kind == DatumKind::String { text } else { text.trim().to_owned() };
        Datum::Simple(kind, text)
    }
}

fn is_nil(node: Node<'_, '_>) -> bool {
    node.attribute((SCHEMA_INSTANCE, "nil")).is_some_and(|v| matches!(v.trim(), "true" | "1"))
}
