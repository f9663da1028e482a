//! From the engine's events to what a follower is told. An event names only a key; the trail knows what the key is.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use serde_json::Value;
use weir_engine::{
    event::{Batch, Event, JobFreedReason},
    key::{ElementKey, IncidentKey, JobKey, ProcessKey, SubscriptionKey, TimerKey},
    mail::{Mail, OpenSubscription},
    outline::Outline,
    state::row::{ElementInstance, Incident, Job, Role, Timer, TimerTarget, Wait},
};

use crate::{
    limits::FOLLOWED_ITEMS,
    proto::weir::{Element, EventKind, InstanceEvent},
};

/// Whose events are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    /// Those of all instances that start while they are followed.
    All,
    /// Those of one instance and of the instances that it calls.
    One(ElementKey),
}

/// Everything that is followed.
#[derive(Debug)]
pub(super) struct Trail {
    whom: Whom,
    is_at_end: bool,
    outlines: HashMap<ProcessKey, Outline>,
    elements: HashMap<ElementKey, Followed>,
    jobs: HashMap<JobKey, ElementKey>,
    timers: HashMap<TimerKey, Catching>,
    waits: HashMap<SubscriptionKey, Waiting>,
    incidents: HashMap<IncidentKey, ElementKey>,
}

/// An element instance.
#[derive(Clone, Copy, Debug)]
struct Followed {
    process: ProcessKey,
    process_instance: ElementKey,
    parent: Option<ElementKey>,
    element: u32,
    role: Role,
}

/// Who waits, and the catching event's place in the process.
#[derive(Clone, Copy, Debug)]
struct Catching {
    owner: ElementKey,
    element: u32,
}

/// A message that is waited for.
#[derive(Clone, Debug)]
struct Waiting {
    catching: Catching,
    name: Arc<str>,
    correlation_key: Arc<str>,
    reach: Reach,
}

/// How a message gets to who waits for it.
#[derive(Clone, Copy, Debug)]
enum Reach {
    /// Within the partition.
    Own { is_coming: bool },
    /// From another partition.
    ByMail { is_closed: bool },
}

impl Trail {
    pub(super) fn new(whom: Whom) -> Trail {
        Trail {
            whom,
            is_at_end: false,
            outlines: HashMap::new(),
            elements: HashMap::new(),
            jobs: HashMap::new(),
            timers: HashMap::new(),
            waits: HashMap::new(),
            incidents: HashMap::new(),
        }
    }

    /// Whether the one that is followed has ended.
    pub(super) fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// Whether more is followed than one client may.
    pub(super) fn is_too_long(&self) -> bool {
        self.len() > FOLLOWED_ITEMS
    }

    fn len(&self) -> usize {
        self.elements.len() + self.jobs.len() + self.timers.len() + self.waits.len() + self.incidents.len()
    }

    /// Processes in a batch whose outline is wanted.
    pub(super) fn unnamed(&self, batch: &Batch) -> BTreeSet<ProcessKey> {
        let mut begun = BTreeSet::new();
        let mut unnamed = BTreeSet::new();
        for event in &batch.events {
            let Event::ElementActivating { key, instance, tokens: _ } = event else { continue };
            if self.is_wanted(*key, instance) || instance.parent.is_some_and(|parent| begun.contains(&parent))
            {
                begun.insert(*key);
                unnamed.insert(instance.process);
            }
        }
        unnamed.retain(|process| !self.outlines.contains_key(process));
        unnamed
    }

    /// Takes in an outline.
    pub(super) fn name(&mut self, outline: Outline) {
        self.outlines.insert(outline.key, outline);
    }

    /// Tells what happened in a batch to those who are followed.
    pub(super) fn tell(&mut self, batch: &Batch, told: &mut VecDeque<InstanceEvent>) {
        for event in &batch.events {
            if let Some(event) = self.event(event) {
                told.push_back(InstanceEvent { at_ms: batch.at_ms, ..event });
            }
        }
    }

