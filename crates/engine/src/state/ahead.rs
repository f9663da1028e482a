//! Reading ahead: whoever misses one row after the other in rising order finds the next ones in memory already.
//!
//! Very many timers that are due at once, a cancel, a queue of jobs: each touches rows of several tables by their keys, and
//! the keys rise. Rows that come in rising order are read in stretches, each from where the last one ended, so that a
//! reader who goes up by fits and starts (an element, then its scope with the smaller key) finds both; and a stretch answers
//! for the rows that are *not* there too.
//!
//! Only cost depends on it, never an answer: what is read ahead is as clean as any row that was read.

use crate::state::scan::CHUNK_ROWS;

/// Misses that each came after all before them, after which a table is read ahead.
const RISING_MISSES: i32 = 4;
/// Misses in a row that came before others, after which what was seen is forgotten.
const LOW_MISSES: u32 = 8;
/// Rows that are read ahead first; then twice as many each time, up to a chunk.
const FIRST_ROWS: usize = 16;

/// What a table's misses tell of those to come.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// The greatest place that was missed.
    high: Vec<u8>,
    /// Misses that each were the greatest so far; below 0 after reading ahead was in vain.
    rising: i32,
    /// Misses in a row that were not.
    low: u32,
    /// Where the last stretch ended (`None`: at the table's end), while stretches are read.
    edge: Option<Option<Vec<u8>>>,
    /// Rows of the next stretch.
    rows: usize,
    /// How often in a row reading ahead was in vain.
    vain: u32,
}

/// A stretch that is to be read: from here on, so many rows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) from: Vec<u8>,
    pub(super) rows: usize,
}

impl Ahead {
    /// Something at `place` is asked for that memory does not cover. `None`: only that is read.
    pub(super) fn plan(&mut self, place: &[u8]) -> Option<Plan> {
        if place <= self.high.as_slice() {
            self.low += 1;
            if self.low >= LOW_MISSES {
                *self = Ahead {
                    high: place.to_vec(),
                    rising: self.rising.min(0),
                    vain: self.vain,
                    ..Ahead::default()
                };
            }
            return None;
        }
        self.low = 0;
        self.high = place.to_vec();
        let from = match &self.edge {
            Some(Some(edge)) if edge.as_slice() <= place => edge.clone(),
            Some(_) => {
                // It was read, and is gone from memory again.
                (self.edge, self.rising) = (None, 1);
                return None;
            }
            None => {
                self.rising += 1;
                if self.rising < RISING_MISSES {
                    return None;
                }
                self.rows = FIRST_ROWS;
                place.to_vec()
            }
        };
        Some(Plan { from, rows: self.rows })
    }

    /// A stretch was read up to `edge` (`None`: the end of the table).
    pub(super) fn read(&mut self, edge: Option<Vec<u8>>) {
        let reached = edge.as_ref().is_none_or(|edge| *edge > self.high);
        if reached {
            self.vain = self.vain.saturating_sub(u32::from(self.edge.is_some()));
            self.rows = (self.rows * 2).min(CHUNK_ROWS);
            self.edge = Some(edge);
        } else {
            // The rows that are asked for lie too far apart; the more often that is seen, the longer it counts.
            self.vain = (self.vain + 1).min(8);
            self.rising = -(RISING_MISSES << self.vain);
            self.edge = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks for places, each of them a row, of a table with rows at all multiples of `apart`; returns (reads, rows read).
    fn asked(places: impl Iterator<Item = u32>, apart: u32) -> (usize, usize) {
        let (mut ahead, mut covered) = (Ahead::default(), Vec::<std::ops::Range<u32>>::new());
        let (mut reads, mut rows) = (0, 0);
        for place in places {
            if covered.iter().rev().any(|stretch| stretch.contains(&place)) {
                continue;
            }
            if let Some(plan) = ahead.plan(&place.to_be_bytes()) {
                let from = u32::from_be_bytes(plan.from.as_slice().try_into().expect("four bytes"));
                let to = from + plan.rows as u32 * apart;
                (reads, rows) = (reads + 1, rows + plan.rows);
                covered.push(from..to);
                ahead.read(Some(to.to_be_bytes().to_vec()));
                if to > place {
                    continue;
                }
            }
            (reads, rows) = (reads + 1, rows + 1);
        }
        (reads, rows)
    }

    #[test]
    fn rising_places_are_read_in_stretches() {
        let (reads, rows) = asked(0..100_000, 1);
        assert!(reads <= 100_000 / CHUNK_ROWS + 10, "{reads} reads");
        assert!(rows <= 100_000 + 2 * CHUNK_ROWS, "{rows} rows");
    }

    #[test]
    fn an_element_then_its_scope_with_the_smaller_key_rise_too() {
        let places = (0..50_000).flat_map(|pair| [2 * pair + 1, 2 * pair]);
        let (reads, _) = asked(places, 1);
        assert!(reads <= 100_000 / CHUNK_ROWS + 20, "{reads} reads");
    }

    #[test]
    fn rising_places_far_apart_are_soon_read_one_by_one() {
        let (reads, rows) = asked((0..10_000).map(|number| number * 1_000), 1);
        assert!(reads <= 10_100, "{reads} reads");
        assert!(rows <= 11_000, "{rows} rows");
    }

    #[test]
    fn places_without_order_are_read_one_by_one() {
        let places = (0..100_000u32).map(|number| number.wrapping_mul(2_654_435_761) >> 4);
        let (reads, rows) = asked(places, 1);
        assert!(reads <= 101_000, "{reads} reads");
        assert!(rows <= 110_000, "{rows} rows");
    }

    #[test]
    fn a_reader_who_begins_anew_lower_down_is_followed() {
        let places = (500_000..550_000).chain(0..50_000);
        let (reads, _) = asked(places, 1);
        assert!(reads <= 100_000 / CHUNK_ROWS + 40, "{reads} reads");
    }
}
