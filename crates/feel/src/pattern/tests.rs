//! Every translated construct, in both dialects.

use super::{MAX_BACKTRACK_STEPS, Pattern, PatternError};
use crate::dialect::Dialect::{self, Bpmn, Dmn};

fn compile(pattern: &str, flags: &str, input: &str, dialect: Dialect) -> Result<Pattern, PatternError> {
    Pattern::compile(pattern, flags, input, dialect, 1 << 20)
}

fn matches(input: &str, pattern: &str, flags: &str, dialect: Dialect) -> &'static str {
    match compile(pattern, flags, input, dialect).and_then(|pattern| pattern.occurs_in(input)) {
        Ok(true) => "T",
        Ok(false) => "F",
        Err(_) => "-",
    }
}

/// input, pattern, flags, in the BPMN dialect, in DMN; "-" refused.
const MATCHES: &[(&str, &str, &str, &str, &str)] = &[
    ("foobar", "^fo*b", "", "T", "T"),
    ("foobar", "^fo*z", "", "F", "F"),
    ("abc", "[a-z", "", "-", "-"),
    ("abracadabra", "bra", "p", "T", "-"),
    ("\nabcd\ndefg\n", "^$", "m", "T", "T"),
    ("abcd\n\ndefg\n ", "^$", "m", "T", "T"),
    ("abcd\ndefg\n", "^$", "m", "F", "F"),
    ("abcd\n", "d$", "", "T", "F"),
    ("abcd\r\n", "d$", "", "T", "F"),
    ("abcd\n", "d\\z", "", "F", "-"),
    ("abcd\n", "d\\Z", "", "T", "-"),
    ("Mary\u{D}Jones", "Mary.Jones", "", "F", "F"),
    ("Mary\u{85}Jones", "Mary.Jones", "", "F", "T"),
    ("Mary\nJones", "Mary.Jones", "s", "T", "T"),
    ("abc", "ABC", "i", "T", "T"),
    ("\u{E4}", "\u{C4}", "i", "F", "T"),
    ("\u{E4}", "(?iu)\u{C4}", "", "T", "-"),
    ("\u{212A}", "k", "i", "F", "T"),
    ("x", "[A-Z-[OI]]", "i", "T", "T"),
    ("O", "[A-Z-[OI]]", "i", "T", "F"),
    ("i", "[A-Z-[OI]]", "i", "T", "F"),
    ("o", "[a-z&&[^o]]", "", "F", "-"),
    ("Q", "[^Q]", "i", "F", "F"),
    ("q", "[^Q]", "i", "F", "F"),
    ("input", "pattern", " ", "F", "-"),
    ("hello world", "hello\\ sworld", "x", "F", "T"),
    ("hello world", " hello[ ]world", "x", "-", "T"),
    ("helloworld", "he ll o worl d # all of it", "x", "T", "F"),
    ("hello world", "\\p{ IsBasicLatin}+", "x", "-", "T"),
    ("hello world", "\\p{ IsBasicLatin}+", "", "-", "-"),
    ("hello world", "^\\p{IsBasicLatin}+$", "", "-", "T"),
    ("\u{3b1}", "\\p{InGreek}", "", "T", "-"),
    ("\u{3b1}", "\\p{IsGreek}", "", "T", "T"),
    ("a", "\\p{Lower}\\P{Upper}?", "", "T", "-"),
    ("\u{E4}", "\\p{Lower}", "", "F", "-"),
    ("\u{E4}", "\\p{Ll}", "", "T", "T"),
    ("\u{E4}", "\\pL", "", "T", "-"),
    ("\u{663}", "\\d", "", "F", "T"),
    ("\u{E4}", "\\w", "", "F", "T"),
    ("_", "\\w", "", "T", "F"),
    ("h", "(.)\\3", "", "F", "-"),
    ("h", "(.)\\2", "", "F", "-"),
    ("abcd", "(asd)[\\1]", "", "-", "-"),
    ("abcd", "1[asd\\0]", "", "-", "-"),
    ("a", "a[^b]", "", "F", "F"),
    ("a ", "a[^b]", "", "T", "T"),
    ("aA", "(a)\\1", "i", "T", "T"),
    ("abab", "^(ab)\\1$", "", "T", "T"),
    ("price: 5", "(?<=price: )\\d", "", "T", "-"),
    ("foobaz", "foo(?!bar)", "", "T", "-"),
    ("aaa", "a++a", "", "F", "-"),
    ("a.b", "\\Qa.b\\E", "", "T", "-"),
    ("axb", "\\Qa.b\\E", "", "F", "-"),
    ("a.b", "a.b", "q", "T", "T"),
    ("axb", "a.b", "q", "T", "F"),
    ("A", "\\x41\\u0042?\\x{43}?\\0103?", "", "T", "-"),
    ("aXb", "a(?i)x(?-i)b", "", "T", "-"),
    ("aXB", "a(?i)x(?-i)b", "", "F", "-"),
    ("aXB", "a(?i:x)b", "", "F", "-"),
    ("2024-01-31", "^\\d{4}-\\d{2}-\\d{2}$", "", "T", "T"),
    ("a", "*a", "", "-", "-"),
    ("a", "a**", "", "-", "-"),
    ("a", "a{2", "", "-", "-"),
    ("a", "a{x}", "", "-", "-"),
    ("a", "(a", "", "-", "-"),
    ("a", "a)", "", "-", "-"),
    ("a", "a\\", "", "-", "-"),
    ("a}", "a}", "", "T", "-"),
    ("a]", "[]a]+$", "", "T", "-"),
    ("-", "[a-]", "", "T", "T"),
    ("-", "[-a]", "", "T", "T"),
    ("b", "[c-a]", "", "-", "-"),
    ("\u{1F600}", "^.$", "", "T", "T"),
    ("x:y", "^\\i\\c+$", "", "-", "T"),
    ("", "^$", "m", "F", "T"),
    ("", "^$", "", "T", "T"),
];

