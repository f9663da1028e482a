//! The engine against the reference interpreter, over thousands of drawn processes.

use weir_sim::{
    differential::{self, Comparison},
    model::Palette,
};

/// Runs seeds; gives how many instances came to their end.
fn assert_same(seeds: std::ops::Range<u64>, palette: Palette) -> usize {
    let mut ended = 0;
    for seed in seeds {
        let Comparison { difference, story, ended: ends } = differential::run(seed, palette);
        if let Some(difference) = difference {
            panic!("seed {seed} ({palette:?}):\n{}\n{difference}", story.join("\n"));
        }
        ended += usize::from(ends);
    }
    ended
}

#[test]
fn flat_processes_do_what_the_reference_says() {
    let palette = Palette { abrupt: true, ..Palette::plain(1) };
    assert!(assert_same(0..1_000, palette) > 800);
}

#[test]
fn tangled_processes_do_what_the_reference_says() {
    let palette = Palette { tangled: true, data: true, ..Palette::plain(1) };
    assert!(assert_same(0..1_000, palette) > 700);
}

#[test]
fn nested_processes_with_everything_do_what_the_reference_says() {
    assert!(assert_same(0..2_000, Palette::all(2)) > 1_400);
}

/// Drawn processes beyond the others' range that found something.
#[test]
fn processes_that_found_something_stay_the_same() {
    let everything = Palette { signals: false, ..Palette::all(2) };
    // What began an event sub-process has happened, though a kept message ends its content at once.
    assert_same(20_000_000_001_807..20_000_000_001_808, everything);
    // Of kept messages that one boundary event took, a later one was handled first where a batch ended between them.
    assert_same(20_000_000_096_552..20_000_000_096_553, everything);
}
