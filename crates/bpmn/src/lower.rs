//! From the XML tree to the graph: gather, connect, lower, check.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Definitions;
use crate::diagnostic::{Diagnostics, Place, Report, quoted};
use crate::element::{self, Tag, boundary_event, drawn, multi_instance, unsupported};
use crate::model::{Draft, DraftElement, File, Known, Site, shared};
use crate::process::{Element, ElementIdx, ElementKind, Process, Scope};
use crate::xml::{self, Node};
use crate::{event, extension, flow, foreign, limits, straight_through};

/// All executable processes of a tree.
pub(crate) fn definitions(name: &str, text: &str, root: Node<'_>) -> Result<Definitions, Diagnostics> {
    let mut report = Report::default();
    let processes = match xml::is_bpmn(root, "definitions") {
        true => processes(root, &mut report),
        false => {
            let message = format!(
                "the root element is '{}', not 'definitions' of BPMN 2.0",
                quoted(root.tag_name().name())
            );
            report.error(
                root,
                message,
                format!("deploy a BPMN 2.0 file: its root is <definitions xmlns=\"{}\">", xml::BPMN),
            );
            Vec::new()
        }
    };
    report.finish(name, text).map(|warnings| Definitions { processes, warnings })
}

fn processes(root: Node<'_>, report: &mut Report) -> Vec<Process> {
    let file = File::of(root);
    let executable: Vec<_> = xml::bpmn_children(root)
        .filter(|node| node.tag_name().name() == "process" && xml::flag(*node, "isExecutable", false))
        .collect();
    if executable.is_empty() {
        let remedy = "set isExecutable=\"true\" on the process that shall run";
        report.error(root, "Must contain at least one executable process", remedy);
    }
    let mut ids = BTreeMap::new();
    let mut drafts = Vec::new();
    for node in executable {
        if let Some(id) = xml::id(node)
            && ids.insert(id, ()).is_some()
        {
            let message = format!("Duplicated process id: '{}'", quoted(id));
            report.error(Place::of_attribute(node, "id"), message, "give each process an id of its own");
        }
        drafts.push(gather(node, report));
    }
    let processes: Vec<_> = drafts.iter().filter_map(|draft| lower(&file, draft, report)).collect();
    straight_through::check(&drafts, &processes, report);
    processes
}

/// Finds all elements of a process and how they hang together.
fn gather<'a>(node: Node<'a>, report: &mut Report) -> Draft<'a> {
    let mut gathering = Gathering {
        draft: Draft { elements: Vec::new(), flows: Vec::new(), ids: BTreeMap::new() },
        flows: Vec::new(),
        report,
    };
    let process = gathering.add(node, Tag::Process, None);
    if let Some(process) = process {
        gathering.scope(process);
    }
    let Gathering { mut draft, flows, report } = gathering;
    flow::connect(&mut draft, flows, report);
    let boundary_events: Vec<_> = (0..draft.elements.len() as u32)
        .map(ElementIdx)
        .filter(|idx| draft.element(*idx).tag == Tag::BoundaryEvent)
        .collect();
    for idx in boundary_events {
        if let Some(activity) = boundary_event::activity(&draft, draft.element(idx).node) {
            draft.elements[activity.0 as usize].boundary_events.push(idx);
        }
    }
    draft
}

/// A draft while its elements are found.
struct Gathering<'a, 'r> {
    draft: Draft<'a>,
    flows: Vec<Node<'a>>,
    report: &'r mut Report,
}

