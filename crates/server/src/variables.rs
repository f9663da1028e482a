//! Variables given on the command line: as JSON text, from a file, from standard input, or one by one.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::Path,
};

use clap::Args;
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};

use crate::failure::Failure;

/// Variables with their values as the text that the user wrote: a long decimal keeps all its digits.
pub(crate) type Object = BTreeMap<String, Box<RawValue>>;

/// Variables as arguments.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Variables {
    /// Variables as a JSON object: '{"amount": 42}', @FILE to read them from a file, - from standard input
    #[arg(long, value_name = "JSON")]
    variables: Option<String>,
    /// One variable, NAME=VALUE; the value is JSON, or else a string. May be given several times
    #[arg(long = "var", value_name = "NAME=VALUE")]
    one_by_one: Vec<String>,
}

impl Variables {
    /// Variables that came as other arguments.
    pub(crate) fn given(variables: Option<String>, one_by_one: Vec<String>) -> Self {
        Self { variables, one_by_one }
    }

    /// All of them as a JSON object; `--var` wins over `--variables`.
    ///
    /// # Errors
    /// When the text is not JSON or not an object, with line and column.
    pub(crate) fn read(&self) -> Result<Object, Failure> {
        let mut object = match self.variables.as_deref() {
            None => Object::new(),
            Some(text) => read_object("--variables", text)?,
        };
        for pair in &self.one_by_one {
            let (name, value) = pair.split_once('=').ok_or_else(|| {
                Failure::usage("a variable needs a name and a value")
                    .at(format!("--var {pair}"))
                    .try_this("write --var NAME=VALUE")
            })?;
            let value = RawValue::from_string(value.to_owned())
                .or_else(|_not_json| to_raw_value(value))
                .map_err(|error| {
                    Failure::usage("this value cannot be used").at(format!("--var {pair}")).because(error)
                })?;
            object.insert(name.to_owned(), value);
        }
        Ok(object)
    }

    /// All of them as JSON text.
    pub(crate) fn to_json(&self) -> Result<String, Failure> {
        Ok(to_text(&self.read()?))
    }
}

/// A JSON object from an argument: the text itself, `@FILE`, or `-`.
pub(crate) fn read_object(argument: &str, text: &str) -> Result<Object, Failure> {
    let (place, text) = match text.strip_prefix('@') {
        Some(file) => {
            let path = Path::new(file);
            (file.to_owned(), fs::read_to_string(path).map_err(|error| Failure::reading(path, &error))?)
        }
        None if text == "-" => {
            let mut input = String::new();
            io::stdin().read_to_string(&mut input).map_err(|error| {
                Failure::usage("standard input cannot be read")
                    .because(error)
                    .try_this("it must be UTF-8 text")
            })?;
            ("standard input".to_owned(), input)
        }
        None => (argument.to_owned(), text.to_owned()),
    };
    parse_object(&place, &text)
}

/// A JSON object from text; `place` says where the text came from.
pub(crate) fn parse_object(place: &str, text: &str) -> Result<Object, Failure> {
    let remedy = "write a JSON object, such as '{\"amount\": 42, \"name\": \"Ada\"}'";
    let problem = match serde_json::from_str(text) {
        Ok(object) => return Ok(object),
        Err(error) => error,
    };
    match serde_json::from_str::<Value>(text) {
        Ok(other) => Err(Failure::usage("variables must be a JSON object")
            .at(place)
            .because(format!("this is {}", kind(&other)))
            .try_this(remedy)),
        Err(_) if text.contains('\'') && !text.contains('"') => Err(Failure::usage("this is not JSON")
            .at(place)
            .because("names and texts stand in double quotes in JSON, here they stand in single ones")
            .try_this(remedy)),
        Err(_) => Err(Failure::usage("this is not JSON").at(place).because(problem).try_this(remedy)),
    }
}

/// An object as JSON text.
pub(crate) fn to_text(object: &Object) -> String {
    serde_json::to_string(object).unwrap_or_else(|error| unreachable!("names and JSON are JSON: {error}"))
}

/// The name of a JSON value's kind, with its article.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::Variables;

    #[test]
    fn single_variables_win_and_bare_words_are_strings() {
        let variables = Variables {
            variables: Some(r#"{"a": 1, "b": true}"#.to_owned()),
            one_by_one: vec![
                "a=2".to_owned(),
                "c=word".to_owned(),
                "d=[1.000000000000000000001]".to_owned(),
                "e=x=y".to_owned(),
            ],
        };
        assert_eq!(
            variables.to_json().unwrap(),
            r#"{"a":2,"b":true,"c":"word","d":[1.000000000000000000001],"e":"x=y"}"#
        );
    }

    #[test]
    fn what_is_no_object_is_refused_with_its_reason() {
        for (text, reason) in [("[1]", "this is a list"), ("{\"a\":}", "line 1 column 6"), ("", "EOF")] {
            let variables = Variables { variables: Some(text.to_owned()), one_by_one: Vec::new() };
            let failure = variables.to_json().unwrap_err().to_string();
            assert!(failure.contains(reason), "{text}: {failure}");
        }
    }
}
