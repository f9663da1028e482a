//! A table against a plain map, under everything that may happen to it.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use super::{
    below::{Below, Direction, Limit, MemoryStore, Stored, StoredError, StoredRows},
    changes::Change,
    reach::UpTo,
    row::Json,
    table::Table,
};

type Key = (Arc<str>, u64);
type Model = BTreeMap<Key, u64>;

struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn key(&mut self) -> Key {
        let text = ["", "a", "ab", "b\0"][self.below(4) as usize];
        (text.into(), self.below(300))
    }
}

/// How far the checkpoint is that was begun.
enum Leaving {
    No,
    Collecting(Vec<Change>, Model),
    Collected(Vec<Change>, Model),
    Written,
}

#[derive(Clone)]
enum Write {
    Put(Key, u64),
    Change(Key, u64),
    Remove(Key),
}

struct Run {
    draw: Draw,
    store: Arc<MemoryStore>,
    table: Table<Key, u64>,
    model: Model,
    leaving: Leaving,
    cuts: u32,
    /// What the store must hold, and what was written to the table since.
    stored: Model,
    since_stored: Vec<Write>,
    since_cut: Vec<Write>,
}

impl Run {
    fn new(seed: u64) -> Run {
        let store = Arc::new(MemoryStore::default());
        Run {
            draw: Draw(seed),
            table: Table::over(7, Below::new(store.clone())),
            store,
            model: Model::new(),
            leaving: Leaving::No,
            cuts: 0,
            stored: Model::new(),
            since_stored: Vec::new(),
            since_cut: Vec::new(),
        }
    }

    fn write(&mut self, write: Write) {
        self.since_stored.push(write.clone());
        self.since_cut.push(write.clone());
        match &write {
            Write::Put(key, value) => drop(self.model.insert(key.clone(), *value)),
            Write::Change(key, more) => {
                self.model.entry(key.clone()).and_modify(|value| *value += more);
            }
            Write::Remove(key) => drop(self.model.remove(key)),
        }
        apply(&mut self.table, write, &mut self.draw);
    }

    fn step(&mut self) {
        let key = self.draw.key();
        match self.draw.below(20) {
            0..4 => {
                let value = self.draw.below(1_000_000);
                self.write(Write::Put(key, value));
            }
            4..6 => {
                let more = self.draw.below(9);
                self.write(Write::Change(key, more));
            }
            6..9 => self.write(Write::Remove(key)),
            9..11 => assert_eq!(self.table.get(&key).as_deref(), self.model.get(&key)),
            11 => self.compare_range(key),
            12 => {
                let first = self.table.first().map(|(key, value)| (key, *value));
                assert_eq!(first, self.model.first_key_value().map(|(key, value)| (key.clone(), *value)));
            }
            13..15 => {
                let rows = self.draw.below(40) as usize + 1;
                self.table.evict(rows);
            }
            15..19 => self.checkpoint(),
            _ if self.draw.below(4) == 0 => self.walk(key),
            _ => {
                if self.draw.below(10) == 0 {
                    self.restart();
                }
            }
        }
    }

    /// Reads rows in rising order, as does who makes the table read ahead, and removes some.
    fn walk(&mut self, (text, from): Key) {
        let apart = self.draw.below(3) + 1;
        for key in (from..300).step_by(apart as usize).take(30).map(|number| (text.clone(), number)) {
            match self.draw.below(6) {
                0 => self.write(Write::Remove(key)),
                1 => {
                    let first = self.table.range(key.clone()..=key.clone()).next().map(|(_, value)| *value);
                    assert_eq!(first, self.model.get(&key).copied());
                }
                _ => assert_eq!(self.table.get(&key).as_deref(), self.model.get(&key)),
            }
        }
    }

