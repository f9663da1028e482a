//! Random expressions of a wanted type, made from the templates in `templates.txt`.
//!
//! In a template `$N` stands for an expression of type number and so on; now and then for another type or null instead.

use std::{collections::BTreeMap, fmt::Write};

/// What an expression is meant to give, by its letter in the templates.
type Kind = u8;

const ANY: Kind = b'A';
const KINDS: &[Kind] = b"NBSDTZLWPYOUERC";

/// Templates by group and kind.
struct Templates(BTreeMap<(&'static str, Kind), Vec<&'static str>>);

impl Templates {
    fn read() -> Self {
        let mut templates = BTreeMap::new();
        let mut section: &mut Vec<&'static str> = &mut Vec::new();
        for line in
            include_str!("templates.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            match line.strip_prefix("== ").and_then(|header| header.split_once(' ')) {
                Some((group, kind)) => section = templates.entry((group, kind.as_bytes()[0])).or_default(),
                None => section.push(line),
            }
        }
        Self(templates)
    }

    fn of(&self, group: &'static str, kind: Kind) -> &[&'static str] {
        self.0.get(&(group, kind)).unwrap_or_else(|| &self.0[&(group, b'*')])
    }

    fn has(&self, kind: Kind) -> bool {
        self.0.contains_key(&("leaves", kind))
    }
}

/// One expression with its variables, as a request to the oracle.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) text: String,
    pub(crate) variables: String,
    /// The input of unary tests.
    pub(crate) input: Option<String>,
}

impl Case {
    pub(crate) fn request(&self) -> String {
        let mut out = format!("{{\"expr\":{},\"ctx\":{}", quote(&self.text), self.variables);
        if let Some(input) = &self.input {
            let _ = write!(out, ",\"kind\":\"unaryTests\",\"input\":{input}");
        }
        out.push('}');
        out
    }
}

pub(crate) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for next in text.chars() {
        match next {
            '"' | '\\' => out.extend(['\\', next]),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A source of cases; the same seed gives the same cases.
pub(crate) struct Generator {
    state: u64,
    templates: Templates,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed, templates: Templates::read() }
    }

    fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((bits ^ (bits >> 31)) % end as u64) as usize
    }

    fn pick<'t>(&mut self, choices: &[&'t str]) -> &'t str {
        choices[self.below(choices.len())]
    }

    fn template(&mut self, group: &'static str, kind: Kind) -> &'static str {
        let at = self.below(self.templates.of(group, kind).len());
        self.templates.of(group, kind)[at]
    }

    pub(crate) fn case(&mut self) -> Case {
        let kind = KINDS[self.below(KINDS.len())];
        let variables = self.variables();
        let depth = 1 + self.below(3);
        if self.below(8) > 0 {
            let text = self.expression(kind, depth, true);
            return Case { text, variables, input: None };
        }
        let kind = b"NSBC"[self.below(4)];
        let template = self.template("tests", kind);
        let text = self.fill(template, depth - 1);
        let input = match kind {
            b'N' => self.pick(&["0", "1", "3", "7.5", "-2", "null"]),
            b'S' => self.pick(&["\"a\"", "\"foobar\"", "\"\"", "null"]),
            b'B' => self.pick(&["true", "false", "null"]),
            _ => self.pick(&["{\"a\":1}", "[1,2]", "null"]),
        };
        Case { text, variables, input: Some(input.to_owned()) }
    }

    fn variables(&mut self) -> String {
        let number = |this: &mut Self| this.pick(&["0", "1", "-7", "12", "3.5", "0.10", "1000000"]);
        let [n1, n2, n3, a, e] = [(); 5].map(|()| number(self));
        let [s1, s2, b] =
            [(); 3].map(|()| self.pick(&["\"\"", "\"x\"", "\"foobar\"", "\"My Foo Bar\"", "null"]));
        let s3 = self.pick(&["\"2024-05-06\"", "\"2023-02-29\"", "\"nonsense\""]);
        let [b1, b2, f] = [(); 3].map(|()| self.pick(&["true", "false", "null"]));
        let ln = self.pick(&["[]", "[1,2,3]", "[5,-1,2.5,5]", "[null,1]"]);
        let ls = self.pick(&["[]", "[\"a\",\"b\",\"c\"]", "[\"x\",null]"]);
        let lc =
            self.pick(&["[]", "[{\"a\":1,\"b\":\"x\"},{\"a\":3,\"b\":\"y\"}]", "[{\"a\":5},{\"b\":\"z\"}]"]);
        format!(
            "{{\"n1\":{n1},\"n2\":{n2},\"n3\":{n3},\"s1\":{s1},\"s2\":{s2},\"s3\":{s3},\"b1\":{b1},\"b2\":{b2},\"z\":null,\
             \"ln\":{ln},\"ls\":{ls},\"lc\":{lc},\"c\":{{\"a\":{a},\"b\":{b},\"d\":{{\"e\":{e}}},\"f\":{f}}}}}"
        )
    }

    /// `is_whole`: it is the whole text, so it needs no parentheses.
    fn expression(&mut self, kind: Kind, depth: usize, is_whole: bool) -> String {
        let kind = match self.below(100) {
            0..=3 => ANY,
            4..=8 => KINDS[self.below(KINDS.len())],
            _ => kind,
        };
        if depth == 0 {
            return self.template("leaves", kind).to_owned();
        }
        let template = self.template("branches", kind);
        let text = self.fill(template, depth - 1);
        let is_bare = is_whole || (self.below(100) < 6);
        if is_bare { text } else { format!("({text})") }
    }

    fn fill(&mut self, template: &str, depth: usize) -> String {
        let mut out = String::new();
        let mut rest = template;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            match rest.as_bytes().get(at + 1).copied().filter(|kind| self.templates.has(*kind)) {
                Some(kind) => {
                    let depth = if self.below(4) == 0 { 0 } else { depth };
                    out.push_str(&self.expression(kind, depth, false));
                    rest = &rest[at + 2..];
                }
                None => {
                    out.push('$');
                    rest = &rest[at + 1..];
                }
            }
        }
        out.push_str(rest);
        out
    }
}
