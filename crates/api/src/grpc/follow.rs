//! `weir.v1.Follow`: what process instances do, while they do it.

use std::{collections::VecDeque, future::Future, pin::Pin, sync::Arc};

use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Request, Response, Status, async_trait};
use weir_engine::command::{Command, CreateInstance, Reply};
use weir_node::{Handle, Observed, Observer, Overrun};

use super::{
    job::Answers,
    trail::{Trail, Whom},
};
use crate::{
    door::Door,
    failure::Failure,
    limits::{FOLLOW_QUEUE_BYTES, FOLLOW_STREAMS, FOLLOWED_ITEMS},
    proto::weir::{FollowAllRequest, FollowNewInstanceRequest, InstanceEvent, follow_server},
    request,
};

/// The service.
pub(super) struct Follow {
    door: Door,
    places: Arc<Semaphore>,
}

impl Follow {
    pub(super) fn new(door: Door) -> Follow {
        Follow { door, places: Arc::new(Semaphore::new(FOLLOW_STREAMS)) }
    }

    /// Begins to watch. The command whose events are wanted is submitted after this, so that none of them is missed.
    fn watch(&self) -> Result<Watch, Failure> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| {
            Failure::Overloaded(format!(
                "{FOLLOW_STREAMS} clients follow instances already, more are not served; nothing was started"
            ))
        })?;
        let node = self.door.node.clone();
        let observer = node.observe(FOLLOW_QUEUE_BYTES);
        Ok(Watch { node, observer, stopped: Box::pin(self.door.stop.stopped()), _place: place })
    }
}

#[async_trait]
impl follow_server::Follow for Follow {
    type FollowNewInstanceStream = Answers<InstanceEvent>;
    type FollowAllStream = Answers<InstanceEvent>;

    async fn follow_new_instance(
        &self,
        asked: Request<FollowNewInstanceRequest>,
    ) -> Result<Response<Self::FollowNewInstanceStream>, Status> {
        let command = parse(asked.get_ref())?;
        let watch = self.watch()?;
        match self.door.submit(Command::CreateInstance(command)).await? {
            Reply::InstanceCreated(created) => Ok(Response::new(told(watch, Whom::One(created.instance)))),
            other => Err(Failure::unexpected(&other).into()),
        }
    }

    async fn follow_all(
        &self,
        _: Request<FollowAllRequest>,
    ) -> Result<Response<Self::FollowAllStream>, Status> {
        Ok(Response::new(told(self.watch()?, Whom::All)))
    }
}

fn parse(asked: &FollowNewInstanceRequest) -> Result<CreateInstance, Failure> {
    let newest_or = if asked.version == 0 { -1 } else { asked.version };
    let start_at = asked.start_at.iter().map(|element| request::name("startAt", element));
    Ok(CreateInstance {
        process: request::process(asked.process_definition_key, &asked.process_id, newest_or)?,
        variables: request::document(&asked.variables)?,
        start_at: start_at.collect::<Result<_, _>>()?,
        with_result: None,
    })
}

/// The events of those that are followed, as the transport asks for them.
fn told(watch: Watch, whom: Whom) -> Answers<InstanceEvent> {
    let following = Following { watch, trail: Trail::new(whom), told: VecDeque::new(), is_over: false };
    Box::pin(stream::unfold(following, |mut following| async {
        let event = following.next().await?;
        Some((event.map_err(Status::from), following))
    }))
}

/// A place among those who follow, and the node's batches.
struct Watch {
    node: Handle,
    observer: Observer,
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
    _place: OwnedSemaphorePermit,
}

impl Watch {
    async fn next(&mut self) -> Result<Observed, Failure> {
        let observed = tokio::select! {
            observed = self.observer.next() => observed,
            () = &mut self.stopped => None,
        };
        match observed {
            Some(Ok(observed)) => Ok(observed),
            Some(Err(Overrun)) => Err(Failure::Overloaded(format!(
                "more than {FOLLOW_QUEUE_BYTES} bytes of events wait for this client, which reads too slowly; what came after \
                 them is not told, the instances go on"
            ))),
            None => Err(Failure::Unavailable(
                "the server is stopping; the instances go on when it is started again".into(),
            )),
        }
    }
}

/// One call.
struct Following {
    watch: Watch,
    trail: Trail,
    told: VecDeque<InstanceEvent>,
    is_over: bool,
}

impl Following {
    async fn next(&mut self) -> Option<Result<InstanceEvent, Failure>> {
        loop {
            if let Some(event) = self.told.pop_front() {
                return Some(Ok(event));
            }
            if self.is_over || self.trail.is_at_end() {
                return None;
            }
            if let Err(failure) = self.look().await {
                self.is_over = true;
                return Some(Err(failure));
            }
        }
    }

    /// Takes one batch of the node.
    async fn look(&mut self) -> Result<(), Failure> {
        let Observed { batch, .. } = self.watch.next().await?;
        for process in self.trail.unnamed(&batch) {
            let outline = self.watch.node.outline(process).await;
            if let Some(outline) = outline.map_err(|error| Failure::of("FOLLOW", error))? {
                self.trail.name(outline);
            }
        }
        self.trail.tell(&batch, &mut self.told);
        if self.trail.is_too_long() {
            return Err(Failure::Overloaded(format!(
                "what is followed has more than {FOLLOWED_ITEMS} running elements, jobs and timers; it goes on untold"
            )));
        }
        Ok(())
    }
}
