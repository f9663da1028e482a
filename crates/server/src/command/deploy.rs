//! `weir deploy`: sends models to a gateway, all of them or none.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Value, json};
use tonic::Code;
use weir_api::proto::{DeployResourceRequest, DeployResourceResponse, Resource, deployment::Metadata};
use weir_engine::limits::DEPLOYMENT_BYTES;

use crate::{
    client::{Client, Connection},
    exit::Exit,
    failure::Failure,
    output::{GOOD, Output, table},
};

/// Suffixes of files that a deployment takes from a folder.
pub(crate) const SUFFIXES: [&str; 3] = ["bpmn", "dmn", "form"];

/// Deploy models: all of them or none
///
/// Examples:
///   weir deploy order.bpmn discount.dmn
///   weir deploy models/            every .bpmn, .dmn and .form in the folder and below
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(crate) struct Deploy {
    /// Files, or folders to search
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

impl Deploy {
    pub(crate) async fn run(self, output: Output) -> Result<Exit, Failure> {
        let files = some_models(&self.paths, "deploy")?;
        let deployed = deploy(&mut self.connection.client()?, read_resources(&files)?).await?;
        output.answer(&to_json(&deployed), to_text(&deployed));
        Ok(Exit::Ok)
    }
}

/// Sends resources to a gateway.
pub(crate) async fn deploy(
    client: &mut Client,
    resources: Vec<Resource>,
) -> Result<DeployResourceResponse, Failure> {
    let bytes: usize = resources.iter().map(|resource| resource.content.len()).sum();
    let request = client.request(DeployResourceRequest { resources, ..Default::default() });
    let answer = client.gateway.deploy_resource(request).await;
    // A gateway refuses what is too large before it has read it, and the broken call hides its words.
    let broken_off =
        answer.as_ref().is_err_and(|status| matches!(status.code(), Code::Internal | Code::Unknown));
    if broken_off && bytes > DEPLOYMENT_BYTES {
        let what = format!("the gateway broke the deployment off: it has {bytes} bytes");
        let why = format!("a gateway takes about {DEPLOYMENT_BYTES} bytes at once; nothing was deployed");
        let remedy =
            "deploy fewer files at a time, and take out of a model what is not executed, such as images";
        return Err(Failure::new(Exit::Rejected, what).because(why).try_this(remedy));
    }
    client.answer("the deployment", answer)
}

/// The models of a command line, of which there must be one to `do_this` with.
pub(crate) fn some_models(paths: &[PathBuf], do_this: &str) -> Result<Vec<PathBuf>, Failure> {
    let files = find_models(paths)?;
    if files.is_empty() {
        let place = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        let remedy = "name files, or a folder that holds .bpmn or .dmn files";
        return Err(Failure::usage(format!("there is nothing to {do_this}")).at(place).try_this(remedy));
    }
    Ok(files)
}

/// The files named, and those with a model's suffix in the folders named, in the order of their names.
pub(crate) fn find_models(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            search_folder(path, &mut files)?;
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn search_folder(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::reading(folder, &error))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let is_model = path.extension().is_some_and(|suffix| SUFFIXES.iter().any(|known| suffix == *known));
        if path.is_dir() && !hidden && !path.is_symlink() {
            search_folder(&path, files)?;
        } else if is_model && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// The files as a gateway takes them: under their names without the folder.
pub(crate) fn read_resources(files: &[PathBuf]) -> Result<Vec<Resource>, Failure> {
    let read = |path: &PathBuf| {
        let content = fs::read(path).map_err(|error| Failure::reading(path, &error))?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(Resource { name, content: content.into() })
    };
    files.iter().map(read).collect()
}

/// One thing that a deployment made: kind, id, version, key, file.
type Row = (&'static str, String, i32, i64, String);

fn rows(deployed: &DeployResourceResponse) -> Vec<Row> {
    let row = |metadata: &Metadata| match metadata.clone() {
        Metadata::Process(it) => {
            ("process", it.bpmn_process_id, it.version, it.process_definition_key, it.resource_name)
        }
        Metadata::Decision(it) => {
            ("decision", it.dmn_decision_id, it.version, it.decision_key, it.dmn_decision_requirements_id)
        }
        Metadata::DecisionRequirements(it) => (
            "decisions",
            it.dmn_decision_requirements_id,
            it.version,
            it.decision_requirements_key,
            it.resource_name,
        ),
        Metadata::Form(it) => ("form", it.form_id, it.version, it.form_key, it.resource_name),
    };
    deployed.deployments.iter().filter_map(|deployment| deployment.metadata.as_ref()).map(row).collect()
}

/// What was deployed, for programs. Keys are strings: they do not fit into the numbers of JavaScript.
pub(crate) fn to_json(deployed: &DeployResourceResponse) -> Value {
    let made: Vec<Value> = rows(deployed).into_iter().map(|(kind, id, version, key, source)| {
        json!({ "kind": kind, "id": id, "version": version, "key": key.to_string(), "source": source })
    }).collect();
    json!({ "key": deployed.key.to_string(), "deployed": made })
}

/// What was deployed, for people.
pub(crate) fn to_text(deployed: &DeployResourceResponse) -> String {
    let mut lines = vec![["KIND", "ID", "VERSION", "KEY", "FROM"].map(str::to_owned).to_vec()];
    lines.extend(rows(deployed).into_iter().map(|(kind, id, version, key, source)| {
        vec![kind.to_owned(), id, version.to_string(), key.to_string(), source]
    }));
    format!("{GOOD}deployed{GOOD:#} (deployment {})\n{}", deployed.key, table(&lines))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::find_models;

    #[test]
    fn folders_are_searched_in_order_and_hidden_ones_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.bpmn", "a.dmn", "sub/c.bpmn", ".git/d.bpmn", "notes.txt"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = find_models(&[folder.path().to_owned(), PathBuf::from("named.txt")]).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|path| path.strip_prefix(folder.path()).unwrap_or(path).display().to_string())
            .collect();
        assert_eq!(names, ["a.dmn", "b.bpmn", "sub/c.bpmn", "named.txt"]);
    }
}
