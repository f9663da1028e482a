//! Sets of characters: `[...]`, `\d`, `\p{...}`.

use super::translate::Translator;
use super::{PatternError, blocks};
use crate::dialect::Dialect;

const JAVA_SPACE: &str = r"\t\n\x0B\f\r ";
const JAVA_HORIZONTAL: &str = r" \t\u{A0}\u{1680}\u{180E}\u{2000}-\u{200A}\u{202F}\u{205F}\u{3000}";
const JAVA_VERTICAL: &str = r"\n\x0B\f\r\u{85}\u{2028}\u{2029}";
const XML_NAME_START: &str = r"_:A-Za-z\u{C0}-\u{D6}\u{D8}-\u{F6}\u{F8}-\u{2FF}\u{370}-\u{37D}\u{37F}-\u{1FFF}\u{200C}-\u{200D}\u{2070}-\u{218F}\u{2C00}-\u{2FEF}\u{3001}-\u{D7FF}\u{F900}-\u{FDCF}\u{FDF0}-\u{FFFD}\u{10000}-\u{EFFFF}";
const XML_NAME_REST: &str = r"\-.0-9\u{B7}\u{300}-\u{36F}\u{203F}-\u{2040}";

const CATEGORIES: &[&str] = &[
    "C", "Cc", "Cf", "Cn", "Co", "Cs", "L", "LC", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N",
    "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl",
    "Zp", "Zs",
];

/// Java's POSIX and `java.lang.Character` classes.
const JAVA_CLASSES: &[(&str, &str)] = &[
    ("ASCII", r"\x00-\x7F"),
    ("Alnum", "0-9A-Za-z"),
    ("Alpha", "A-Za-z"),
    ("Blank", r" \t"),
    ("Cntrl", r"\x00-\x1F\x7F"),
    ("Digit", "0-9"),
    ("Graph", "!-~"),
    ("Lower", "a-z"),
    ("Print", " -~"),
    ("Punct", r"!-/:-@\[-`{-\x7E"),
    ("Space", JAVA_SPACE),
    ("Upper", "A-Z"),
    ("XDigit", "0-9A-Fa-f"),
    ("javaAlphabetic", r"\p{Alphabetic}"),
    ("javaDigit", r"\p{Nd}"),
    ("javaLetter", r"\p{L}"),
    ("javaLetterOrDigit", r"\p{L}\p{Nd}"),
    ("javaLowerCase", r"\p{Lowercase}"),
    ("javaUpperCase", r"\p{Uppercase}"),
    (
        "javaWhitespace",
        r"\t-\r\x1C-\x20\u{1680}\u{2000}-\u{2006}\u{2008}-\u{200A}\u{2028}\u{2029}\u{205F}\u{3000}",
    ),
];

/// The characters of `\d`, `\W` and the like, as a class of their own; none if the letter names no set.
pub(super) fn of_letter(letter: char, dialect: Dialect) -> Option<String> {
    let (set, is_complement) = match (letter, dialect) {
        ('d' | 'D', Dialect::Bpmn) => ("0-9".to_owned(), letter == 'D'),
        ('w' | 'W', Dialect::Bpmn) => ("a-zA-Z0-9_".to_owned(), letter == 'W'),
        ('s' | 'S', Dialect::Bpmn) => (JAVA_SPACE.to_owned(), letter == 'S'),
        ('h' | 'H', Dialect::Bpmn) => (JAVA_HORIZONTAL.to_owned(), letter == 'H'),
        ('v' | 'V', Dialect::Bpmn) => (JAVA_VERTICAL.to_owned(), letter == 'V'),
        ('d' | 'D', Dialect::Dmn) => (r"\p{Nd}".to_owned(), letter == 'D'),
        ('w' | 'W', Dialect::Dmn) => (r"\p{P}\p{Z}\p{C}".to_owned(), letter == 'w'),
        ('s' | 'S', Dialect::Dmn) => (r" \t\n\r".to_owned(), letter == 'S'),
        ('i' | 'I', Dialect::Dmn) => (XML_NAME_START.to_owned(), letter == 'I'),
        ('c' | 'C', Dialect::Dmn) => (format!("{XML_NAME_START}{XML_NAME_REST}"), letter == 'C'),
        _ => return None,
    };
    Some(class_of(&set, is_complement))
}

fn class_of(set: &str, is_complement: bool) -> String {
    format!("[{}{set}]", if is_complement { "^" } else { "" })
}

/// The characters of `\p{name}`, as a class of their own.
pub(super) fn of_property(name: &str, is_complement: bool, dialect: Dialect) -> Result<String, PatternError> {
    let unknown = || PatternError::invalid(format_args!("unknown character property '{name}'"));
    let block = |name: &str| {
        let (first, last) = blocks::find(name).ok_or_else(unknown)?;
        Ok(class_of(&format!(r"\u{{{first:X}}}-\u{{{last:X}}}"), is_complement))
    };
    let property = |name: &str| class_of(&format!(r"\p{{{name}}}"), is_complement);
    if CATEGORIES.contains(&name) {
        return Ok(property(name));
    }
    match (dialect, name.strip_prefix("Is"), name.strip_prefix("In")) {
        (Dialect::Dmn, Some(name), _) => block(name),
        (Dialect::Dmn, None, _) => Err(unknown()),
        (Dialect::Bpmn, _, Some(name)) => block(name),
        (Dialect::Bpmn, Some(name), None) if is_plain(name) => Ok(property(name)),
        (Dialect::Bpmn, _, None) => match JAVA_CLASSES.iter().find(|(known, _)| *known == name) {
            Some((_, set)) => Ok(class_of(set, is_complement)),
            None => match name.split_once('=') {
                Some((key, value)) if is_plain(key) && is_plain(value) => Ok(property(name)),
                _ => Err(unknown()),
            },
        },
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|next| next.is_ascii_alphanumeric() || matches!(next, '_' | ' ' | '-'))
}