    fn compare_range(&mut self, key: Key) {
        let other = self.draw.key();
        let (from, to) = if key <= other { (key, other) } else { (other, key) };
        let limit = self.draw.below(200) as usize;
        let plain = |row: (&Key, &u64)| (row.0.clone(), *row.1);
        let shared = |row: (Key, Arc<u64>)| (row.0, *row.1);
        let range = from.clone()..=to.clone();
        assert!(
            self.table.range(range.clone()).take(limit).map(shared).eq(self
                .model
                .range(range.clone())
                .take(limit)
                .map(plain))
        );
        assert!(
            self.table.backward(range.clone()).take(limit).map(shared).eq(self
                .model
                .range(range)
                .rev()
                .take(limit)
                .map(plain))
        );
        let excluded = (Bound::Excluded(from.clone()), Bound::Included(to.clone()));
        if from < to {
            let rest = UpTo { from: Bound::Excluded(from.clone()), to };
            assert!(self.table.rows(rest).map(shared).eq(self.model.range(excluded).map(plain)));
        }
        let text = from.0.clone();
        let all = (text.clone(), 0)..=(text.clone(), u64::MAX);
        let beginning = self.table.beginning(text.clone(), (text, 0)).take(limit).map(shared);
        assert!(beginning.eq(self.model.range(all).take(limit).map(plain)));
    }

    fn checkpoint(&mut self) {
        self.leaving = match std::mem::replace(&mut self.leaving, Leaving::No) {
            Leaving::No => {
                self.cuts += 1;
                self.table.cut(self.cuts);
                self.since_cut.clear();
                Leaving::Collecting(Vec::new(), self.model.clone())
            }
            Leaving::Collecting(mut changes, at_cut) => {
                let mut limit = self.draw.below(30) as usize;
                match self.table.collect(&mut limit, &mut changes) {
                    true => Leaving::Collected(changes, at_cut),
                    false => Leaving::Collecting(changes, at_cut),
                }
            }
            Leaving::Collected(changes, at_cut) => {
                for Change { key, value } in changes {
                    self.store.write(key, value.map(|row| row.to_bytes()));
                }
                let copy = Table::<Key, u64>::over(7, Below::new(self.store.clone()));
                assert!(
                    copy.iter().map(|(key, value)| (key, *value)).eq(at_cut.clone()),
                    "not as it was at the cut"
                );
                self.stored = at_cut;
                self.since_stored = self.since_cut.clone();
                Leaving::Written
            }
            Leaving::Written => {
                self.table.confirm(&mut Vec::new());
                Leaving::No
            }
        };
    }

    fn restart(&mut self) {
        self.leaving = Leaving::No;
        self.table = Table::over(7, Below::new(self.store.clone()));
        self.cuts = 0;
        self.model = self.stored.clone();
        for write in std::mem::take(&mut self.since_stored) {
            self.write(write);
        }
    }

    fn compare_all(&self) {
        let mut rows = Vec::new();
        assert!(self.table.show(&mut |key, value| rows.push((key.to_vec(), value.to_vec()))));
        let mut wanted = Table::<Key, u64>::new(7);
        self.model.iter().for_each(|(key, value)| wanted.put(key.clone(), *value));
        let mut copy = Vec::new();
        wanted.show(&mut |key, value| copy.push((key.to_vec(), value.to_vec())));
        assert_eq!(rows, copy);
    }
}

fn apply(table: &mut Table<Key, u64>, write: Write, draw: &mut Draw) {
    match write {
        Write::Put(key, value) => match table.contains(&key) || draw.below(2) == 0 {
            true => table.put(key, value),
            false => table.insert(key, value),
        },
        Write::Change(key, more) => {
            let there = table.contains(&key);
            assert_eq!(table.change(&key, |value| *value += more), there);
        }
        Write::Remove(key) => match table.contains(&key) && draw.below(2) == 0 {
            true => table.erase(&key),
            false => drop(table.remove(&key)),
        },
    }
}

#[test]
fn a_table_is_a_map_whatever_is_checkpointed_evicted_or_restarted() {
    for seed in 0..30 {
        let mut run = Run::new(seed);
        for _ in 0..2_000 {
            run.step();
        }
        run.compare_all();
    }
}

/// A store that counts what is asked of it.
#[derive(Debug, Default)]
struct Counting {
    rows: MemoryStore,
    reads: std::sync::atomic::AtomicU64,
}

