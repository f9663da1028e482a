//! Which rules can match, without looking at all of them.
//!
//! Each input column is cut into *classes*: for numbers, strings and dates the values written in its cells and the
//! gaps between them, in order (class `2i + 1` is the `i`th value, `2i` the gap before it), and the two booleans. A
//! cell that only names values and intervals then accepts some ranges of classes, so testing it is comparing small
//! integers, and for each class the rules that accept it are listed. A lookup takes the column with the fewest
//! candidates and tests those rules on the other columns, in the order of the table.
//!
//! A value of a type that no cell of the column names is [`Class::Unknown`]: FEEL decides how types mix.
//!
//! Cells that are not that simple ([`Pattern::Test`]) are evaluated. A rule is never skipped by a column that stands
//! to the right of such a cell: the full scan would have evaluated it, and it could have failed.

use std::sync::Arc;

use smallvec::SmallVec;
use weir_feel::temporal::Date;
use weir_feel::{Number, Value};

/// Lists of rules by class are kept while they hold at most this many entries for each rule; a column of widely
/// overlapping intervals is only used to test candidates.
const POSTINGS_PER_RULE: usize = 16;

/// What a cell accepts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pattern {
    /// Everything: `-`.
    Any,
    /// Any of these.
    Spans(Vec<Span>),
    /// What only an evaluation can tell.
    Test,
}

/// An interval of one type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Span {
    Number(Interval<Number>),
    String(Interval<Arc<str>>),
    Date(Interval<Date>),
    Boolean(bool),
}

/// All values between two ends; without an end, all up to there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Interval<K> {
    pub(crate) lower: Option<(K, bool)>,
    pub(crate) upper: Option<(K, bool)>,
}

impl<K: Clone> Interval<K> {
    pub(crate) fn point(value: K) -> Self {
        Self { lower: Some((value.clone(), true)), upper: Some((value, true)) }
    }
}

/// The class of an input value in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Known(u32),
    /// Null, a list, or another type that cells are not sorted by: every cell is evaluated.
    Unknown,
}

/// What a cell says of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Yes,
    No,
    Evaluate,
}

/// The index of one table.
#[derive(Debug)]
pub(crate) struct Index {
    rules: u32,
    columns: Vec<Column>,
    /// By rule, then by column.
    cells: Vec<Cell>,
    /// The ranges of cells that have several.
    ranges: Vec<(u32, u32)>,
}

#[derive(Debug, Clone, Copy)]
enum Cell {
    Any,
    Test,
    Range(u32, u32),
    Ranges { start: u32, end: u32 },
}

#[derive(Debug)]
struct Column {
    numbers: Axis<Number>,
    strings: Axis<Arc<str>>,
    dates: Axis<Date>,
    booleans: bool,
    /// The first class of strings, dates and booleans; numbers start at 0.
    offsets: [u32; 3],
    postings: Option<Postings>,
    /// Rules that this column cannot exclude, in order.
    always: Vec<u32>,
}

/// Rules by class: those of class `c` are `rules[starts[c]..starts[c + 1]]`, in order.
#[derive(Debug)]
struct Postings {
    starts: Vec<u32>,
    rules: Vec<u32>,
}

/// The values of one type that are written in a column, sorted.
#[derive(Debug)]
struct Axis<K>(Vec<K>);

impl<K: Ord + Clone> Axis<K> {
    fn new(mut marks: Vec<K>) -> Self {
        marks.sort();
        marks.dedup();
        Self(marks)
    }

    fn classes(&self) -> u32 {
        2 * self.0.len() as u32 + 1
    }

    fn class(&self, value: &K) -> u32 {
        match self.0.binary_search(value) {
            Ok(at) => 2 * at as u32 + 1,
            Err(at) => 2 * at as u32,
        }
    }

    fn class_of(&self, value: &K, offset: u32) -> Class {
        if self.0.is_empty() { Class::Unknown } else { Class::Known(offset + self.class(value)) }
    }

    fn range(&self, interval: &Interval<K>) -> (u32, u32) {
        let lower = interval.lower.as_ref().map_or(0, |(mark, with)| self.class(mark) + u32::from(!with));
        let upper = match &interval.upper {
            None => self.classes() - 1,
            Some((mark, true)) => self.class(mark),
            Some((mark, false)) => self.class(mark) - 1,
        };
        (lower, upper)
    }
}