impl<'a> Gathering<'a, '_> {
    /// Adds one element; `None` when there are too many.
    fn add(&mut self, node: Node<'a>, tag: Tag, scope: Option<ElementIdx>) -> Option<ElementIdx> {
        let idx = ElementIdx(self.draft.elements.len() as u32);
        if self.draft.elements.len() == limits::MAX_ELEMENTS_PER_PROCESS {
            self.report.error(
                node,
                format!("the process has more than {} elements", limits::MAX_ELEMENTS_PER_PROCESS),
                "move parts of it into processes of their own, and call them",
            );
            return None;
        }
        self.register(node, Known::Element(idx));
        self.draft.elements.push(DraftElement {
            node,
            tag,
            scope,
            children: Vec::new(),
            incoming: Vec::new(),
            outgoing: Vec::new(),
            boundary_events: Vec::new(),
        });
        if let Some(scope) = scope {
            self.draft.elements[scope.0 as usize].children.push(idx);
        }
        Some(idx)
    }

    /// Notes what the id of `node` means.
    fn register(&mut self, node: Node<'a>, known: Known) {
        for name in ["id", "name"] {
            let chars = node.attribute(name).map_or(0, |value| value.len());
            if chars > limits::MAX_NAME_BYTES {
                let message =
                    format!("Attribute '{name}' has {chars} bytes, the limit is {}", limits::MAX_NAME_BYTES);
                self.report.error(node, message, "shorten it, and put long texts into the documentation");
            }
        }
        let Some(id) = xml::id(node) else {
            self.report.error(node, "Attribute 'id' must be present and not empty", "give the element an id");
            return;
        };
        if self.draft.ids.insert(id, known).is_some() {
            let message = format!("the id '{}' is used more than once", quoted(id));
            self.report.error(Place::of_attribute(node, "id"), message, "give each element an id of its own");
        }
    }

    /// Adds all that is inside the element at `idx`. The nesting of the file is limited, so this is, too.
    fn scope(&mut self, idx: ElementIdx) {
        for node in xml::bpmn_children(self.draft.element(idx).node) {
            let name = node.tag_name().name();
            if name == "sequenceFlow" {
                // What the id means is known when the flow's ends are.
                self.register(node, Known::Refused);
                self.flows.push(node);
            } else if let Some(tag) = Tag::of(node) {
                match self.add(node, tag, Some(idx)) {
                    Some(child) if tag.is_scope() => self.scope(child),
                    Some(_) => {}
                    None => return,
                }
            } else if !drawn::is_drawn(name) {
                self.refuse(node, self.draft.element(idx).tag);
            }
        }
    }

    /// Reports an element by name.
    fn refuse(&mut self, node: Node<'a>, scope: Tag) {
        let name = node.tag_name().name();
        match unsupported::element(name) {
            Some(unsupported) => self.report.error(node, unsupported.message(), unsupported.remedy),
            // Markers and event definitions belong to the element around, which reports them itself.
            None if name.ends_with("LoopCharacteristics") || name.ends_with("EventDefinition") => return,
            None => {
                let message = format!("bpmn:{} is not known inside {}", quoted(name), scope.with_article());
                self.report.error(node, message, "correct its name, or remove it");
            }
        }
        if xml::id(node).is_some() {
            self.register(node, Known::Refused);
        }
    }
}

/// The graph of one process; `None` only when there are no elements at all.
fn lower(file: &File<'_>, draft: &Draft<'_>, report: &mut Report) -> Option<Process> {
    let flows = flow::lower(draft, report);
    let mut elements = Vec::with_capacity(draft.elements.len());
    for place in 0..draft.elements.len() as u32 {
        elements.push(lower_element(&Site { file, draft, idx: ElementIdx(place) }, report));
    }
    let node = draft.elements.first()?.node;
    let version_tag = xml::extensions_named(node, "versionTag").next().and_then(|tag| tag.attribute("value"));
    let (id, name) = (shared(xml::id(node).unwrap_or("")), node.attribute("name").map(shared));
    Some(Process { id, name, version_tag: version_tag.map(shared), elements, flows })
}

/// One element, with what all have in common.
fn lower_element(site: &Site<'_, '_>, report: &mut Report) -> Element {
    let draft = site.element();
    let node = draft.node;
    extension::check(site, report);
    foreign::check(node, report);
    event::check_misplaced(site, report);
    flow::check_default(site, report);
    event::check_distinct(draft.boundary_events.iter().map(|event| site.at(*event)), report);
    if xml::flag(node, "isForCompensation", false) {
        report.error(
            Place::of_attribute(node, "isForCompensation"),
            "compensation handlers are not supported yet (isForCompensation)",
            "model the compensating activities explicitly, or wait for a later release",
        );
    }
    let (inputs, outputs) = extension::io_mapping::lower(site, report);
    let multi_instance = match draft.tag.is_activity() {
        true => multi_instance::lower(node, report),
        false => None,
    };
    // An element that was refused leaves a hole, so that the others keep their places; the graph with the hole is
    // never handed out, because there is an error.
    let hole = ElementKind::Process(Scope { none_start: None, triggered_starts: Vec::new() });
    Element {
        id: Arc::from(site.id()),
        name: node.attribute("name").map(shared),
        scope: draft.scope,
        kind: element::lower(site, report).unwrap_or(hole),
        incoming: draft.incoming.clone(),
        outgoing: draft.outgoing.iter().rev().copied().collect(),
        inputs,
        outputs,
        boundary_events: draft.boundary_events.clone(),
        event_sub_processes: site.children(Tag::EventSubProcess).map(|inner| inner.idx).collect(),
        multi_instance,
    }
}
