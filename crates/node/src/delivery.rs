//! Delivery: what a commit has freed reaches those who wait for it, all of it in one go.
//!
//! Each answer and each job wakes somebody, and to wake a thread costs more than to decide a command. So the deciding thread hands over
//! what one commit freed as one parcel: whoever unpacks it wakes the others from beside them, and what belongs to one
//! connection leaves in one write.

use tokio::{
    runtime,
    sync::{
        mpsc::{self, UnboundedReceiver, UnboundedSender},
        oneshot,
    },
};
use weir_engine::{
    command::{ActivatedJob, Reply},
    rejection::Rejection,
};

use crate::{admission::Place, driver::Input, shell::ToShell};

/// Where an answer goes.
pub(crate) type Answerer = oneshot::Sender<Result<Reply, Rejection>>;

/// Something for somebody.
pub(crate) enum Delivery {
    /// An answer; the place in flight is given back with it.
    Answer { to: Answerer, result: Result<Reply, Rejection>, place: Option<Place> },
    /// A job for a stream.
    Job { to: mpsc::Sender<ActivatedJob>, job: ActivatedJob },
    /// Jobs for a poll.
    Jobs { to: oneshot::Sender<Vec<ActivatedJob>>, jobs: Vec<ActivatedJob> },
}

/// Takes what is to be delivered.
pub(crate) struct Postbox(UnboundedSender<Vec<Delivery>>);

impl Postbox {
    /// Delivers on the runtime that this is called on, where those live who wait; without one, on a thread of its own. What
    /// cannot be delivered goes back to the deciding thread.
    pub(crate) fn open(back: std::sync::mpsc::Sender<ToShell>) -> Postbox {
        let (post, parcels) = mpsc::unbounded_channel();
        match runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(deliver_all(parcels, back))),
            Err(_) => drop(crate::node::spawn("deliver", move || {
                let mut parcels = parcels;
                while let Some(parcel) = parcels.blocking_recv() {
                    deliver(parcel, &back);
                }
            })),
        }
        Postbox(post)
    }

    /// Hands a parcel over.
    pub(crate) fn post(&self, parcel: Vec<Delivery>) {
        if !parcel.is_empty() {
            // The runtime ends before the node only where all who wait have ended with it.
            let _ = self.0.send(parcel);
        }
    }
}

async fn deliver_all(mut parcels: UnboundedReceiver<Vec<Delivery>>, back: std::sync::mpsc::Sender<ToShell>) {
    while let Some(parcel) = parcels.recv().await {
        deliver(parcel, &back);
    }
}

fn deliver(parcel: Vec<Delivery>, back: &std::sync::mpsc::Sender<ToShell>) {
    let mut undelivered = Vec::new();
    for delivery in parcel {
        match delivery {
            Delivery::Answer { to, result, place } => {
                // A caller who is gone needs no answer.
                let _gone = to.send(result);
                drop(place);
            }
            Delivery::Job { to, job } => {
                if let Err(mpsc::error::TrySendError::Full(job) | mpsc::error::TrySendError::Closed(job)) =
                    to.try_send(job)
                {
                    undelivered.push(job.activation());
                }
            }
            Delivery::Jobs { to, jobs } => {
                if let Err(jobs) = to.send(jobs) {
                    undelivered.extend(jobs.iter().map(ActivatedJob::activation));
                }
            }
        }
    }
    if !undelivered.is_empty() {
        // Where the node is stopping the jobs go back at their time-out.
        let _ = back.send(ToShell::Input(Input::Undelivered(undelivered)));
    }
}