impl Column {
    fn new(spans: &[&Span]) -> Self {
        let (mut numbers, mut strings, mut dates) = (Vec::new(), Vec::new(), Vec::new());
        let mut booleans = false;
        for span in spans {
            match span {
                Span::Number(interval) => marks(interval, &mut numbers),
                Span::String(interval) => marks(interval, &mut strings),
                Span::Date(interval) => marks(interval, &mut dates),
                Span::Boolean(_) => booleans = true,
            }
        }
        let (numbers, strings, dates) = (Axis::new(numbers), Axis::new(strings), Axis::new(dates));
        let first = numbers.classes();
        let second = first + strings.classes();
        let offsets = [first, second, second + dates.classes()];
        Self { numbers, strings, dates, booleans, offsets, postings: None, always: Vec::new() }
    }

    fn classes(&self) -> u32 {
        self.offsets[2] + 2
    }

    fn class(&self, value: &Value) -> Class {
        match value {
            Value::Number(number) => self.numbers.class_of(number, 0),
            Value::String(text) => self.strings.class_of(text, self.offsets[0]),
            Value::Date(date) => self.dates.class_of(date, self.offsets[1]),
            Value::Boolean(value) if self.booleans => Class::Known(self.offsets[2] + u32::from(*value)),
            Value::Boolean(_)
            | Value::Null
            | Value::Time(_)
            | Value::DateTime(_)
            | Value::DaysDuration(_)
            | Value::MonthsDuration(_)
            | Value::List(_)
            | Value::Context(_)
            | Value::Range(_)
            | Value::Function(_) => Class::Unknown,
        }
    }

    fn range(&self, span: &Span) -> (u32, u32) {
        let moved = |offset: u32, (lower, upper): (u32, u32)| (offset + lower, offset + upper);
        match span {
            Span::Number(interval) => self.numbers.range(interval),
            Span::String(interval) => moved(self.offsets[0], self.strings.range(interval)),
            Span::Date(interval) => moved(self.offsets[1], self.dates.range(interval)),
            Span::Boolean(value) => {
                (self.offsets[2] + u32::from(*value), self.offsets[2] + u32::from(*value))
            }
        }
    }
}

fn marks<K: Clone>(interval: &Interval<K>, into: &mut Vec<K>) {
    into.extend(interval.lower.iter().chain(&interval.upper).map(|(mark, _)| mark.clone()));
}

impl Index {
    /// Builds the index of a table of `columns` inputs from the patterns of its rules.
    pub(crate) fn new(columns: usize, rules: &[Vec<Pattern>]) -> Self {
        let mut index = Self {
            rules: rules.len() as u32,
            columns: Vec::with_capacity(columns),
            cells: vec![Cell::Any; rules.len() * columns],
            ranges: Vec::new(),
        };
        for at in 0..columns {
            let column = index.column(at, columns, rules);
            index.columns.push(column);
        }
        for at in 0..columns {
            index.list(at);
        }
        index
    }

    fn column(&mut self, at: usize, columns: usize, rules: &[Vec<Pattern>]) -> Column {
        let spans: Vec<&Span> = rules
            .iter()
            .flat_map(|rule| match &rule[at] {
                Pattern::Spans(spans) => spans.as_slice(),
                Pattern::Any | Pattern::Test => &[],
            })
            .collect();
        let column = Column::new(&spans);
        for (rule, patterns) in rules.iter().enumerate() {
            self.cells[rule * columns + at] = match &patterns[at] {
                Pattern::Any => Cell::Any,
                Pattern::Test => Cell::Test,
                Pattern::Spans(spans) => self.cell(&column, spans),
            };
        }
        column
    }

    fn cell(&mut self, column: &Column, spans: &[Span]) -> Cell {
        let mut ranges: Vec<_> =
            spans.iter().map(|s| column.range(s)).filter(|(low, high)| low <= high).collect();
        ranges.sort_unstable();
        // Overlapping ranges become one, so that a rule is listed once for each class.
        ranges.dedup_by(|next, kept| {
            let joined = next.0 <= kept.1.saturating_add(1);
            if joined {
                kept.1 = kept.1.max(next.1);
            }
            joined
        });
        if let [(low, high)] = ranges[..] {
            return Cell::Range(low, high);
        }
        let start = self.ranges.len() as u32;
        self.ranges.extend(ranges);
        Cell::Ranges { start, end: self.ranges.len() as u32 }
    }