    fn event(&mut self, event: &Event) -> Option<InstanceEvent> {
        use Event as E;
        match event {
            E::ElementActivating { key, instance, .. } => self.entered(*key, instance),
            E::ElementActivated(key) => self.at(*key, EventKind::ElementActivated),
            E::ElementCompleted(key) => self.left(*key, EventKind::ElementCompleted),
            E::ElementTerminated(key) => self.left(*key, EventKind::ElementTerminated),
            E::FlowTaken { scope, flow } => self.flow_taken(*scope, *flow),
            E::VariablesSet { scope, variables } => self.variables_set(*scope, variables),
            E::JobCreated { key, job } => self.job_created(*key, job),
            E::JobActivated { key, worker, deadline_ms } => self.job_activated(*key, worker, *deadline_ms),
            E::JobCompleted(key) => self.job_gone(*key, EventKind::JobCompleted),
            E::JobFailed { key, retries, retry_at_ms, message } => {
                self.job_failed(*key, *retries, *retry_at_ms, message)
            }
            E::JobFreed { key, reason } => self.job_freed(*key, *reason),
            E::JobErrorThrown(key) => self.job(*key, EventKind::JobErrorThrown),
            E::JobCanceled(key) => self.job_gone(*key, EventKind::JobCanceled),
            E::JobRetriesUpdated { key, retries } => self.job_updated(*key, *retries, 0),
            E::JobDeadlineUpdated { key, deadline_ms } => self.job_updated(*key, 0, *deadline_ms),
            E::TimerCreated { key, timer } => self.timer_started(*key, timer),
            E::TimerFired(key) => self.timer_gone(*key, EventKind::TimerFired),
            E::TimerCanceled(key) => self.timer_gone(*key, EventKind::TimerCanceled),
            E::WaitOpened { key, wait } => self.wait_opened(*key, wait),
            E::WaitClosed(key) => self.wait_closed(*key),
            E::SubscriptionOpened(opened) => self.own_wait_named(opened),
            E::SubscriptionCorrelating { key, .. } => self.own_message_comes(*key),
            E::SubscriptionCorrelated { key, .. } => self.own_message_came(*key),
            E::CorrelationRefused { key, .. } => self.own_message_refused(*key),
            E::MailSent { mail, .. } => self.mail_sent(mail),
            E::IncidentCreated { key, incident } => self.incident_created(*key, incident),
            E::IncidentResolved(key) => self.incident_resolved(*key),
            // How the engine gets there, and what belongs to no instance.
            E::ElementCompleting(_)
            | E::ElementTerminating(_)
            | E::TokenAdded(_)
            | E::TokenArrived { .. }
            | E::TokensJoined { .. }
            | E::ScopeInterrupted(_)
            | E::TriggerStored { .. }
            | E::TriggerTaken(_)
            | E::LoopStarted { .. }
            | E::LoopResult { .. }
            | E::LoopGathered { .. }
            | E::LoopCleared { .. }
            | E::SubscriptionClosed(_)
            | E::MessagePublished { .. }
            | E::MessageExpired(_)
            | E::MessageStarted { .. }
            | E::MessageStartReleased(_)
            | E::MessageStartOpened { .. }
            | E::MessageStartClosed { .. }
            | E::SignalStartOpened { .. }
            | E::SignalStartClosed { .. }
            | E::SignalBroadcast { .. } => None,
            E::Deployed(_) | E::DefinitionDeleted(_) | E::ResultAwaited { .. } => None,
            E::MailTaken { .. } | E::MailDelivered { .. } => None,
            E::StepsDeferred(_) | E::StepsResumed(_) => None,
        }
    }

    fn is_wanted(&self, key: ElementKey, instance: &ElementInstance) -> bool {
        match self.whom {
            Whom::All => true,
            Whom::One(root) => {
                key == root || instance.parent.is_some_and(|parent| self.elements.contains_key(&parent))
            }
        }
    }

    /// An event at an element instance that is followed.
    fn at(&self, key: ElementKey, kind: EventKind) -> Option<InstanceEvent> {
        let followed = self.elements.get(&key)?;
        let item = match followed.role {
            Role::Single | Role::Body => 0,
            Role::Item(number) => i32::try_from(number).unwrap_or(i32::MAX - 1) + 1,
        };
        Some(InstanceEvent {
            kind: kind.into(),
            process_instance_key: followed.process_instance.0 as i64,
            element_instance_key: key.0 as i64,
            scope_key: followed.parent.map_or(0, |parent| parent.0 as i64),
            element: self.element(followed.process, followed.element, followed.role),
            item,
            ..InstanceEvent::default()
        })
    }

