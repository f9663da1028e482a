//! Seeds on several threads. Each seed is a world of its own, so that what it comes to is the same on any of them.

use std::{
    num::NonZero,
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// As many threads as the machine runs at once.
pub fn all_threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Runs seeds in order while `goes_on`, each thread adding to a sum of its own; `run` says whether a seed is clean.
///
/// # Errors
/// The smallest seed that is not clean. All before it were run.
pub fn over<S: Default + Send>(
    threads: usize,
    seeds: Range<u64>,
    goes_on: impl Fn() -> bool + Sync,
    run: impl Fn(u64, &mut S) -> bool + Sync,
) -> Result<Vec<S>, u64> {
    let next = AtomicU64::new(seeds.start);
    let failed = AtomicU64::new(u64::MAX);
    let work = || {
        let mut sum = S::default();
        while goes_on() {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end.min(failed.load(Ordering::Relaxed)) {
                break;
            }
            if !run(seed, &mut sum) {
                failed.fetch_min(seed, Ordering::Relaxed);
            }
        }
        sum
    };
    let sums = thread::scope(|scope| {
        let workers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut sums = vec![work()];
        for worker in workers {
            match worker.join() {
                Ok(sum) => sums.push(sum),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        sums
    });
    match failed.into_inner() {
        u64::MAX => Ok(sums),
        seed => Err(seed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_seed_is_run_once_and_the_first_failure_is_told() {
        for threads in [1, 2, 5] {
            let sums = over(
                threads,
                10..1_000,
                || true,
                |seed, sum: &mut Vec<u64>| {
                    sum.push(seed);
                    true
                },
            );
            let mut run: Vec<_> = sums.unwrap().concat();
            run.sort_unstable();
            assert_eq!(run, (10..1_000).collect::<Vec<_>>());
            let failed = over(threads, 10..1_000, || true, |seed, _: &mut ()| seed % 100 < 98);
            assert_eq!(failed, Err(98));
            assert_eq!(over(threads, 10..1_000, || false, |_, _: &mut ()| false), Ok(vec![(); threads]));
        }
    }
}