impl Counting {
    fn reads(&self) -> u64 {
        self.reads.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn count(&self) {
        self.reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

impl Stored for Counting {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoredError> {
        self.count();
        self.rows.get(key)
    }

    fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        limit: Limit,
        direction: Direction,
    ) -> Result<StoredRows, StoredError> {
        self.count();
        self.rows.scan(from, to, limit, direction)
    }
}

fn counted(rows: u64) -> (Arc<Counting>, Table<u64, u64>) {
    let store = Arc::new(Counting::default());
    let mut table = Table::over(7, Below::new(store.clone()));
    for key in 1..=rows {
        table.insert(key, key);
    }
    write_all(&store.rows, &mut table, 1);
    (store, table)
}

fn write_all(store: &MemoryStore, table: &mut Table<u64, u64>, number: u32) -> Vec<Change> {
    let mut changes = Vec::new();
    table.cut(number);
    while !table.collect(&mut 100, &mut changes) {}
    for Change { key, value } in changes.clone() {
        store.write(key, value.map(|row| row.to_bytes()));
    }
    table.confirm(&mut Vec::new());
    changes
}

#[test]
fn a_table_that_was_never_evicted_asks_nobody() {
    let (store, mut table) = counted(1_000);
    let before = store.reads();
    for key in 0..2_000 {
        table.get(&key);
        table.remove(&(key * 2));
    }
    assert_eq!(table.iter().count(), 500);
    assert_eq!(store.reads(), before);
}

#[test]
fn keys_newer_than_all_that_is_stored_are_never_looked_up_below() {
    let (store, table) = counted(1_000);
    drop(table);
    let mut table = Table::<u64, u64>::over(7, Below::new(store.clone()));
    let before = store.reads();
    for key in 1_001..3_000 {
        assert!(table.get(&key).is_none());
        table.put(key, 1);
        table.change(&key, |value| *value += 1);
        assert_eq!(table.range(key..=u64::MAX).count(), 1);
        table.remove(&key);
    }
    assert_eq!(store.reads(), before);
    assert!(
        write_all(&store.rows, &mut table, 1).is_empty(),
        "rows that lived between two checkpoints are not written"
    );
}

#[test]
fn the_first_row_of_a_long_queue_is_read_in_chunks() {
    let (store, table) = counted(10_000);
    drop(table);
    let mut table = Table::<u64, u64>::over(7, Below::new(store.clone()));
    let before = store.reads();
    for _ in 0..10_000 {
        let (key, _) = table.first().expect("there is a row");
        table.erase(&key);
    }
    assert!(table.is_empty());
    assert!(store.reads() - before <= 10_000 / 128 + 2, "{} reads", store.reads() - before);
}

#[test]
fn rows_that_are_asked_for_in_rising_order_are_read_ahead_and_so_are_those_that_are_not_there() {
    const ROWS: u64 = 10_000;
    let stretches = ROWS / 128;
    let reads = |read: fn(&mut Table<u64, u64>, u64)| {
        let (store, table) = counted(ROWS);
        drop(table);
        // Every other row is gone.
        for key in (2..=ROWS).step_by(2) {
            store.rows.write([&[7][..], &key.to_be_bytes()].concat(), None);
        }
        let mut table = Table::<u64, u64>::over(7, Below::new(store.clone()));
        let before = store.reads();
        (1..=ROWS).for_each(|key| read(&mut table, key));
        while table.evict(1_000) > 0 {}
        assert!(table.overlay.get_mut().rows.iter().next().is_none(), "what is read ahead is clean");
        store.reads() - before
    };
    let got =
        reads(|table, key| assert_eq!(table.get(&key).as_deref().copied(), (key % 2 == 1).then_some(key)));
    assert!(got <= stretches + 10, "{got} reads");
    let removed = reads(|table, key| assert_eq!(table.remove(&key).is_some(), key % 2 == 1));
    assert!(removed <= stretches + 10, "{removed} reads");
    let ranges = reads(|table, key| assert_eq!(table.range(key..=key).count() as u64, key % 2));
    assert!(ranges <= stretches + 10, "{ranges} reads");
    let mixed = reads(|table, key| {
        // An element, then its scope with the smaller key.
        let key = ((key - 1) ^ 1) + 1;
        assert_eq!(table.contains(&key), key % 2 == 1);
    });
    assert!(mixed <= stretches + 20, "{mixed} reads");
}

#[test]
fn what_is_read_ahead_has_a_limit_in_bytes() {
    let store = Arc::new(MemoryStore::default());
    let mut table = Table::<u64, Json>::over(7, Below::new(store.clone()));
    for key in 0..200 {
        table.put(key, Json("x".repeat(100_000).into()));
    }
    table.cut(1);
    let mut changes = Vec::new();
    while !table.collect(&mut 100, &mut changes) {}
    for Change { key, value } in changes {
        store.write(key, value.map(|row| row.to_bytes()));
    }
    let mut table = Table::<u64, Json>::over(7, Below::new(store));
    for key in 0..100 {
        assert!(table.get(&key).is_some());
        while table.evict(1_000) > 0 {}
        table.get(&key);
        assert!(table.overlay_bytes() < 500_000, "{} bytes", table.overlay_bytes());
    }
}

#[test]
fn what_the_next_checkpoint_has_to_write_is_what_changed_or_went_and_not_what_came_and_went() {
    let (_, mut table) = counted(100);
    assert_eq!(table.unwritten_rows(), 0);
    table.put(5, 1);
    table.remove(&6);
    assert_eq!(table.unwritten_rows(), 2);
    for key in 1_000..2_000 {
        table.put(key, 1);
        table.remove(&key);
    }
    assert_eq!(table.unwritten_rows(), 2);
    table.cut(2);
    assert_eq!(table.unwritten_rows(), 0, "the one that was begun has them");
    table.put(5, 2);
    assert_eq!(table.unwritten_rows(), 1);
}

#[test]
fn eviction_frees_all_memory_of_clean_rows_and_none_of_others() {
    let (store, mut table) = counted(10_000);
    table.put(5, 1);
    let before = store.reads();
    while table.evict(100) > 0 {}
    assert!(table.overlay_bytes() < 1_000, "{} bytes", table.overlay_bytes());
    assert_eq!(table.get(&5).as_deref(), Some(&1));
    assert_eq!(store.reads(), before);
    assert_eq!(table.get(&6).as_deref(), Some(&6));
    assert_eq!(store.reads(), before + 1);
}

#[test]
fn rows_on_their_way_to_the_store_stay_in_memory() {
    let (store, mut table) = counted(10);
    table.put(3, 33);
    table.remove(&4);
    table.cut(2);
    let mut changes = Vec::new();
    while !table.collect(&mut 100, &mut changes) {}
    assert_eq!(changes.len(), 2);
    while table.evict(100) > 0 {}
    assert_eq!(table.get(&3).as_deref(), Some(&33), "the store still has the old one");
    assert!(table.get(&4).is_none(), "the store still has it");
    assert_eq!(table.iter().count(), 9);
    drop(store);
}

#[test]
fn a_row_that_lives_between_two_checkpoints_is_never_written() {
    let mut table = Table::<u64, u64>::new(7);
    let store = MemoryStore::default();
    table.put(1, 10);
    table.put(2, 20);
    table.remove(&1);
    assert_eq!(write_all(&store, &mut table, 1).len(), 1);
    assert!(write_all(&store, &mut table, 2).is_empty(), "nothing changed since");
    table.remove(&2);
    table.put(2, 21);
    table.remove(&2);
    let changes = write_all(&store, &mut table, 3);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].key, [7, 0, 0, 0, 0, 0, 0, 0, 2]);
    assert!(changes[0].value.is_none());
    assert!(store.rows().is_empty());
}