    /// An event at a catching event, which need not be an element instance: a boundary event is its activity's.
    fn at_catching(&self, catching: Catching, kind: EventKind) -> Option<InstanceEvent> {
        let event = self.at(catching.owner, kind)?;
        let process = self.elements.get(&catching.owner)?.process;
        Some(InstanceEvent { element: self.element(process, catching.element, Role::Single), ..event })
    }

    fn element(&self, process: ProcessKey, element: u32, role: Role) -> Option<Element> {
        let outline = self.outlines.get(&process)?;
        let outlined = outline.elements.get(element as usize)?;
        let kind = match role {
            Role::Body => "multiInstanceBody",
            Role::Single | Role::Item(_) => outlined.kind,
        };
        Some(Element {
            id: outlined.id.to_string(),
            name: outlined.name.as_deref().unwrap_or_default().to_owned(),
            r#type: kind.to_owned(),
            process_id: outline.id.to_string(),
            process_version: outline.version,
            process_definition_key: outline.key.0 as i64,
        })
    }

    fn entered(&mut self, key: ElementKey, instance: &ElementInstance) -> Option<InstanceEvent> {
        if !self.is_wanted(key, instance) {
            return None;
        }
        let ElementInstance { process, process_instance, parent, element, role, .. } = *instance;
        self.elements.insert(key, Followed { process, process_instance, parent, element, role });
        self.at(key, EventKind::ElementEntered)
    }

    fn left(&mut self, key: ElementKey, kind: EventKind) -> Option<InstanceEvent> {
        let event = self.at(key, kind);
        self.elements.remove(&key);
        self.is_at_end |= self.whom == Whom::One(key);
        event
    }

    fn flow_taken(&self, scope: ElementKey, flow: u32) -> Option<InstanceEvent> {
        let event = self.at(scope, EventKind::SequenceFlowTaken)?;
        let outline = self.outlines.get(&self.elements.get(&scope)?.process);
        let text = outline.and_then(|outline| outline.flows.get(flow as usize)).map(|id| id.to_string());
        Some(InstanceEvent { text: text.unwrap_or_default(), ..event })
    }

    fn variables_set(&self, scope: ElementKey, written: &[(Arc<str>, Arc<str>)]) -> Option<InstanceEvent> {
        let event = self.at(scope, EventKind::VariablesSet)?;
        let member = |(name, value): &(Arc<str>, Arc<str>)| format!("{}:{value}", Value::from(&**name));
        let members: Vec<String> = written.iter().map(member).collect();
        Some(InstanceEvent { variables: format!("{{{}}}", members.join(",")), ..event })
    }

    fn job_created(&mut self, key: JobKey, job: &Job) -> Option<InstanceEvent> {
        if !self.elements.contains_key(&job.element) {
            return None;
        }
        self.jobs.insert(key, job.element);
        let (text, retries) = (job.job_type.to_string(), job.retries);
        Some(InstanceEvent { text, retries, ..self.job(key, EventKind::JobCreated)? })
    }

    fn job_activated(&self, key: JobKey, worker: &str, deadline_ms: i64) -> Option<InstanceEvent> {
        let event = self.job(key, EventKind::JobActivated)?;
        Some(InstanceEvent { text: worker.to_owned(), due_ms: deadline_ms, ..event })
    }

    fn job_failed(
        &self,
        key: JobKey,
        retries: i32,
        retry_at_ms: Option<i64>,
        message: &str,
    ) -> Option<InstanceEvent> {
        let event = self.job(key, EventKind::JobFailed)?;
        Some(InstanceEvent { text: message.to_owned(), retries, due_ms: retry_at_ms.unwrap_or(0), ..event })
    }

    fn job_freed(&self, key: JobKey, reason: JobFreedReason) -> Option<InstanceEvent> {
        let text = match reason {
            JobFreedReason::TimedOut => "TIMED_OUT",
            JobFreedReason::BackoffElapsed => "BACKOFF_ELAPSED",
            JobFreedReason::Yielded => "YIELDED",
            JobFreedReason::IncidentResolved => "INCIDENT_RESOLVED",
        };
        Some(InstanceEvent { text: text.to_owned(), ..self.job(key, EventKind::JobAvailableAgain)? })
    }