/// A character within a class of the translated pattern.
pub(super) fn write_member(out: &mut String, member: char) {
    if member.is_alphanumeric() {
        out.push(member);
    } else {
        out.push_str(&format!(r"\u{{{:X}}}", u32::from(member)));
    }
}

/// What stands at one place of a class.
enum Item {
    One(char),
    Set(String),
}

impl Translator<'_> {
    /// Reads a class after its `[` and answers it translated.
    pub(super) fn class(&mut self) -> Result<String, PatternError> {
        self.enter()?;
        let mut out = String::from("[");
        if self.take('^') {
            out.push('^');
        }
        let mut is_empty = true;
        loop {
            self.skip_comment_in_class();
            let next = self.next().ok_or_else(|| PatternError::invalid("a class without its ']'"))?;
            match next {
                ']' if !is_empty => break,
                ']' if self.dialect() == Dialect::Dmn => {
                    return Err(PatternError::invalid("an empty class '[]'"));
                }
                '[' if self.dialect() == Dialect::Bpmn => out.push_str(&self.class()?),
                '[' => return Err(PatternError::invalid("a '[' within a class")),
                '-' if self.dialect() == Dialect::Dmn && !is_empty && self.take('[') => {
                    let subtracted = self.class()?;
                    if !self.take(']') {
                        return Err(PatternError::invalid("a class goes on after its subtraction"));
                    }
                    self.leave();
                    return Ok(subtract(&out, &subtracted));
                }
                '&' if self.dialect() == Dialect::Bpmn && self.take('&') => out.push_str("&&"),
                first => self.class_item(first, &mut out)?,
            }
            is_empty = false;
        }
        self.leave();
        out.push(']');
        Ok(out)
    }

    /// Reads a character, a set or a range of a class, of which `first` was taken.
    fn class_item(&mut self, first: char, out: &mut String) -> Result<(), PatternError> {
        let low = match self.class_member(first)? {
            Item::Set(set) => {
                out.push_str(&set);
                return Ok(());
            }
            Item::One(low) => low,
        };
        let is_range = self.peek() == Some('-') && !matches!(self.peek_at(1), None | Some(']' | '['));
        if !is_range {
            self.write_range(out, low, low);
            return Ok(());
        }
        self.next();
        let last = self.next().ok_or_else(|| PatternError::invalid("a class without its ']'"))?;
        match self.class_member(last)? {
            Item::One(high) if low <= high => {
                self.write_range(out, low, high);
                Ok(())
            }
            Item::One(high) => {
                Err(PatternError::invalid(format_args!("the range '{low}-{high}' is the wrong way round")))
            }
            Item::Set(set) if self.dialect() == Dialect::Bpmn => {
                self.write_range(out, low, low);
                self.write_range(out, '-', '-');
                out.push_str(&set);
                Ok(())
            }
            Item::Set(_) => Err(PatternError::invalid("a range that ends with a set")),
        }
    }

    fn class_member(&mut self, first: char) -> Result<Item, PatternError> {
        if first != '\\' {
            return Ok(Item::One(first));
        }
        let letter = self.next().ok_or_else(|| PatternError::invalid("a lone '\\' at the end"))?;
        if let Some(set) = of_letter(letter, self.dialect()) {
            return Ok(Item::Set(set));
        }
        if matches!(letter, 'p' | 'P') {
            return self.property(letter == 'P').map(Item::Set);
        }
        self.escaped_char(letter).map(Item::One)
    }

    /// Writes a range; where case is ignored for ASCII only, with the other case of its letters.
    fn write_range(&self, out: &mut String, low: char, high: char) {
        let write = |out: &mut String, low: char, high: char| {
            write_member(out, low);
            if low != high {
                out.push('-');
                write_member(out, high);
            }
        };
        write(out, low, high);
        if !self.ignores_ascii_case() {
            return;
        }
        for (first, last) in [('a', 'z'), ('A', 'Z')] {
            let (from, to) = (low.max(first), high.min(last));
            if from <= to {
                let swap = |letter: char| {
                    if letter.is_ascii_lowercase() {
                        letter.to_ascii_uppercase()
                    } else {
                        letter.to_ascii_lowercase()
                    }
                };
                write(out, swap(from), swap(to));
            }
        }
    }
}

/// `[a-z` without `[aeiou]`. A complement is taken before the subtraction.
fn subtract(open_class: &str, subtracted: &str) -> String {
    format!("[{open_class}]--{subtracted}]")
}