#[test]
fn matching() {
    for (input, pattern, flags, bpmn, dmn) in MATCHES {
        assert_eq!(
            matches(input, pattern, flags, Bpmn),
            *bpmn,
            "{pattern:?} on {input:?} flags {flags:?} BPMN"
        );
        assert_eq!(matches(input, pattern, flags, Dmn), *dmn, "{pattern:?} on {input:?} flags {flags:?} DMN");
    }
}

/// input, pattern, replacement, in the BPMN dialect, in DMN.
const REPLACED: &[(&str, &str, &str, &str, &str)] = &[
    ("abcd", "(ab)|(a)", "[1=$1][2=$2]", "[1=ab][2=]cd", "[1=ab][2=]cd"),
    ("0123456789", r"(\d{3})(\d{3})(\d{4})", "($1) $2-$3", "(012) 345-6789", "(012) 345-6789"),
    ("abracadabra", "a.*?a", "*", "*c*bra", "*c*bra"),
    ("facetiously", "[iouy]", "[$0]", "facet[i][o][u]sl[y]", "facet[i][o][u]sl[y]"),
    ("a", "(a)", "$12", "a2", "a2"),
    ("a", "(a)", "$2", "-", ""),
    ("b", "(a)", "$2", "b", "b"),
    ("a", "a", "\\$1", "$1", "$1"),
    ("a", "a", "\\x", "x", "-"),
    ("a", "a", "$x", "-", "-"),
    ("a", "a", "\\", "-", "-"),
    ("John Smith", r"(?<first>\w+) (?<last>\w+)", "${last}, ${first}", "Smith, John", "-"),
    ("baac", "a*", "-", "-b--c-", "-"),
    ("abc", "", "-", "-a-b-c-", "-"),
];

#[test]
fn replacing() {
    for (input, pattern, replacement, bpmn, dmn) in REPLACED {
        for (dialect, expected) in [(Bpmn, bpmn), (Dmn, dmn)] {
            let actual = compile(pattern, "", input, dialect)
                .and_then(|pattern| pattern.replace(input, replacement, 1 << 20))
                .unwrap_or("-".to_owned());
            assert_eq!(&actual, expected, "{pattern:?} on {input:?} by {replacement:?} in {dialect:?}");
        }
    }
}

#[test]
fn splitting_and_extracting() {
    let split = |input: &'static str, pattern: &str| {
        compile(pattern, "", input, Bpmn).unwrap().split(input).unwrap().join("|")
    };
    assert_eq!(split("John Doe", r"\s"), "John|Doe");
    assert_eq!(split("a;b;c;;", ";"), "a|b|c||");
    assert_eq!(split(";a", ";"), "|a");
    assert_eq!(split("abc", ""), "a|b|c|");
    assert_eq!(split("", ","), "");
    assert_eq!(split("abc", ","), "abc");
    let extract = |input: &'static str, pattern: &str| {
        compile(pattern, "", input, Bpmn).unwrap().extract(input).unwrap().join("|")
    };
    assert_eq!(extract("this is foobar and folbar", "fo[a-z]*"), "foobar|folbar");
    assert_eq!(extract("nothing", "fo[a-z]*"), "");
}

#[test]
fn no_pattern_runs_away() {
    let input = "a".repeat(60) + "!";
    // Without back-references the engine is linear.
    assert_eq!(matches(&input, "^(a+)+$", "", Bpmn), "F");
    let Err(error) =
        compile("^(?:(a|aa)(?!\\1x))+$", "", &input, Bpmn).and_then(|pattern| pattern.occurs_in(&input))
    else {
        panic!("this pattern backtracks for longer than anybody can wait")
    };
    assert_eq!(error, PatternError::Limit("MAX_BACKTRACK_STEPS", MAX_BACKTRACK_STEPS as u64));
    let Err(error) = compile("((a{1000}){1000}){1000}", "", "", Bpmn) else { panic!("too large") };
    assert_eq!(error, PatternError::Limit("regex_bytes", 1 << 20));
    let Err(error) = compile(&"(".repeat(60), "", "", Bpmn) else { panic!("too deep") };
    assert_eq!(error, PatternError::Limit("MAX_PATTERN_DEPTH", 50));
    let Err(error) = compile(&"[".repeat(60), "", "", Bpmn) else { panic!("too deep") };
    assert_eq!(error, PatternError::Limit("MAX_PATTERN_DEPTH", 50));
    let Err(error) = compile(&"a".repeat(20_000), "", "", Bpmn) else { panic!("too long") };
    assert_eq!(error, PatternError::Limit("MAX_PATTERN_BYTES", 16_384));
}
