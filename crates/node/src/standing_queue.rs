//! How many commands may be in flight, learned from how long they are.
//!
//! A burst may fill the node for a moment: it drains. A queue that *stands* only makes everybody wait: when even the fastest
//! command of an interval was in flight for longer than a few commits take, too many are let in, and the limit shrinks until
//! the queue is gone; then it grows again (the idea of CoDel, Nichols and Jacobson 2012). An interval takes three tenths of
//! the limit away or gives a tenth back.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Length of an interval.
const INTERVAL_US: u64 = 100_000;
/// Time in flight that is always fine, beside commits.
const FINE_US: u64 = 10_000;
/// Commits that a command may wait for: the one under way, its own, and as much again for the way in and out.
const FINE_COMMITS: u64 = 4;
/// The limit never shrinks below this: it must keep the disk busy.
const LEAST_COMMANDS: usize = 64;

/// The learned limit.
#[derive(Debug)]
pub(crate) struct StandingQueue {
    most: usize,
    limit: AtomicUsize,
    interval_began_us: AtomicU64,
    fastest_us: AtomicU64,
    commit_us: AtomicU64,
}

impl StandingQueue {
    /// Lets in `most` commands until something else is learned.
    pub(crate) fn new(most: usize) -> StandingQueue {
        StandingQueue {
            most,
            limit: AtomicUsize::new(most),
            interval_began_us: AtomicU64::new(0),
            fastest_us: AtomicU64::new(u64::MAX),
            commit_us: AtomicU64::new(0),
        }
    }

    /// How many commands may be in flight now.
    pub(crate) fn limit(&self) -> usize {
        self.limit.load(Relaxed)
    }

    /// A commit took so long.
    pub(crate) fn committed(&self, took_us: u64) {
        let before = self.commit_us.load(Relaxed);
        self.commit_us.store((7 * before + took_us) / 8, Relaxed);
    }

    /// At `now_us` a command ended that was in flight for so long. Any thread; times may be a little out of order.
    pub(crate) fn ended(&self, now_us: u64, in_flight_us: u64) {
        self.fastest_us.fetch_min(in_flight_us, Relaxed);
        let began_us = self.interval_began_us.load(Relaxed);
        if now_us.saturating_sub(began_us) < INTERVAL_US
            || self.interval_began_us.compare_exchange(began_us, now_us, Relaxed, Relaxed).is_err()
        {
            return;
        }
        let fastest_us = self.fastest_us.swap(u64::MAX, Relaxed);
        let fine_us = FINE_US + FINE_COMMITS * self.commit_us.load(Relaxed);
        let limit = self.limit.load(Relaxed);
        let learned = if fastest_us > fine_us { limit * 7 / 10 } else { limit + limit / 10 };
        self.limit.store(learned.clamp(LEAST_COMMANDS.min(self.most), self.most), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twenty intervals in which every command is in flight for so long.
    fn twenty_intervals(queue: &StandingQueue, from_us: u64, in_flight_us: u64) {
        for tick in 0..2_000 {
            queue.ended(from_us + tick * INTERVAL_US / 100, in_flight_us);
        }
    }

    #[test]
    fn a_queue_that_stands_shrinks_the_limit_and_one_that_is_gone_lets_it_grow() {
        let queue = StandingQueue::new(2_000);
        twenty_intervals(&queue, 1_000_000, 5_000);
        assert_eq!(queue.limit(), 2_000, "fast enough");
        twenty_intervals(&queue, 10_000_000, 80_000);
        assert_eq!(queue.limit(), LEAST_COMMANDS, "never below what keeps the disk busy");
        twenty_intervals(&queue, 20_000_000, 2_000);
        assert!((100..2_000).contains(&queue.limit()), "grows step by step: {}", queue.limit());
    }

    #[test]
    fn a_burst_that_drains_changes_nothing() {
        let queue = StandingQueue::new(2_000);
        queue.ended(1_000_000, 0);
        for nth in 0..2_000 {
            queue.ended(1_000_000 + nth * 45, 1_000 + nth * 45);
        }
        queue.ended(1_200_000, 1_000);
        assert_eq!(queue.limit(), 2_000);
    }

    #[test]
    fn a_slow_disk_is_no_queue() {
        let queue = StandingQueue::new(2_000);
        (0..100).for_each(|_| queue.committed(30_000));
        twenty_intervals(&queue, 1_000_000, 70_000);
        assert_eq!(queue.limit(), 2_000);
    }
}
