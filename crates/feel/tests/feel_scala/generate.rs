//! Random expressions of a wanted type, made from templates.
//!
//! In a template `$N` stands for an expression of type number and so on; now and then for another type or null instead.

use std::fmt::Write;

/// What an expression is meant to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Boolean,
    Text,
    Date,
    LocalTime,
    ZonedTime,
    LocalDateTime,
    ZonedDateTime,
    Days,
    Months,
    Numbers,
    Texts,
    Dates,
    Contexts,
    Context,
    Any,
}

use Kind::{
    Any, Boolean, Context, Contexts, Date, Dates, Days, LocalDateTime, LocalTime, Months, Number, Numbers,
    Text, Texts, ZonedDateTime, ZonedTime,
};

const KINDS: [Kind; 15] = [
    Number,
    Boolean,
    Text,
    Date,
    LocalTime,
    ZonedTime,
    LocalDateTime,
    ZonedDateTime,
    Days,
    Months,
    Numbers,
    Texts,
    Dates,
    Contexts,
    Context,
];

fn kind_of(letter: u8) -> Option<Kind> {
    Some(match letter {
        b'N' => Number,
        b'B' => Boolean,
        b'S' => Text,
        b'D' => Date,
        b'T' => LocalTime,
        b'Z' => ZonedTime,
        b'L' => LocalDateTime,
        b'W' => ZonedDateTime,
        b'P' => Days,
        b'Y' => Months,
        b'O' => Numbers,
        b'U' => Texts,
        b'E' => Dates,
        b'R' => Contexts,
        b'C' => Context,
        b'A' => Any,
        _ => return None,
    })
}

/// Expressions without others inside.
fn leaves(kind: Kind) -> &'static [&'static str] {
    match kind {
        Number => &[
            "0",
            "1",
            "2",
            "3",
            "7",
            "-1",
            "-3",
            "10",
            "100",
            "0.5",
            "1.50",
            "2.345",
            ".25",
            "-2.5",
            "1234567890123",
            "99999999999999999999",
            "0.1",
            "n1",
            "n2",
            "n3",
            "c.a",
            "c.d.e",
            "ln[1]",
            "ln[-1]",
            "count(ln)",
        ],
        Boolean => &["true", "false", "b1", "b2", "c.f"],
        Text => &[
            "\"\"",
            "\"a\"",
            "\"abc\"",
            "\"foobar\"",
            "\"Hello World\"",
            "\" x \"",
            "\"2024-02-29\"",
            "\"12.5\"",
            "\"P1D\"",
            "\"a;b;;c\"",
            "\"\u{e4}\u{f6}\u{fc} \u{df}\"",
            "\"q\\\"q\"",
            "s1",
            "s2",
            "c.b",
            "ls[1]",
        ],
        Date => &[
            "@\"2024-02-29\"",
            "date(\"2023-12-31\")",
            "date(2024, 1, 31)",
            "@\"1999-01-01\"",
            "date(\"2021-03-14\")",
            "today()",
            "date(s3)",
        ],
        LocalTime => &[
            "@\"10:30:00\"",
            "time(\"23:59:59\")",
            "time(8, 15, 30)",
            "time(\"00:00:00\")",
            "@\"12:00:00.25\"",
        ],
        ZonedTime => &[
            "@\"10:30:00+02:00\"",
            "time(\"23:59:59Z\")",
            "@\"08:15:00@Europe/Berlin\"",
            "time(12, 0, 0, @\"-PT5H\")",
            "@\"12:00:00@America/New_York\"",
        ],
        LocalDateTime => &[
            "@\"2024-02-29T10:30:00\"",
            "date and time(\"2023-12-31T23:59:59.5\")",
            "date and time(@\"2024-01-31\", @\"08:00:00\")",
            "date and time(\"2024-03-31T02:30:00\")",
        ],
        ZonedDateTime => &[
            "@\"2024-02-29T10:30:00Z\"",
            "now()",
            "@\"2024-03-31T01:30:00+01:00\"",
            "@\"2024-03-30T02:30:00@Europe/Berlin\"",
            "@\"2024-10-27T02:30:00@Europe/Berlin\"",
            "@\"2024-07-01T12:00:00@America/New_York\"",
        ],
        Days => &[
            "@\"P1D\"",
            "duration(\"PT1H30M\")",
            "@\"-PT5M\"",
            "@\"PT0S\"",
            "duration(\"P2DT3H4M5S\")",
            "@\"PT0.5S\"",
            "@\"PT36H\"",
        ],
        Months => &["@\"P1Y\"", "duration(\"P14M\")", "@\"-P3M\"", "@\"P0M\"", "@\"P1Y6M\""],
        Numbers => &["[]", "[1]", "[1, 2, 3]", "[3, 1, 2, 2]", "ln", "[-1.5, 0, 1.50]"],
        Texts => &["[]", "[\"a\", \"b\"]", "[\"b\", \"a\", \"b\"]", "ls"],
        Dates => &["[@\"2024-01-01\", @\"2023-06-15\"]", "[today()]", "[]"],
        Contexts => &["lc", "[{a: 1, b: \"x\"}, {a: 2, b: \"y\"}]", "[]"],
        Context => &["c", "{}", "{a: 1}", "{a: 2, b: \"x\", f: true}", "lc[1]"],
        Any => &["null", "missing", "z", "c.missing"],
    }
}

