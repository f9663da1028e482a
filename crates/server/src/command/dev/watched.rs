//! The folder of `weir dev`: deploys what is new or changed in it, and lets each process and decision come from one file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use weir_api::proto::Resource;
use weir_dmn::{Drg, Mode};

use crate::{
    client::Client,
    command::deploy,
    failure::Failure,
    output::{BAD, DIM, Output, WARN, print_line},
};

/// What a file defines: its kind and id.
type Definition = (&'static str, String);

/// A folder of models.
pub(super) struct Watched {
    folder: PathBuf,
    /// Files with the time of their last change.
    seen: BTreeMap<PathBuf, SystemTime>,
    /// The file that each definition comes from.
    owners: BTreeMap<Definition, PathBuf>,
    /// Files that wait because another one defines the same; they are looked at again whenever something changes.
    waiting: BTreeSet<PathBuf>,
}

impl Watched {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, seen: BTreeMap::new(), owners: BTreeMap::new(), waiting: BTreeSet::new() }
    }

    /// Deploys what is new or changed. A model with errors is told, and waited for.
    pub(super) async fn look(&mut self, client: &mut Client, output: Output) -> Result<(), Failure> {
        let gone: Vec<PathBuf> = self.seen.keys().filter(|file| !file.exists()).cloned().collect();
        for file in &gone {
            self.forget(file);
            output.say(format_args!(
                "{DIM}{} is gone; what was deployed from it still runs{DIM:#}",
                file.display()
            ));
        }
        let mut changed = BTreeSet::new();
        for file in deploy::find_models(std::slice::from_ref(&self.folder))? {
            // One that is being written or is gone again is looked at next time.
            let Ok(time) = fs::metadata(&file).and_then(|metadata| metadata.modified()) else { continue };
            if self.seen.insert(file.clone(), time) != Some(time) {
                changed.insert(file);
            }
        }
        if !gone.is_empty() || !changed.is_empty() {
            changed.append(&mut self.waiting);
        }
        // Those that define something already go first: an id that one of them gave up is free for the others.
        let (known, new): (Vec<_>, Vec<_>) =
            changed.into_iter().partition(|file| self.owners.values().any(|owner| owner == file));
        for file in known.into_iter().chain(new) {
            self.deploy(client, file, output).await;
        }
        Ok(())
    }

    fn forget(&mut self, file: &Path) {
        self.seen.remove(file);
        self.waiting.remove(file);
        self.owners.retain(|_, owner| owner != file);
    }

    async fn deploy(&mut self, client: &mut Client, file: PathBuf, output: Output) {
        let not_deployed =
            |why: &Failure| print_line(format_args!("{BAD}not deployed{BAD:#} {}: {why}", file.display()));
        let resources = match deploy::read_resources(std::slice::from_ref(&file)) {
            Ok(resources) => resources,
            Err(failure) => return not_deployed(&failure),
        };
        let defined: BTreeSet<Definition> = resources.iter().flat_map(definitions).collect();
        if !defined.is_empty() {
            // What it does not define any more is free.
            self.owners.retain(|definition, owner| *owner != file || defined.contains(definition));
        }
        if let Some((definition, owner)) = self.defined_elsewhere(&defined, &file) {
            print_line(two_files(definition, owner, &file));
            self.waiting.insert(file);
            return;
        }
        match deploy::deploy(client, resources).await {
            Ok(deployed) => {
                output.say(format_args!("{DIM}{}{DIM:#} {}", file.display(), deploy::to_text(&deployed)));
                self.owners.extend(defined.into_iter().map(|definition| (definition, file.clone())));
            }
            Err(failure) => not_deployed(&failure),
        }
    }

    /// The first of the definitions that comes from another file, with that file.
    fn defined_elsewhere<'a>(
        &'a self,
        defined: &BTreeSet<Definition>,
        file: &Path,
    ) -> Option<(&'a Definition, &'a Path)> {
        let owned = defined.iter().filter_map(|definition| self.owners.get_key_value(definition));
        owned.map(|(definition, owner)| (definition, owner.as_path())).find(|(_, owner)| *owner != file)
    }
}

/// That a file waits, for whoever has to decide between the two.
fn two_files((kind, id): &Definition, owner: &Path, file: &Path) -> String {
    let (owner, file) = (owner.display(), file.display());
    format!(
        "{WARN}not deployed{WARN:#} {file}: the {kind} '{id}' comes from {owner}\n    \
         why: with the same id in two files, one would replace the other, whichever was saved last\n    \
         try: give one of them another id, or remove one; this one is deployed as soon as the id is free"
    )
}

/// The processes and decisions of a file; none when it has errors, which its deployment tells.
fn definitions(resource: &Resource) -> Vec<Definition> {
    if resource.name.ends_with(".bpmn") {
        let processes = weir_bpmn::parse(&resource.name, &resource.content).map(|file| file.processes);
        let process = |process: &weir_bpmn::Process| ("process", process.id.to_string());
        return processes.unwrap_or_default().iter().map(process).collect();
    }
    if resource.name.ends_with(".dmn") {
        return match Drg::parse(&resource.content, Mode::Zeebe) {
            Ok(drg) => drg.decisions().map(|decision| ("decision", decision.id.to_owned())).collect(),
            Err(_) => Vec::new(),
        };
    }
    Vec::new()
}