    /// Lists the rules of a column by class, and those that it cannot exclude.
    fn list(&mut self, at: usize) {
        let mut entries: Vec<(u32, u32)> = Vec::new();
        let mut always = Vec::new();
        let most = POSTINGS_PER_RULE * self.rules as usize;
        let mut listed = true;
        for rule in 0..self.rules {
            let row = &self.cells[rule as usize * self.columns.len()..][..=at];
            if row[..at].iter().any(|cell| matches!(cell, Cell::Test)) {
                always.push(rule);
                continue;
            }
            let ranges = match row[at] {
                Cell::Any | Cell::Test => {
                    always.push(rule);
                    continue;
                }
                Cell::Range(low, high) => &[(low, high)][..],
                Cell::Ranges { start, end } => &self.ranges[start as usize..end as usize],
            };
            let count: usize = ranges.iter().map(|(low, high)| (high - low + 1) as usize).sum();
            listed &= entries.len() + count <= most;
            if listed {
                entries.extend(ranges.iter().flat_map(|(low, high)| *low..=*high).map(|class| (class, rule)));
            }
        }
        let column = &mut self.columns[at];
        column.always = always;
        column.postings = listed.then(|| postings(entries, column.classes()));
    }

    /// The class of each input value.
    pub(crate) fn classes<'v>(&self, values: impl Iterator<Item = &'v Value>) -> SmallVec<[Class; 8]> {
        self.columns.iter().zip(values).map(|(column, value)| column.class(value)).collect()
    }

    /// The rules that may match, in order: a superset of those that do.
    pub(crate) fn candidates(&self, classes: &[Class]) -> Candidates<'_> {
        let mut best: Option<(usize, &[u32], &[u32])> = None;
        for (column, class) in self.columns.iter().zip(classes) {
            let (Some(postings), Class::Known(class)) = (&column.postings, *class) else { continue };
            let starts = &postings.starts[class as usize..];
            let listed = &postings.rules[starts[0] as usize..starts[1] as usize];
            let count = listed.len() + column.always.len();
            if best.is_none_or(|(least, _, _)| count < least) {
                best = Some((count, listed, &column.always));
            }
        }
        match best {
            Some((_, listed, always)) => Candidates::Merged(listed, always),
            None => Candidates::All(0..self.rules),
        }
    }

    /// What the cell of a rule says of a class.
    pub(crate) fn verdict(&self, rule: u32, column: usize, class: Class) -> Verdict {
        let said = |yes| if yes { Verdict::Yes } else { Verdict::No };
        match (self.cells[rule as usize * self.columns.len() + column], class) {
            (Cell::Any, _) => Verdict::Yes,
            (Cell::Test, _) | (_, Class::Unknown) => Verdict::Evaluate,
            (Cell::Range(low, high), Class::Known(class)) => said(low <= class && class <= high),
            (Cell::Ranges { start, end }, Class::Known(class)) => {
                let ranges = &self.ranges[start as usize..end as usize];
                said(ranges.iter().any(|(low, high)| *low <= class && class <= *high))
            }
        }
    }
}

fn postings(mut entries: Vec<(u32, u32)>, classes: u32) -> Postings {
    entries.sort_unstable();
    let mut starts = Vec::with_capacity(classes as usize + 1);
    let mut at = 0;
    for class in 0..=classes {
        while entries.get(at).is_some_and(|(c, _)| *c < class) {
            at += 1;
        }
        starts.push(at as u32);
    }
    Postings { starts, rules: entries.into_iter().map(|(_, rule)| rule).collect() }
}

/// Rules in order; an iterator.
#[derive(Debug)]
pub(crate) enum Candidates<'a> {
    All(std::ops::Range<u32>),
    Merged(&'a [u32], &'a [u32]),
}

impl Iterator for Candidates<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        match self {
            Self::All(range) => range.next(),
            Self::Merged(left, right) => {
                let from = match (left.first(), right.first()) {
                    (Some(l), Some(r)) if l < r => left,
                    (Some(_), None) => left,
                    (None | Some(_), _) => right,
                };
                let (first, rest) = from.split_first()?;
                *from = rest;
                Some(*first)
            }
        }
    }
}
