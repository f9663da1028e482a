//! `weir.toml`: reading keys with their lines.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use toml::de::{DeTable, DeValue};

use super::{Key, Origin, Setting};
use crate::failure::Failure;

/// The file's name where nobody names one.
const FILE_NAME: &str = "weir.toml";

/// The file named by the argument or by `WEIR_CONFIG`, or `weir.toml` in the current directory if there is one.
pub(super) fn find(argument: Option<PathBuf>) -> Result<Option<PathBuf>, Failure> {
    let Some(path) = argument.or_else(|| env::var_os("WEIR_CONFIG").map(PathBuf::from)) else {
        let path = PathBuf::from(FILE_NAME);
        return Ok(path.is_file().then_some(path));
    };
    match fs::metadata(&path) {
        Ok(_) => Ok(Some(path)),
        Err(error) => Err(Failure::reading(&path, &error)),
    }
}

/// The settings of a file; unknown keys become problems.
pub(super) fn read(path: &Path, problems: &mut Vec<String>) -> Result<Vec<Setting>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::reading(path, &error))?;
    let table = DeTable::parse(&text).map_err(|error| {
        Failure::usage("the configuration file is not valid TOML").at(path.display()).because(error)
    })?;
    let mut settings = Vec::new();
    for (name, value) in table.get_ref() {
        let line = text.get(..name.span().start).unwrap_or(&text).matches('\n').count() + 1;
        let place = format!("{}:{line}", path.display());
        let name: &str = name.get_ref();
        let Some(key) = Key::parse(name) else {
            let near = Key::near(name).map_or(String::new(), |key| format!("; did you mean {}?", key.name()));
            problems.push(format!("{place}: unknown key {name}{near}"));
            continue;
        };
        let text = match value.get_ref() {
            DeValue::String(text) => text.clone().into_owned(),
            DeValue::Integer(number) => number.as_str().to_owned(),
            DeValue::Boolean(truth) => truth.to_string(),
            DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                problems.push(format!("{place}: {name} must be a text or a whole number"));
                continue;
            }
        };
        settings.push(Setting { key, text, origin: Origin::File(path.to_owned(), line) });
    }
    Ok(settings)
}
