//! A DMN model as it is written: elements, boxed expressions and types, before names are resolved and FEEL compiled.
//! Clause numbers are those of DMN 1.5; the metamodel is chapters 6 to 10.

pub(crate) mod boxed;
pub(crate) mod item;
pub(crate) mod table;

use crate::diagnostic::Place;
use boxed::{Expression, Function};
use item::ItemDefinition;

/// Some text of the model, usually FEEL, and where it starts.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    pub(crate) place: Place,
    pub(crate) text: String,
}

/// The name of a type: a FEEL type, an item definition, or `import.item definition`.
pub(crate) type TypeName = String;

/// A named value: the variable of an element, a formal parameter, a column (7.3.4, InformationItem).
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) type_name: Option<TypeName>,
}

/// `definitions` (6.3.2): one file.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) imports: Vec<Import>,
    pub(crate) items: Vec<ItemDefinition>,
    pub(crate) inputs: Vec<InputData>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) knowledge: Vec<KnowledgeModel>,
    pub(crate) services: Vec<Service>,
}

/// `import` (6.3.3) of another DMN model under a name.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

/// `href`: an element of this model, or of the model with that namespace.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    pub(crate) place: Place,
    pub(crate) namespace: Option<String>,
    pub(crate) id: String,
}

/// `inputData` (6.3.11).
#[derive(Debug)]
pub(crate) struct InputData {
    pub(crate) id: String,
    pub(crate) variable: Variable,
}

/// `decision` (6.3.7).
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) place: Place,
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) variable: Option<Variable>,
    pub(crate) required_inputs: Vec<Reference>,
    pub(crate) required_decisions: Vec<Reference>,
    pub(crate) required_knowledge: Vec<Reference>,
    pub(crate) logic: Option<Expression>,
}

/// `businessKnowledgeModel` (6.3.9).
#[derive(Debug)]
pub(crate) struct KnowledgeModel {
    pub(crate) place: Place,
    pub(crate) id: String,
    pub(crate) variable: Variable,
    pub(crate) required_knowledge: Vec<Reference>,
    pub(crate) logic: Option<Function>,
}

/// `decisionService` (6.3.10).
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) place: Place,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) variable: Variable,
    pub(crate) outputs: Vec<Reference>,
    pub(crate) input_decisions: Vec<Reference>,
    pub(crate) input_data: Vec<Reference>,
}