    fn job_updated(&self, key: JobKey, retries: i32, due_ms: i64) -> Option<InstanceEvent> {
        Some(InstanceEvent { retries, due_ms, ..self.job(key, EventKind::JobUpdated)? })
    }

    fn job_gone(&mut self, key: JobKey, kind: EventKind) -> Option<InstanceEvent> {
        let event = self.job(key, kind);
        self.jobs.remove(&key);
        event
    }

    fn job(&self, key: JobKey, kind: EventKind) -> Option<InstanceEvent> {
        Some(InstanceEvent { key: key.0 as i64, ..self.at(*self.jobs.get(&key)?, kind)? })
    }

    fn timer_started(&mut self, key: TimerKey, timer: &Timer) -> Option<InstanceEvent> {
        let TimerTarget::Catch { owner, element } = timer.target else { return None };
        let catching = Catching { owner, element };
        let event = self.at_catching(catching, EventKind::TimerStarted)?;
        self.timers.insert(key, catching);
        Some(InstanceEvent { key: key.0 as i64, due_ms: timer.due_ms, ..event })
    }

    fn timer_gone(&mut self, key: TimerKey, kind: EventKind) -> Option<InstanceEvent> {
        let catching = self.timers.remove(&key)?;
        Some(InstanceEvent { key: key.0 as i64, ..self.at_catching(catching, kind)? })
    }

    /// Which message is waited for stands in what follows: the mail to its partition or, where that is this one, the subscription.
    fn wait_opened(&mut self, key: SubscriptionKey, wait: &Wait) -> Option<InstanceEvent> {
        let catching = Catching { owner: wait.owner, element: wait.element };
        if let Some(signal) = &wait.signal {
            let event = self.at_catching(catching, EventKind::SignalAwaited)?;
            return Some(InstanceEvent { key: key.0 as i64, text: signal.to_string(), ..event });
        }
        if self.elements.contains_key(&catching.owner) {
            let nameless = Arc::<str>::from("");
            let reach = match wait.partition == key.partition() {
                true => Reach::Own { is_coming: false },
                false => Reach::ByMail { is_closed: false },
            };
            self.waits
                .insert(key, Waiting { catching, name: nameless.clone(), correlation_key: nameless, reach });
        }
        None
    }

    /// Why stands in the mail to the message's partition, which follows, unless that is this one.
    fn wait_closed(&mut self, key: SubscriptionKey) -> Option<InstanceEvent> {
        let kind = match &mut self.waits.get_mut(&key)?.reach {
            Reach::ByMail { is_closed } => {
                *is_closed = true;
                return None;
            }
            Reach::Own { is_coming: true } => EventKind::MessageReceived,
            Reach::Own { is_coming: false } => EventKind::MessageWaitCanceled,
        };
        let event = self.wait(key, kind);
        self.waits.remove(&key);
        event
    }

    /// A wait for a message of the same partition, and whether the message is on its way.
    fn own(&mut self, key: SubscriptionKey) -> Option<(&mut Waiting, bool)> {
        let waiting = self.waits.get_mut(&key)?;
        match waiting.reach {
            Reach::Own { is_coming } => Some((waiting, is_coming)),
            Reach::ByMail { .. } => None,
        }
    }

    fn own_wait_named(&mut self, opened: &OpenSubscription) -> Option<InstanceEvent> {
        let (waiting, _) = self.own(opened.key)?;
        waiting.name = opened.message_name.clone();
        waiting.correlation_key = opened.correlation_key.clone();
        self.wait(opened.key, EventKind::MessageAwaited)
    }

    fn own_message_comes(&mut self, key: SubscriptionKey) -> Option<InstanceEvent> {
        self.own(key)?.0.reach = Reach::Own { is_coming: true };
        None
    }

    /// Whoever waits for one message only was told of it when its waiting ended.
    fn own_message_came(&mut self, key: SubscriptionKey) -> Option<InstanceEvent> {
        self.own(key)?.0.reach = Reach::Own { is_coming: false };
        self.wait(key, EventKind::MessageReceived)
    }

    fn own_message_refused(&mut self, key: SubscriptionKey) -> Option<InstanceEvent> {
        self.own(key)?.0.reach = Reach::Own { is_coming: false };
        None
    }