/// Expressions with others inside.
fn branches(kind: Kind) -> &'static [&'static str] {
    match kind {
        Number => &[
            "$N + $N",
            "$N - $N",
            "$N * $N",
            "$N / $N",
            "-$N",
            "$N ** 2",
            "$N ** $N",
            "abs($N)",
            "floor($N)",
            "ceiling($N)",
            "floor($N, 1)",
            "ceiling($N, 1)",
            "decimal($N, 2)",
            "round up($N, 1)",
            "round down($N, 1)",
            "round half up($N, 1)",
            "round half down($N, 0)",
            "modulo($N, $N)",
            "sqrt(abs($N))",
            "min($O)",
            "max($O)",
            "min($N, $N)",
            "max($N, $N, $N)",
            "sum($O)",
            "sum($N, $N)",
            "count($O)",
            "count($U)",
            "mean($O)",
            "median($O)",
            "product($O)",
            "string length($S)",
            "day of year($D)",
            "week of year($L)",
            "number($S)",
            "number(\"1,234.5\", \",\", \".\")",
            "$P / $P",
            "$Y / $Y",
            "if $B then $N else $N",
            "get or else($A, $N)",
            "$O[1]",
            "$O[-2]",
            "$O[$N]",
            "$R[1].a",
            "$C.a",
            "$D.year",
            "$D.month",
            "$D.day",
            "$D.weekday",
            "$T.hour",
            "$Z.minute",
            "$L.second",
            "$W.hour",
            "$P.days",
            "$P.hours",
            "$P.seconds",
            "$Y.years",
            "$Y.months",
            "index of($O, $N)[1]",
            "modulo(dividend: $N, divisor: $N)",
            "floor(n: $N)",
            "abs(n: $N)",
            "(for i in $O return i + $N)[1]",
            "stddev($O)",
            "mode($O)[1]",
            "exp(1)",
            "log(10)",
        ],
        Boolean => &[
            "$N < $N",
            "$N <= $N",
            "$N > $N",
            "$N >= $N",
            "$N = $N",
            "$N != $N",
            "$S = $S",
            "$S < $S",
            "$S != $S",
            "$B = $B",
            "$D < $D",
            "$D = $D",
            "$D >= $D",
            "$T < $T",
            "$T = $T",
            "$Z < $Z",
            "$Z = $Z",
            "$L <= $L",
            "$L = $L",
            "$W < $W",
            "$W = $W",
            "$P < $P",
            "$P = $P",
            "$Y > $Y",
            "$Y = $Y",
            "$A = $A",
            "$A != null",
            "$A = null",
            "$A < $A",
            "$O = $O",
            "$C = $C",
            "$B and $B",
            "$B or $B",
            "not($B)",
            "$N between $N and $N",
            "$D between $D and $D",
            "$N in [1..10]",
            "$N in ($N..$N]",
            "$D in [@\"2024-01-01\"..@\"2024-12-31\"]",
            "$N in (1, 2, 3)",
            "$N in (> 2)",
            "$S in (\"a\", \"b\")",
            "$A instance of number",
            "$A instance of string",
            "$A instance of date",
            "$A instance of time",
            "$A instance of date and time",
            "$A instance of days and time duration",
            "$A instance of list",
            "$A instance of context",
            "$A instance of Any",
            "some x in $O satisfies x > $N",
            "every x in $O satisfies x > $N",
            "some x in $R satisfies x.a = $N",
            "contains($S, $S)",
            "starts with($S, $S)",
            "ends with($S, $S)",
            "matches($S, \"[a-z]+\")",
            "matches($S, \"^F\", \"i\")",
            "list contains($O, $N)",
            "list contains($U, $S)",
            "even($N)",
            "odd($N)",
            "all([$B, $B])",
            "any([$B, $B])",
            "all($B, $B)",
            "is defined($A)",
            "is empty($O)",
            "is blank($S)",
            "if $B then $B else $B",
            "before($N, $N)",
            "before($N, [$N..$N])",
            "after($D, $D)",
            "after([$N..$N], $N)",
            "meets([$N..$N], [$N..$N])",
            "met by([$N..$N], [$N..$N])",
            "overlaps([$N..$N], ($N..$N))",
            "overlaps before([$N..$N], [$N..$N])",
            "overlaps after([$N..$N], [$N..$N))",
            "finishes($N, [$N..$N])",
            "finishes([$N..$N], [$N..$N])",
            "finished by([$N..$N], $N)",
            "includes([$N..$N], $N)",
            "includes([$N..$N], [$N..$N])",
            "during($N, [$N..$N])",
            "starts($N, [$N..$N])",
            "started by([$N..$N], $N)",
            "coincides($N, $N)",
            "coincides([$N..$N], [$N..$N])",
            "during($D, [$D..$D])",
            "before($P, $P)",
            "before($W, $W)",
            "before(point1: $N, point2: $N)",
            "$O[item > $N] = []",
            "$D = $L",
            "$L = $W",
            "$T = $Z",
            "get or else($A, $B)",
        ],
        Text => &[
            "$S + $S",
            "upper case($S)",
            "lower case($S)",
            "substring($S, 1)",
            "substring($S, 1, 1)",
            "substring($S, -1)",
            "substring before($S, $S)",
            "substring after($S, $S)",
            "replace($S, \"[aeiou]\", \"*\")",
            "replace($S, \"(o)(.)\", \"$2$1\")",
            "replace($S, \"O\", \"0\", \"i\")",
            "trim($S)",
            "string($N)",
            "string($B)",
            "string($S)",
            "string($D)",
            "string($T)",
            "string($Z)",
            "string($L)",
            "string($W)",
            "string($P)",
            "string($Y)",
            "string($O)",
            "string($U)",
            "string({a: $N})",
            "string join($U)",
            "string join($U, \"-\")",
            "string join($U, \", \", \"[\", \"]\")",
            "day of week($D)",
            "month of year($L)",
            "to base64($S)",
            "cycle($P)",
            "cycle($N, $Y)",
            "if $B then $S else $S",
            "get or else($A, $S)",
            "$U[1]",
            "$U[-1]",
            "$R[1].b",
            "$C.b",
            "$Z.timezone",
            "$W.timezone",
            "extract($S, \"[a-z]\")[1]",
            "split($S, \";\")[1]",
            "substring(string: $S, start position: 1)",
        ],
        Date => &[
            "date($L)",
            "date($W)",
            "date($D)",
            "date($N, $N, $N)",
            "date(2024, 2, $N)",
            "$D + $Y",
            "$D + $P",
            "$D - $Y",
            "$D - $P",
            "$Y + $D",
            "last day of month($D)",
            "last day of month($W)",
            "if $B then $D else $D",
            "$E[1]",
            "min($E)",
            "max($E)",
            "date($S)",
            "min($D, $D)",
        ],
        LocalTime => &[
            "time($L)",
            "$T + $P",
            "$T - $P",
            "$P + $T",
            "if $B then $T else $T",
            "time($N, $N, $N)",
            "time($S)",
            "time(10, 30, $N)",
        ],
        ZonedTime => {
            &["time($W)", "$Z + $P", "$Z - $P", "time($D)", "time(1, 2, 3, $P)", "if $B then $Z else $Z"]
        }
        LocalDateTime => &[
            "date and time($D, $T)",
            "date and time($L, $T)",
            "date and time($W, $T)",
            "$L + $P",
            "$L - $P",
            "$L + $Y",
            "$L - $Y",
            "$Y + $L",
            "if $B then $L else $L",
            "date and time($S)",
        ],
        ZonedDateTime => &[
            "date and time($D, $Z)",
            "date and time($W, $Z)",
            "$W + $P",
            "$W - $P",
            "$W + $Y",
            "$W - $Y",
            "$P + $W",
            "date and time($W, \"Europe/Berlin\")",
            "date and time($L, \"America/New_York\")",
            "date and time($L, \"Z\")",
            "if $B then $W else $W",
        ],
        Days => &[
            "$D - $D",
            "$T - $T",
            "$Z - $Z",
            "$L - $L",
            "$W - $W",
            "$P + $P",
            "$P - $P",
            "$P * $N",
            "$N * $P",
            "$P / $N",
            "abs($P)",
            "$Z.time offset",
            "$W.time offset",
            "duration($S)",
            "if $B then $P else $P",
            "min($P, $P)",
            "duration(string($P))",
        ],
        Months => &[
            "years and months duration($D, $D)",
            "years and months duration($L, $W)",
            "$Y + $Y",
            "$Y - $Y",
            "$Y * $N",
            "$N * $Y",
            "$Y / $N",
            "abs($Y)",
            "if $B then $Y else $Y",
            "max($Y, $Y)",
            "duration(string($Y))",
        ],
        Numbers => &[
            "[$N, $N]",
            "[$N, $N, $N]",
            "for i in $O return i + $N",
            "for i in 1..3 return i * $N",
            "for i in 3..1 return i",
            "for i in $O, j in $O return i - j",
            "for i in 1..4 return sum(partial) + i",
            "$O[item > $N]",
            "$O[item = $N]",
            "$O[odd(item)]",
            "concatenate($O, $O)",
            "append($O, $N)",
            "reverse($O)",
            "sort($O, function(x, y) x < y)",
            "sort($O, function(x, y) x > y)",
            "distinct values($O)",
            "sublist($O, 1)",
            "sublist($O, 1, 2)",
            "sublist($O, -1)",
            "remove($O, 1)",
            "insert before($O, 1, $N)",
            "flatten([$O, $O])",
            "union($O, $O)",
            "index of($O, $N)",
            "duplicate values($O)",
            "$R.a",
            "mode($O)",
            "partition($O, 2)[1]",
            "if $B then $O else $O",
            "$R[a > $N].a",
            "get value($C, \"l\")",
        ],
        Texts => &[
            "[$S, $S]",
            "split($S, \";\")",
            "split($S, \"\\s\")",
            "extract($S, \"[a-z]+\")",
            "for s in $U return s + $S",
            "concatenate($U, $U)",
            "append($U, $S)",
            "reverse($U)",
            "sort($U, function(x, y) x < y)",
            "distinct values($U)",
            "$U[starts with(item, $S)]",
            "$R.b",
            "if $B then $U else $U",
            "for e in get entries($C) return e.key",
        ],
        Dates => &[
            "[$D, $D]",
            "for d in $E return d + $Y",
            "sort($E, function(x, y) x < y)",
            "$E[item > $D]",
            "append($E, $D)",
            "reverse($E)",
        ],
        Contexts => &[
            "[$C, $C]",
            "$R[a > $N]",
            "$R[b = $S]",
            "$R[item.a = $N]",
            "append($R, $C)",
            "reverse($R)",
            "for x in $R return context put(x, \"n\", $N)",
            "for i in $O return {a: i, b: string(i)}",
            "distinct values($R)",
            "get entries($C)",
        ],
        Context => &[
            "{a: $N, b: $S}",
            "{a: $N, b: a + $N}",
            "{a: $N, d: {e: $N}}",
            "{\"a\": $N, \"x y\": $S}",
            "context put($C, \"a\", $N)",
            "context put($C, [\"d\", \"e\"], $N)",
            "context merge([$C, $C])",
            "context([{key: \"a\", value: $N}])",
            "$R[1]",
            "$R[-1]",
            "if $B then $C else $C",
            "{f: $B, l: $O}",
        ],
        Any => &[
            "$N",
            "$B",
            "$S",
            "$D",
            "$T",
            "$Z",
            "$L",
            "$W",
            "$P",
            "$Y",
            "$O",
            "$U",
            "$R",
            "$C",
            "get value($C, \"a\")",
            "get value($C, $S)",
            "if $B then $N else $S",
            "[$N, $S, $B]",
            "$C.d",
            "$R[$B]",
            "[$A, $A]",
            "{a: $A}.a",
            "if $A then 1 else 2",
            "$A + $A",
            "$A - $A",
            "$A * $A",
        ],
    }
}

