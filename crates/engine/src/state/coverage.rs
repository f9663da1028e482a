//! Coverage: of which stretches of a table the memory is known to hold every stored row.
//!
//! Where memory covers a key, a row that is not in memory does not exist, and nobody asks what lies below. To forget
//! coverage is always safe; so the number of stretches has a limit.

/// Stretches of keys (as bytes), in order; no two touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Coverage {
    stretches: Vec<Stretch>,
}

/// The keys with `from <= key < to`; `None`: without end.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stretch {
    from: Vec<u8>,
    to: Option<Vec<u8>>,
}

/// Stretches kept of one table; beyond that the shortest-lived knowledge goes: that of the middle.
const STRETCHES: usize = 64;

impl Stretch {
    fn ends_after(&self, edge: &[u8]) -> bool {
        self.to.as_deref().is_none_or(|to| to > edge)
    }

    fn reaches(&self, edge: &[u8]) -> bool {
        self.to.as_deref().is_none_or(|to| to >= edge)
    }
}

impl Coverage {
    /// Every key: nothing lies below, or all of it is in memory.
    pub(crate) fn everything() -> Coverage {
        Coverage { stretches: vec![Stretch { from: Vec::new(), to: None }] }
    }

    /// No key.
    pub(crate) fn nothing() -> Coverage {
        Coverage { stretches: Vec::new() }
    }

    pub(crate) fn is_everything(&self) -> bool {
        matches!(self.stretches.as_slice(), [Stretch { from, to: None }] if from.is_empty())
    }

    /// Whether it covers this key.
    pub(crate) fn covers(&self, key: &[u8]) -> bool {
        self.until(key).is_some()
    }

    /// Where the stretch ends that holds the keys from `edge` on: `Some(None)`: never; `None`: there is none.
    pub(crate) fn until(&self, edge: &[u8]) -> Option<Option<&[u8]>> {
        let place = self.stretches.partition_point(|stretch| stretch.from.as_slice() <= edge);
        let stretch = &self.stretches[place.checked_sub(1)?];
        stretch.ends_after(edge).then_some(stretch.to.as_deref())
    }

    /// Where the stretch begins that holds the keys right before `edge` (`None`: the last ones there can be).
    pub(crate) fn since(&self, edge: Option<&[u8]>) -> Option<&[u8]> {
        let place =
            self.stretches.partition_point(|stretch| edge.is_none_or(|edge| stretch.from.as_slice() < edge));
        let stretch = &self.stretches[place.checked_sub(1)?];
        let holds = match edge {
            Some(edge) => stretch.reaches(edge),
            None => stretch.to.is_none(),
        };
        holds.then_some(stretch.from.as_slice())
    }

    /// Covers the keys with `from <= key < to` from now on.
    pub(crate) fn add(&mut self, from: Vec<u8>, to: Option<Vec<u8>>) {
        let mut new = Stretch { from, to };
        let first = self.stretches.partition_point(|stretch| !stretch.reaches(&new.from));
        let last = self.stretches.partition_point(|stretch| match &new.to {
            Some(to) => stretch.from <= *to,
            None => true,
        });
        if first < last {
            new.from = new.from.min(self.stretches[first].from.clone());
            new.to = match (new.to, self.stretches[last - 1].to.clone()) {
                (Some(a), Some(b)) => Some(a.max(b)),
                (None, _) | (_, None) => None,
            };
        }
        self.stretches.splice(first..last.max(first), [new]);
        if self.stretches.len() > STRETCHES {
            // Whoever added this one counts on it.
            let middle = STRETCHES / 2;
            self.stretches.remove(if first == middle { middle + 1 } else { middle });
        }
    }

    /// Covers the keys with `from <= key < to` no longer.
    pub(crate) fn subtract(&mut self, from: &[u8], to: &[u8]) {
        let mut left = Vec::with_capacity(self.stretches.len() + 1);
        for stretch in self.stretches.drain(..) {
            if !stretch.ends_after(from) || stretch.from.as_slice() >= to {
                left.push(stretch);
                continue;
            }
            if stretch.from.as_slice() < from {
                left.push(Stretch { from: stretch.from.clone(), to: Some(from.to_vec()) });
            }
            if stretch.ends_after(to) {
                left.push(Stretch { from: to.to_vec(), to: stretch.to });
            }
        }
        if left.len() > STRETCHES {
            left.remove(STRETCHES / 2);
        }
        self.stretches = left;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random stretches against a row of flags.
    #[test]
    fn it_agrees_with_a_flag_for_each_key() {
        let mut seed = 7u64;
        let mut draw = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for round in 0..200 {
            let mut coverage = if round % 2 == 0 { Coverage::everything() } else { Coverage::nothing() };
            let mut flags = [round % 2 == 0; 60];
            for _ in 0..60 {
                let (a, b) = (draw(60) as usize, draw(61) as usize);
                let (from, to) = (a.min(b), a.max(b));
                let cover = draw(2) == 0;
                if from < to {
                    flags[from..to].fill(cover);
                    match (cover, to) {
                        (true, 60) => coverage.add(vec![from as u8], None),
                        (true, _) => coverage.add(vec![from as u8], Some(vec![to as u8])),
                        // Keys from 60 on stand for the end.
                        (false, 60) => coverage.subtract(&[from as u8], &[255]),
                        (false, _) => coverage.subtract(&[from as u8], &[to as u8]),
                    }
                }
                let is_empty = |stretch: &Stretch| stretch.to.as_ref().is_some_and(|to| *to <= stretch.from);
                assert!(!coverage.stretches.iter().any(is_empty), "{coverage:?}");
                for key in 0..60 {
                    assert_eq!(coverage.covers(&[key as u8]), flags[key], "{key} in {coverage:?}");
                    let until = flags[key..].iter().position(|flag| !flag).map(|place| place + key);
                    let found = coverage.until(&[key as u8]).map(|to| to.map_or(60, |to| usize::from(to[0])));
                    let wanted = flags[key].then_some(until.unwrap_or(60));
                    assert_eq!(found.map(|to| to.min(60)), wanted, "{key} in {coverage:?}");
                    let since = coverage.since(Some(&[key as u8]));
                    assert_eq!(since.is_some(), key > 0 && flags[key - 1] || since == Some(&[]) && key == 0);
                }
            }
        }
    }

    #[test]
    fn the_number_of_stretches_has_a_limit() {
        let mut coverage = Coverage::nothing();
        for key in 0..1_000u32 {
            coverage.add((key * 2).to_be_bytes().to_vec(), Some((key * 2 + 1).to_be_bytes().to_vec()));
            assert!(coverage.stretches.len() <= STRETCHES);
        }
        assert!(coverage.covers(&0u32.to_be_bytes()), "the first stays");
        assert!(coverage.covers(&1_998u32.to_be_bytes()), "the last stays");
        let mut split = Coverage::everything();
        for key in 0..1_000u32 {
            split.subtract(&(key * 2).to_be_bytes(), &(key * 2 + 1).to_be_bytes());
            assert!(split.stretches.len() <= STRETCHES);
        }
        assert!(split.covers(&5_000u32.to_be_bytes()));
    }
}