/// A store that fails.
#[derive(Debug)]
struct Broken;

impl Stored for Broken {
    fn get(&self, _: &[u8]) -> Result<Option<Vec<u8>>, StoredError> {
        Err(StoredError("the disk is gone".into()))
    }

    fn scan(&self, from: &[u8], _: &[u8], _: Limit, direction: Direction) -> Result<StoredRows, StoredError> {
        match direction {
            Direction::Backward => Ok(vec![([from, &[0, 0, 0, 0, 0, 0, 0, 9]].concat(), vec![1])]),
            Direction::Forward => Err(StoredError("the disk is gone".into())),
        }
    }
}

#[test]
fn a_failure_below_is_remembered() {
    type Read = fn(&Table<u64, u64>);
    let reads: [Read; 2] = [|table| drop(table.get(&3)), |table| drop(table.first())];
    for read in reads {
        let below = Below::new(Arc::new(Broken));
        let table = Table::over(7, below.clone());
        assert!(below.failure().is_none());
        read(&table);
        assert_eq!(below.failure(), Some(&StoredError("the disk is gone".into())));
    }
}

#[test]
fn a_damaged_row_is_a_failure() {
    let store = Arc::new(MemoryStore::default());
    store.write(vec![7, 0, 0, 0, 0, 0, 0, 0, 1], Some(vec![0xFF]));
    let below = Below::new(store);
    let table = Table::<u64, u64>::over(7, below.clone());
    assert!(table.get(&1).is_none());
    assert_eq!(below.failure(), Some(&StoredError("a row of table 7 is damaged".into())));
}