/// Unary tests, for an input of a kind.
fn unary_tests(kind: Kind) -> &'static [&'static str] {
    match kind {
        Number => &[
            "$N",
            "< $N",
            "<= $N",
            "> $N",
            ">= $N",
            "[$N..$N]",
            "($N..$N)",
            "]1..10[",
            "1, 2, 3",
            "> 5, < 2",
            "not(1, 2)",
            "not(> 3)",
            "-",
            "? > $N",
            "odd(?)",
            "$O",
            "null",
            "[1..5], 7",
            "? in [1..3]",
            "$B",
            "$A",
        ],
        Text => &[
            "$S",
            "\"a\", \"b\"",
            "not(\"a\")",
            "-",
            "starts with(?, \"f\")",
            "string length(?) > $N",
            "$U",
            "null",
            "< \"b\"",
            "$A",
            "contains(?, $S)",
        ],
        Boolean => &["true", "false", "$B", "not($B)", "-", "not(?)", "null", "? = true"],
        _ => &["-", "null", "$A", "not(null)", "? = null", "is defined(?)"],
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
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
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

    pub(crate) fn case(&mut self) -> Case {
        let kind = KINDS[self.below(KINDS.len())];
        let variables = self.variables();
        let depth = 1 + self.below(3);
        if self.below(8) > 0 {
            let text = self.expression(kind, depth, true);
            return Case { text, variables, input: None };
        }
        let kind = [Number, Text, Boolean, Context][self.below(4)];
        let template = self.pick(unary_tests(kind));
        let text = self.fill(template, depth - 1);
        let input = match kind {
            Number => self.pick(&["0", "1", "3", "7.5", "-2", "null"]),
            Text => self.pick(&["\"a\"", "\"foobar\"", "\"\"", "null"]),
            Boolean => self.pick(&["true", "false", "null"]),
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
            0..=3 => Any,
            4..=8 => KINDS[self.below(KINDS.len())],
            _ => kind,
        };
        if depth == 0 {
            return self.pick(leaves(kind)).to_owned();
        }
        let template = self.pick(branches(kind));
        let text = self.fill(template, depth - 1);
        let is_bare = is_whole || (self.below(100) < 6);
        if is_bare { text } else { format!("({text})") }
    }

    fn fill(&mut self, template: &str, depth: usize) -> String {
        let mut out = String::new();
        let mut rest = template;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            match rest.as_bytes().get(at + 1).copied().and_then(kind_of) {
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
