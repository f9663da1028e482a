//! Durable batches for who watches: a queue of bounded size between the deciding thread and each observer.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::sync::mpsc;
use weir_engine::{event::Batch, key::PartitionId};
use weir_journal::Sequence;

/// A durable batch.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Of which partition.
    pub partition: PartitionId,
    /// Its number in the journal.
    pub sequence: Sequence,
    /// What happened.
    pub batch: Arc<Batch>,
    /// Its size in the journal.
    pub bytes: usize,
}

/// The observer took its batches too slowly: what came after those it has is lost to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overrun;

/// Reads batches as they become durable.
#[derive(Debug)]
pub struct Observer {
    batches: mpsc::UnboundedReceiver<Observed>,
    waiting: Arc<Waiting>,
}

/// The deciding thread's end of an observer's queue.
#[derive(Debug)]
pub(crate) struct Show {
    batches: mpsc::UnboundedSender<Observed>,
    waiting: Arc<Waiting>,
}

/// What is in the queue.
#[derive(Debug)]
struct Waiting {
    bytes: AtomicUsize,
    limit_bytes: usize,
    is_overrun: AtomicBool,
}

/// An empty queue. A batch enters while less than `limit_bytes` wait in it.
pub(crate) fn queue(limit_bytes: usize) -> (Show, Observer) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let waiting =
        Arc::new(Waiting { bytes: AtomicUsize::new(0), limit_bytes, is_overrun: AtomicBool::new(false) });
    (Show { batches: sender, waiting: waiting.clone() }, Observer { batches: receiver, waiting })
}

impl Show {
    /// Shows a batch. False when the observer is gone or is too slow: then this end is dropped.
    pub(crate) fn show(&self, observed: &Observed) -> bool {
        if self.waiting.bytes.load(Ordering::Relaxed) >= self.waiting.limit_bytes {
            self.waiting.is_overrun.store(true, Ordering::Relaxed);
            return false;
        }
        self.waiting.bytes.fetch_add(observed.bytes, Ordering::Relaxed);
        self.batches.send(observed.clone()).is_ok()
    }
}

impl Observer {
    /// The next durable batch; `None` when the node stops. May be dropped and called again.
    ///
    /// # Errors
    /// [`Overrun`], after the last batch that found room.
    pub async fn next(&mut self) -> Option<Result<Observed, Overrun>> {
        match self.batches.recv().await {
            Some(observed) => {
                self.waiting.bytes.fetch_sub(observed.bytes, Ordering::Relaxed);
                Some(Ok(observed))
            }
            None => self.waiting.is_overrun.swap(false, Ordering::Relaxed).then_some(Err(Overrun)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(bytes: usize) -> Observed {
        let batch = Arc::new(Batch { at_ms: 0, counter: 0, events: Vec::new() });
        Observed { partition: PartitionId(1), sequence: Sequence(1), batch, bytes }
    }

    #[tokio::test]
    async fn a_slow_observer_gets_what_found_room_and_is_told_that_there_was_more() {
        let (show, mut observer) = queue(100);
        assert!(
            show.show(&observed(60)) && show.show(&observed(1_000)),
            "a batch enters while there is room"
        );
        assert!(!show.show(&observed(1)), "1060 bytes wait");
        drop(show);
        assert_eq!(observer.next().await.unwrap().unwrap().bytes, 60);
        assert_eq!(observer.next().await.unwrap().unwrap().bytes, 1_000);
        assert_eq!(observer.next().await.unwrap().unwrap_err(), Overrun);
        assert!(observer.next().await.is_none());
    }

    #[tokio::test]
    async fn one_that_keeps_up_is_shown_any_amount() {
        let (show, mut observer) = queue(100);
        for _ in 0..1_000 {
            assert!(show.show(&observed(99)));
            assert!(observer.next().await.unwrap().is_ok());
        }
        drop(observer);
        assert!(!show.show(&observed(1)), "nobody is there");
    }
}