    fn mail_sent(&mut self, mail: &Mail) -> Option<InstanceEvent> {
        match mail {
            Mail::OpenSubscription(opened) => {
                let waiting = self.waits.get_mut(&opened.key)?;
                waiting.name = opened.message_name.clone();
                waiting.correlation_key = opened.correlation_key.clone();
                self.wait(opened.key, EventKind::MessageAwaited)
            }
            Mail::CloseSubscription(key) => {
                let event = self.wait(*key, EventKind::MessageWaitCanceled);
                self.waits.remove(key);
                event
            }
            Mail::Correlated { subscription, message: _ } => {
                let event = self.wait(*subscription, EventKind::MessageReceived);
                let is_over = |waiting: &Waiting| matches!(waiting.reach, Reach::ByMail { is_closed: true });
                self.waits.retain(|key, waiting| key != subscription || !is_over(waiting));
                event
            }
            Mail::Deployment(_)
            | Mail::ResourceDeleted(_)
            | Mail::Correlate(_)
            | Mail::CorrelationRefused { .. }
            | Mail::BroadcastSignal(_) => None,
        }
    }

    fn wait(&self, key: SubscriptionKey, kind: EventKind) -> Option<InstanceEvent> {
        let Waiting { catching, name, correlation_key, .. } = self.waits.get(&key)?;
        let event = self.at_catching(*catching, kind)?;
        let (text, detail) = (name.to_string(), correlation_key.to_string());
        Some(InstanceEvent { key: key.0 as i64, text, detail, ..event })
    }

    fn incident_created(&mut self, key: IncidentKey, incident: &Incident) -> Option<InstanceEvent> {
        let event = self.at(incident.element, EventKind::IncidentCreated)?;
        self.incidents.insert(key, incident.element);
        let (text, detail) = (incident.message.to_string(), incident.kind.name().to_owned());
        Some(InstanceEvent { key: key.0 as i64, text, detail, ..event })
    }

    fn incident_resolved(&mut self, key: IncidentKey) -> Option<InstanceEvent> {
        let element = self.incidents.remove(&key)?;
        Some(InstanceEvent { key: key.0 as i64, ..self.at(element, EventKind::IncidentResolved)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(key: u64, parent: Option<u64>) -> Event {
        let instance = ElementInstance::new(ProcessKey(7), ElementKey(1), 0);
        let instance = ElementInstance { parent: parent.map(ElementKey), ..instance };
        Event::ElementActivating { key: ElementKey(key), instance, tokens: 0 }
    }

    fn batch(events: Vec<Event>) -> Batch {
        Batch { at_ms: 5, counter: 0, events }
    }

    #[test]
    fn only_the_one_and_what_is_in_it_is_told() {
        let mut trail = Trail::new(Whom::One(ElementKey(1)));
        let mut told = VecDeque::new();
        let events = vec![begun(1, None), begun(2, Some(1)), begun(8, None), begun(9, Some(8))];
        assert_eq!(trail.unnamed(&batch(events.clone())), [ProcessKey(7)].into());
        trail.tell(&batch(events), &mut told);
        let ends = [9, 8, 2].map(|key| Event::ElementCompleted(ElementKey(key)));
        trail.tell(&batch(ends.to_vec()), &mut told);
        let keys: Vec<_> = told.iter().map(|event| (event.kind(), event.element_instance_key)).collect();
        let (entered, completed) = (EventKind::ElementEntered, EventKind::ElementCompleted);
        assert_eq!(keys, [(entered, 1), (entered, 2), (completed, 2)]);
        assert!(!trail.is_at_end());
        trail.tell(&batch(vec![Event::ElementTerminated(ElementKey(1))]), &mut told);
        assert_eq!((trail.is_at_end(), trail.len()), (true, 0));
    }

    #[test]
    fn more_than_may_be_followed_is_too_long() {
        let mut trail = Trail::new(Whom::All);
        let mut told = VecDeque::new();
        let many = (1..=FOLLOWED_ITEMS as u64).map(|key| begun(key, None)).collect();
        trail.tell(&batch(many), &mut told);
        assert!(!trail.is_too_long());
        trail.tell(&batch(vec![begun(1 << 40, None)]), &mut told);
        assert!(trail.is_too_long());
        trail.tell(&batch(vec![Event::ElementCompleted(ElementKey(5))]), &mut told);
        assert!(!trail.is_too_long(), "what has ended is forgotten");
    }
}
