//! Measuring.

use rustix::time::{ClockId, clock_gettime};

/// How long a window is, in milliseconds of CPU time.
pub const WINDOW_MS: u64 = 50;

/// Something to be done again and again.
pub struct Task {
    pub what: String,
    /// `evaluate` (compiled before, variables decoded) or `compile`.
    pub mode: &'static str,
    pub once: Box<dyn FnMut()>,
}

/// What a task takes.
pub struct Measured {
    pub what: String,
    pub mode: String,
    pub ns: f64,
}

/// The fewest nanoseconds of each task in any round, after one round of warming up.
pub fn measure(mut tasks: Vec<Task>, rounds: u32) -> Vec<Measured> {
    let mut best = vec![f64::MAX; tasks.len()];
    for round in 0..=rounds {
        for (task, best) in tasks.iter_mut().zip(&mut best) {
            let ns = window(&mut task.once);
            if round > 0 {
                *best = best.min(ns);
            }
        }
    }
    let measured = tasks.into_iter().zip(best);
    measured.map(|(task, ns)| Measured { what: task.what, mode: task.mode.to_owned(), ns }).collect()
}

fn window(once: &mut dyn FnMut()) -> f64 {
    let begin = cpu_ns();
    let (mut count, mut spent) = (0_u64, 0);
    while spent < WINDOW_MS * 1_000_000 {
        for _ in 0..20 {
            once();
        }
        count += 20;
        spent = cpu_ns() - begin;
    }
    spent as f64 / count as f64
}

fn cpu_ns() -> u64 {
    let at = clock_gettime(ClockId::ThreadCPUTime);
    at.tv_sec as u64 * 1_000_000_000 + at.tv_nsec as u64
}

/// The load of the machine in the last minute: on a busy one the figures are upper bounds.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}
