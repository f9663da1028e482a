//! From a pattern of Java or XPath to one of `fancy-regex`.

use super::class;
use super::{MAX_PATTERN_DEPTH, PatternError};
use crate::dialect::Dialect;

/// The flags that `matches` and `replace` take.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    /// `.` matches line ends.
    s: bool,
    /// `^` and `$` match at every line.
    m: bool,
    /// Case does not matter.
    i: bool,
    /// Case does not matter beyond ASCII either; always so in XPath.
    u: bool,
    /// White space in the pattern does not count.
    x: bool,
    /// The pattern is plain text (XPath).
    q: bool,
}

impl Flags {
    /// Java ignores letters it does not know; XPath refuses them.
    pub(super) fn parse(text: &str, dialect: Dialect) -> Result<Self, PatternError> {
        let mut flags = Flags { u: dialect == Dialect::Dmn, ..Flags::default() };
        for letter in text.chars() {
            match letter {
                's' => flags.s = true,
                'm' => flags.m = true,
                'i' => flags.i = true,
                'x' => flags.x = true,
                'q' if dialect == Dialect::Dmn => flags.q = true,
                other if dialect == Dialect::Dmn => {
                    return Err(PatternError::invalid(format_args!("unknown flag '{other}'")));
                }
                _ => {}
            }
        }
        Ok(flags)
    }
}

pub(super) struct Translator<'a> {
    chars: &'a [char],
    at: usize,
    out: String,
    dialect: Dialect,
    flags: Flags,
    ends_with_terminator: bool,
    depth: usize,
    /// Open groups: the flags to restore, and the number if it captures.
    open: Vec<(Flags, Option<usize>)>,
    groups: usize,
    closed: Vec<usize>,
    /// Whether there is something that a quantifier can repeat.
    can_repeat: bool,
}

/// Translates a pattern.
pub(super) fn translate(
    pattern: &str,
    flags: Flags,
    ends_with_terminator: bool,
    dialect: Dialect,
) -> Result<String, PatternError> {
    let chars: Vec<char> = match dialect {
        Dialect::Dmn if flags.x && !flags.q => without_space(pattern),
        Dialect::Dmn | Dialect::Bpmn => pattern.chars().collect(),
    };
    let mut translator = Translator {
        chars: &chars,
        at: 0,
        out: String::with_capacity(pattern.len() * 2),
        dialect,
        flags,
        ends_with_terminator,
        depth: 0,
        open: Vec::new(),
        groups: 0,
        closed: Vec::new(),
        can_repeat: false,
    };
    while let Some(next) = translator.next() {
        if flags.q {
            translator.literal(next);
        } else {
            translator.step(next)?;
        }
    }
    match translator.open.is_empty() {
        true => Ok(translator.out),
        false => Err(PatternError::invalid("a group without its ')'")),
    }
}

/// XPath's flag `x`: white space outside classes is taken away before anything else, even after a `\`.
fn without_space(pattern: &str) -> Vec<char> {
    let mut kept = Vec::with_capacity(pattern.len());
    let mut class_depth = 0_usize;
    let mut is_escaped = false;
    for next in pattern.chars() {
        if class_depth == 0 && matches!(next, ' ' | '\t' | '\n' | '\r') {
            continue;
        }
        kept.push(next);
        match next {
            '[' if !is_escaped => class_depth += 1,
            ']' if !is_escaped => class_depth = class_depth.saturating_sub(1),
            _ => {}
        }
        is_escaped = next == '\\' && !is_escaped;
    }
    kept
}

