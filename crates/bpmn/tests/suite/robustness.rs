//! Bad input: every limit exceeded, everything that is no model, and bytes that nobody meant. Nothing panics.

use std::fmt::Write;

use crate::support::{after_start, file, lines, process, read, refused};
use expect_test::expect;
use weir_bpmn::{limits, parse};

#[test]
fn what_is_no_xml_model() {
    let cut = process("<bpmn:startEvent id=\"s\" />");
    let mut found = String::new();
    for text in [
        "",
        "hello",
        "{\"a\": 1}",
        "<a>",
        "<a></b>",
        "<a b=1/>",
        "<a b='1' b='2'/>",
        "<x:a/>",
        "<a/><b/>",
        &cut[..cut.len() - 10],
        "<a>&lol;</a>",
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
    ] {
        found += &lines(text);
    }
    expect![[r#"
        error 1:1 [] the file is empty
          help: export the model from the modeler again
        error 1:1 [] the file is not XML
          help: deploy a BPMN 2.0 XML file
        error 1:1 [] the file is not XML
          help: deploy a BPMN 2.0 XML file
        error 1:1 [] the file is not well-formed XML: the root node was opened but never closed
          help: mend the file, or export it anew from the modeler
        error 1:4 [] the file is not well-formed XML: expected 'a' tag, not 'b' at 1:4
          help: mend the file, or export it anew from the modeler
        error 1:6 [] the file is not well-formed XML: expected a quote not '1' at 1:6
          help: mend the file, or export it anew from the modeler
        error 1:10 [] the file is not well-formed XML: attribute 'b' at 1:10 is already defined
          help: mend the file, or export it anew from the modeler
        error 1:2 [] the file is not well-formed XML: an unknown namespace prefix 'x' at 1:2
          help: mend the file, or export it anew from the modeler
        error 1:5 [] the file is not well-formed XML: unknown token at 1:5
          help: mend the file, or export it anew from the modeler
        error 1:1 [] the file is not well-formed XML: unexpected end of stream
          help: mend the file, or export it anew from the modeler
        error 1:4 [] the file is not well-formed XML: unknown entity reference 'lol' at 1:4
          help: mend the file, or export it anew from the modeler
        error 1:1 [] document type declarations (<!DOCTYPE ...>) are not supported: they can make a small file expand without end
          help: remove the <!DOCTYPE ...> declaration and use the characters instead of entities
    "#]].assert_eq(&found);
}

#[test]
fn other_encodings_are_refused_by_name() {
    let utf16: Vec<u8> = "\u{feff}<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut found = String::new();
    for bytes in [
        utf16.as_slice(),
        b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a name=\"\xe9\"/>",
        b"<?xml version='1.0' encoding='EBCDIC-CP-US'?><a/>",
        b"<a name=\"caf\xe9\"/>",
        b"\xef\xbb\xbf<a/>",
        b"\x00\x00\x00",
    ] {
        let errors = parse("x.bpmn", bytes).unwrap_err();
        found += &format!("{} | {}\n", errors.items[0].message, errors.items[0].remedy);
    }
    expect![[r#"
        the encoding UTF-16 is not supported: only UTF-8 is | save the model as UTF-8 and declare encoding="UTF-8" in its first line
        the encoding ISO-8859-1 is not supported: only UTF-8 is | save the model as UTF-8 and declare encoding="UTF-8" in its first line
        the encoding EBCDIC-CP-US is not supported: only UTF-8 is | save the model as UTF-8 and declare encoding="UTF-8" in its first line
        the model is not UTF-8: byte 12 (line 1) is no character | save the model as UTF-8
        the root element is 'a', not 'definitions' of BPMN 2.0 | deploy a BPMN 2.0 file: its root is <definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">
        the file is not XML | deploy a BPMN 2.0 XML file
    "#]].assert_eq(&found);
}

#[test]
fn latin_1_without_accents_is_utf_8() {
    let text = process("<bpmn:startEvent id=\"s\" />").replace("UTF-8", "ISO-8859-1");
    assert_eq!(read(&text).processes.len(), 1);
}

#[test]
fn every_limit_is_exceeded_with_a_clear_error() {
    let nested = "<a>".repeat(limits::MAX_NESTING_LEVELS + 1);
    let mut attributes = String::from("<a");
    for nth in 0..=limits::MAX_ATTRIBUTES_PER_ELEMENT {
        write!(attributes, " a{nth}=\"\"").unwrap();
    }
    let namespaces = "<a xmlns:b=\"c\"/>".repeat(limits::MAX_NAMESPACE_DECLARATIONS + 1);
    let nodes = file(&"<b/>".repeat(limits::MAX_XML_NODES as usize));
    let elements: String =
        (0..=limits::MAX_ELEMENTS_PER_PROCESS).map(|nth| format!("<bpmn:task id=\"t{nth}\"/>")).collect();
    let long_name =
        format!("<bpmn:startEvent id=\"s\" name=\"{}\"/>", "n".repeat(limits::MAX_NAME_BYTES + 1));
    let big = " ".repeat(20 * 1024 * 1024);
    let mut found = String::new();
    for text in
        [nested, format!("{attributes}/>"), namespaces, nodes, process(&elements), process(&long_name), big]
    {
        let errors = refused(&text);
        let item = &errors.items.last().unwrap();
        found += &format!("{} | {}\n", item.message, item.remedy);
    }
    expect![[r#"
        XML elements are nested more than 200 levels deep | use fewer sub-processes inside each other, or call activities
        an XML element has more than 256 attributes | remove attributes that the model does not need
        the model declares more than 4096 namespaces | declare namespaces once, at the root element
        the model has more than 1000000 XML nodes | split the model into several files
        the process has more than 50000 elements | move parts of it into processes of their own, and call them
        Attribute 'name' has 32769 bytes, the limit is 32768 | shorten it, and put long texts into the documentation
        the model has 20971520 bytes, the limit is 16777216 bytes (16 MiB) | split the model, or remove embedded images and vendor data
    "#]].assert_eq(&found);
}

#[test]
fn thousands_of_errors_are_counted_and_few_are_told() {
    let tasks: String = (0..5000).map(|nth| format!("<bpmn:serviceTask id=\"task_{nth}\"/>\n")).collect();
    let errors = refused(&process(&tasks));
    assert_eq!(errors.items.len(), limits::MAX_DIAGNOSTICS);
    assert_eq!(errors.omitted, 5001 - limits::MAX_DIAGNOSTICS);
    let text = errors.to_string();
    assert!(text.len() <= limits::MAX_DEPLOYMENT_ERROR_BYTES, "{}", text.len());
    assert!(text.lines().last().unwrap().ends_with("more errors are left out"));
    let told = text.matches("- ERROR: ").count();
    assert!(text.contains(&format!("- {} more errors", 5001 - told)));
}

#[test]
fn an_error_after_many_warnings_is_not_left_out() {
    let tasks: String =
        (0..1500).map(|nth| format!("<bpmn:task id=\"t{nth}\" camunda:class=\"x\"/>\n")).collect();
    let errors =
        refused(&process(&format!("<bpmn:startEvent id=\"s\"/>{tasks}<bpmn:serviceTask id=\"bad\"/>")));
    assert_eq!(errors.errors().count(), 1);
}

/// A generator of bytes that are the same in every run (xorshift, Marsaglia 2003).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Reads and renders whatever comes out.
fn survive(bytes: &[u8]) {
    if let Err(errors) = parse("fuzz.bpmn", bytes) {
        assert!(errors.errors().count() > 0);
        assert!(errors.to_string().len() <= limits::MAX_DEPLOYMENT_ERROR_BYTES);
        let text = String::from_utf8_lossy(bytes);
        assert!(!errors.render(&text).is_empty());
    }
}

#[test]
fn random_bytes_do_no_harm() {
    let mut random = Random(0x5eed);
    for _ in 0..2000 {
        let length = random.below(400);
        let bytes: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
        survive(&bytes);
        let markup: Vec<u8> = (0..length).map(|_| b"<>/=\"' abc!-[]?&;\xc3\xa9"[random.below(19)]).collect();
        survive(&markup);
    }
}

/// A model with every element that runs.
const EVERYTHING: &str = include_str!("everything.bpmn");

#[test]
fn mutated_models_do_no_harm() {
    let mut random = Random(0xb0a7);
    let pieces: Vec<&str> = EVERYTHING.split_inclusive(['"', '>', ' ']).collect();
    for _ in 0..600 {
        let mut pieces = pieces.clone();
        for _ in 0..=random.below(4) {
            let (one, other) = (random.below(pieces.len()), random.below(pieces.len()));
            match random.below(4) {
                0 => pieces.swap(one, other),
                1 => pieces[one] = pieces[other],
                2 => drop(pieces.remove(one)),
                _ => pieces[one] = ["", "=", "\"", "\u{e9}", "&amp;", "=1 + ", "<!--"][random.below(7)],
            }
        }
        survive(pieces.concat().as_bytes());
    }
    for _ in 0..600 {
        let mut bytes = EVERYTHING.as_bytes().to_vec();
        for _ in 0..=random.below(6) {
            let at = random.below(bytes.len());
            match random.below(3) {
                0 => bytes[at] = random.next() as u8,
                1 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(1)),
            }
        }
        survive(&bytes);
    }
}

#[test]
fn a_model_that_is_too_large_is_refused_unread() {
    let refuse = |bytes: usize| parse("test.bpmn", &vec![b' '; bytes]).unwrap_err().items[0].message.clone();
    let message = refuse(limits::MAX_MODEL_BYTES + 1);
    assert!(message.contains("the limit is 16777216 bytes"), "{message}");
    assert!(!refuse(limits::MAX_MODEL_BYTES).contains("the limit"), "read, and no XML");
}

#[test]
fn long_values_of_the_model_are_not_repeated_whole() {
    let long = "x".repeat(limits::MAX_QUOTED_CHARS + 1);
    let text = after_start(&format!("<bpmn:exclusiveGateway id=\"e\" default=\"{long}\" />"));
    let remedy = &refused(&text).items[0].remedy;
    let kept = format!("{}...", "x".repeat(limits::MAX_QUOTED_CHARS));
    assert!(remedy.contains(&kept) && !remedy.contains(&long), "{remedy}");
}

#[test]
fn a_long_line_of_the_source_is_shown_around_the_fault() {
    let text = after_start(BROKEN_IN_A_LONG_LINE).replace("PADDING", &"y".repeat(5_000));
    let rendered = refused(&text).render(&text);
    let shown = rendered.lines().filter(|line| line.contains("yyy")).map(|line| line.chars().count()).max();
    let with_gutter = limits::MAX_RENDERED_LINE_CHARS + "... 12345 | ".len();
    assert!(shown.is_some_and(|chars| chars > 50 && chars <= with_gutter), "{shown:?}: {rendered}");
}

const BROKEN_IN_A_LONG_LINE: &str = "<!-- PADDING --><bpmn:inclusiveGateway id=\"e\" /><!-- PADDING -->";

#[test]
fn a_long_loop_names_its_first_elements() {
    let count = limits::MAX_LOOP_ELEMENTS_NAMED + 10;
    let mut body = "<bpmn:exclusiveGateway id=\"e\" />".to_owned();
    let mut last = "e".to_owned();
    for number in 1..=count {
        let _ = write!(
            body,
            "<bpmn:manualTask id=\"m{number}\" />\
             <bpmn:sequenceFlow id=\"g{number}\" sourceRef=\"{last}\" targetRef=\"m{number}\" />"
        );
        last = format!("m{number}");
    }
    let _ = write!(body, "<bpmn:sequenceFlow id=\"back\" sourceRef=\"{last}\" targetRef=\"e\" />");
    let message = refused(&after_start(&body)).items[0].message.clone();
    let named = message.split(" > ").filter(|name| *name != "...").count();
    assert!(message.contains(" > ... > "), "{message}");
    assert_eq!(named, limits::MAX_LOOP_ELEMENTS_NAMED + 1, "and the one it comes back to: {message}");
}
