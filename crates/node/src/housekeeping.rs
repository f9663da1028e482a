//! The journal's chores, on a thread of their own and in no hurry.

use std::{sync::mpsc::Receiver, time::Duration};

use weir_journal::Chore;

/// Wait between two pieces of a chore. Without it, making the next segment delays the commits of a tenth of a second
/// tenfold (measured: 2 to 10 ms instead of 0.2 ms), which is what the slowest in a hundred callers then feel.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs chores until nobody can send one any more.
pub(crate) fn run(chores: &Receiver<Chore>) {
    let mut next = None;
    while let Some(chore) = next.take().or_else(|| chores.recv().ok()) {
        chore(&mut || {
            // Where the next one is waiting already, or the node ends, this one hurries.
            if next.is_none() {
                next = chores.recv_timeout(PAUSE).ok();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn what_comes_during_a_chore_is_done_after_it() {
        let (send, chores) = mpsc::channel::<Chore>();
        let (done, log) = mpsc::channel();
        let inner = (send.clone(), done.clone());
        let first: Chore = Box::new(move |pause| {
            let (send, done) = inner;
            for number in 0..3 {
                let done = done.clone();
                let later: Chore = Box::new(move |_| done.send(number).unwrap());
                send.send(later).unwrap();
                pause();
            }
            done.send(9).unwrap();
        });
        send.send(first).unwrap();
        drop((send, done));
        run(&chores);
        assert_eq!(log.into_iter().collect::<Vec<_>>(), [9, 0, 1, 2]);
    }
}