impl Translator<'_> {
    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) fn ignores_ascii_case(&self) -> bool {
        self.flags.i && !self.flags.u
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.chars.get(self.at).copied();
        self.at += usize::from(next.is_some());
        next
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    pub(super) fn take(&mut self, wanted: char) -> bool {
        let is_next = self.peek() == Some(wanted);
        self.at += usize::from(is_next);
        is_next
    }

    pub(super) fn enter(&mut self) -> Result<(), PatternError> {
        self.depth += 1;
        match self.depth <= MAX_PATTERN_DEPTH {
            true => Ok(()),
            false => Err(PatternError::Limit("MAX_PATTERN_DEPTH", MAX_PATTERN_DEPTH as u64)),
        }
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// In Java the flag `x` works within classes too.
    pub(super) fn skip_comment_in_class(&mut self) {
        while self.flags.x && self.dialect == Dialect::Bpmn && self.peek().is_some_and(is_java_space) {
            self.at += 1;
        }
    }

    fn atom(&mut self, translated: &str) {
        self.out.push_str(translated);
        self.can_repeat = true;
    }

    fn literal(&mut self, literal: char) {
        let mut text = String::new();
        match literal {
            _ if self.ignores_ascii_case() && literal.is_ascii_alphabetic() => {
                text.extend(['[', literal.to_ascii_lowercase(), literal.to_ascii_uppercase(), ']']);
            }
            _ if self.flags.i && self.flags.u && literal.is_alphabetic() => text = format!("(?i:{literal})"),
            _ if literal.is_alphanumeric() => text.push(literal),
            _ => text = format!(r"\u{{{:X}}}", u32::from(literal)),
        }
        self.atom(&text);
    }

    fn step(&mut self, next: char) -> Result<(), PatternError> {
        match next {
            '\\' => self.escape(),
            '[' => {
                let set = self.class()?;
                self.set(&set);
                Ok(())
            }
            '.' => {
                self.dot();
                Ok(())
            }
            '^' => {
                self.start_of_line();
                Ok(())
            }
            '$' => {
                self.end_of_line();
                Ok(())
            }
            '(' => self.open_group(),
            ')' => self.close_group(),
            '|' => {
                self.out.push('|');
                self.can_repeat = false;
                Ok(())
            }
            '*' | '+' | '?' => self.quantifier(&next.to_string()),
            '{' => self.counted(),
            ']' | '}' if self.dialect == Dialect::Dmn => {
                Err(PatternError::invalid(format_args!("a lone '{next}'")))
            }
            '#' if self.flags.x && self.dialect == Dialect::Bpmn => {
                while self.next().is_some_and(|skipped| !matches!(skipped, '\n' | '\r')) {}
                Ok(())
            }
            space if self.flags.x && self.dialect == Dialect::Bpmn && is_java_space(space) => Ok(()),
            literal => {
                self.literal(literal);
                Ok(())
            }
        }
    }

    fn set(&mut self, set: &str) {
        if self.flags.i && self.flags.u {
            self.atom(&format!("(?i:{set})"));
        } else {
            self.atom(set);
        }
    }

    fn dot(&mut self) {
        self.atom(match (self.flags.s, self.dialect) {
            (true, _) => r"(?s:.)",
            (false, Dialect::Bpmn) => r"[^\n\r\u{85}\u{2028}\u{2029}]",
            (false, Dialect::Dmn) => r"[^\n\r]",
        });
    }

    fn start_of_line(&mut self) {
        self.atom(match (self.flags.m, self.dialect) {
            (false, _) => r"\A",
            (true, Dialect::Bpmn) => r"(?:(?!\z)(?:\A|(?<=[\n\u{85}\u{2028}\u{2029}])|(?<=\r)(?!\n)))",
            (true, Dialect::Dmn) => r"(?:\A|(?<=\n)(?!\z))",
        });
    }

    fn end_of_line(&mut self) {
        self.atom(match (self.flags.m, self.dialect) {
            (false, Dialect::Dmn) => r"\z",
            (false, Dialect::Bpmn) if !self.ends_with_terminator => r"\z",
            (false, Dialect::Bpmn) => r"(?:(?=(?:\r\n|[\r\u{85}\u{2028}\u{2029}])?\z)|(?<!\r)(?=\n\z))",
            (true, Dialect::Bpmn) => r"(?:(?=[\r\u{85}\u{2028}\u{2029}]|\z)|(?<!\r)(?=\n))",
            (true, Dialect::Dmn) => r"(?=\n|\z)",
        });
    }

    fn open_group(&mut self) -> Result<(), PatternError> {
        self.enter()?;
        let before = self.flags;
        if !self.take('?') {
            self.groups += 1;
            self.open.push((before, Some(self.groups)));
            self.out.push('(');
            self.can_repeat = false;
            return Ok(());
        }
        if self.take(':') {
            self.open.push((before, None));
            self.out.push_str("(?:");
            self.can_repeat = false;
            return Ok(());
        }
        if self.dialect == Dialect::Dmn {
            return Err(PatternError::invalid("'(?' is not followed by ':'"));
        }
        self.open_java_group(before)
    }

    fn open_java_group(&mut self, before: Flags) -> Result<(), PatternError> {
        for (marker, is_name_ahead) in
            [("=", false), ("!", false), (">", false), ("<=", false), ("<!", false), ("<", true)]
        {
            let length = marker.len();
            if self
                .chars
                .get(self.at..self.at + length)
                .is_none_or(|ahead| !marker.chars().eq(ahead.iter().copied()))
            {
                continue;
            }
            self.at += length;
            let mut group = None;
            if is_name_ahead {
                self.groups += 1;
                group = Some(self.groups);
                let name = self.name('>')?;
                self.out.push_str(&format!("(?<{name}>"));
            } else {
                self.out.push_str(&format!("(?{marker}"));
            }
            self.open.push((before, group));
            self.can_repeat = false;
            return Ok(());
        }
        self.inline_flags(before)
    }

    /// `(?i)` up to the end of the enclosing group, `(?i:...)` for its own.
    fn inline_flags(&mut self, before: Flags) -> Result<(), PatternError> {
        let mut on = true;
        loop {
            match self.next() {
                Some('-') => on = false,
                Some('i') => self.flags.i = on,
                Some('m') => self.flags.m = on,
                Some('s') => self.flags.s = on,
                Some('u') => self.flags.u = on,
                Some('x') => self.flags.x = on,
                Some(')') => {
                    self.leave();
                    return Ok(());
                }
                Some(':') => {
                    self.open.push((before, None));
                    self.out.push_str("(?:");
                    self.can_repeat = false;
                    return Ok(());
                }
                Some(other) => {
                    return Err(PatternError::invalid(format_args!("unknown group or flag '(?{other}'")));
                }
                None => return Err(PatternError::invalid("a group without its ')'")),
            }
        }
    }

    fn close_group(&mut self) -> Result<(), PatternError> {
        let Some((flags, group)) = self.open.pop() else {
            return Err(PatternError::invalid("a ')' without its '('"));
        };
        self.leave();
        self.flags = flags;
        self.closed.extend(group);
        self.atom(")");
        Ok(())
    }

    fn quantifier(&mut self, quantifier: &str) -> Result<(), PatternError> {
        if !self.can_repeat {
            return Err(PatternError::invalid(format_args!("nothing before '{quantifier}' to repeat")));
        }
        self.out.push_str(quantifier);
        if self.take('?') {
            self.out.push('?');
        } else if self.dialect == Dialect::Bpmn && self.take('+') {
            self.out.push('+');
        }
        self.can_repeat = false;
        Ok(())
    }

    /// `{n}`, `{n,}`, `{n,m}`
    fn counted(&mut self) -> Result<(), PatternError> {
        let inner: String = std::iter::from_fn(|| self.next()).take_while(|next| *next != '}').collect();
        let (least, most) = inner.split_once(',').unwrap_or((&inner, &inner));
        let is_number =
            |text: &str| !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
        let is_closed = self.chars.get(self.at.wrapping_sub(1)) == Some(&'}');
        if !is_closed || !is_number(least) || !(most.is_empty() || is_number(most)) {
            return Err(PatternError::invalid(format_args!(
                "'{{{inner}}}' does not say how often to repeat"
            )));
        }
        self.quantifier(&format!("{{{inner}}}"))
    }

    fn name(&mut self, end: char) -> Result<String, PatternError> {
        let name: String = std::iter::from_fn(|| self.next()).take_while(|next| *next != end).collect();
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.chars().all(|next| next.is_ascii_alphanumeric());
        if is_name {
            Ok(name)
        } else {
            Err(PatternError::invalid(format_args!("'{name}' is no name of a group")))
        }
    }

    fn escape(&mut self) -> Result<(), PatternError> {
        let letter = self.next().ok_or_else(|| PatternError::invalid("a lone '\\' at the end"))?;
        if let Some(set) = class::of_letter(letter, self.dialect) {
            self.set(&set);
            return Ok(());
        }
        match (letter, self.dialect) {
            ('p' | 'P', _) => {
                let set = self.property(letter == 'P')?;
                self.set(&set);
                Ok(())
            }
            ('1'..='9', _) => self.back_reference(letter),
            ('b' | 'B' | 'A' | 'z', Dialect::Bpmn) => {
                self.atom(&format!("\\{letter}"));
                Ok(())
            }
            ('Z', Dialect::Bpmn) => {
                let flags = self.flags;
                self.flags.m = false;
                self.end_of_line();
                self.flags = flags;
                Ok(())
            }
            ('R', Dialect::Bpmn) => {
                self.atom(r"(?:\r\n|[\n\x0B\f\r\u{85}\u{2028}\u{2029}])");
                Ok(())
            }
            ('k', Dialect::Bpmn) if self.take('<') => {
                let name = self.name('>')?;
                self.atom(&format!("(?:\\k<{name}>)"));
                Ok(())
            }
            ('Q', Dialect::Bpmn) => {
                self.quoted();
                Ok(())
            }
            _ => {
                let literal = self.escaped_char(letter)?;
                self.literal(literal);
                Ok(())
            }
        }
    }

    /// Java's `\Q...\E`: everything between is literal.
    fn quoted(&mut self) {
        while let Some(next) = self.next() {
            if next == '\\' && self.take('E') {
                return;
            }
            self.literal(next);
        }
    }

    fn back_reference(&mut self, first: char) -> Result<(), PatternError> {
        let digit = |letter: char| letter.to_digit(10).map(|digit| digit as usize);
        let mut number = digit(first).unwrap_or_default();
        while let Some(more) = self.peek().and_then(digit).map(|next| number * 10 + next) {
            if more > self.groups {
                break;
            }
            self.at += 1;
            number = more;
        }
        match self.dialect {
            _ if self.closed.contains(&number) && self.flags.i => self.atom(&format!("(?i:\\{number})")),
            _ if self.closed.contains(&number) => self.atom(&format!("(?:\\{number})")),
            Dialect::Dmn => {
                return Err(PatternError::invalid(format_args!("'\\{number}' refers to no group before it")));
            }
            Dialect::Bpmn => self.atom("(?!)"),
        }
        Ok(())
    }

    /// Reads the name after `\p` or `\P` and answers its characters.
    pub(super) fn property(&mut self, is_complement: bool) -> Result<String, PatternError> {
        if self.take('{') {
            let name: String = std::iter::from_fn(|| self.next()).take_while(|next| *next != '}').collect();
            return class::of_property(&name, is_complement, self.dialect);
        }
        match (self.dialect, self.next()) {
            (Dialect::Bpmn, Some(letter)) => {
                class::of_property(&letter.to_string(), is_complement, self.dialect)
            }
            _ => Err(PatternError::invalid("'\\p' without a property in braces")),
        }
    }

    /// The character that an escape stands for.
    pub(super) fn escaped_char(&mut self, letter: char) -> Result<char, PatternError> {
        let unknown = || PatternError::invalid(format_args!("unknown escape '\\{letter}'"));
        match (letter, self.dialect) {
            ('n', _) => Ok('\n'),
            ('r', _) => Ok('\r'),
            ('t', _) => Ok('\t'),
            ('\\' | '|' | '.' | '?' | '*' | '+' | '(' | ')' | '{' | '}' | '-' | '[' | ']' | '^' | '$', _) => {
                Ok(letter)
            }
            (_, Dialect::Dmn) => Err(unknown()),
            ('f', Dialect::Bpmn) => Ok('\u{C}'),
            ('a', Dialect::Bpmn) => Ok('\u{7}'),
            ('e', Dialect::Bpmn) => Ok('\u{1B}'),
            ('u', Dialect::Bpmn) => self.hex(4),
            ('x', Dialect::Bpmn) if self.take('{') => {
                let digits: String =
                    std::iter::from_fn(|| self.next()).take_while(|next| *next != '}').collect();
                u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).ok_or_else(unknown)
            }
            ('x', Dialect::Bpmn) => self.hex(2),
            ('c', Dialect::Bpmn) => {
                let control = self.next().filter(char::is_ascii).ok_or_else(unknown)?;
                Ok(char::from(control as u8 ^ 64))
            }
            ('0', Dialect::Bpmn) => self.octal().ok_or_else(unknown),
            (other, Dialect::Bpmn) if other.is_ascii_alphanumeric() => Err(unknown()),
            (other, Dialect::Bpmn) => Ok(other),
        }
    }

    fn hex(&mut self, length: usize) -> Result<char, PatternError> {
        let digits: String = (0..length).map_while(|_| self.next()).collect();
        let is_complete =
            digits.chars().count() == length && digits.chars().all(|digit| digit.is_ascii_hexdigit());
        let code = u32::from_str_radix(&digits, 16).ok().filter(|_| is_complete);
        code.and_then(char::from_u32).ok_or_else(|| {
            PatternError::invalid(format_args!(
                "'{digits}' is not {length} hexadecimal digits of a character"
            ))
        })
    }

    /// One to three octal digits, at most 377.
    fn octal(&mut self) -> Option<char> {
        let mut code = self.peek()?.to_digit(8)?;
        self.at += 1;
        for _ in 0..2 {
            match self.peek().and_then(|next| next.to_digit(8)).map(|digit| code * 8 + digit) {
                Some(more) if more <= 0o377 => {
                    self.at += 1;
                    code = more;
                }
                _ => break,
            }
        }
        char::from_u32(code)
    }
}

fn is_java_space(next: char) -> bool {
    matches!(next, '\t' | '\n' | '\u{B}' | '\u{C}' | '\r' | ' ')
}
