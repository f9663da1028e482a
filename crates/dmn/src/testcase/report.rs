//! Results as text, JSON and JUnit XML.

use std::fmt::{self, Write as _};

use super::run::{CaseResult, NodeResult};

/// The results of one or more test files.
#[derive(Debug, Default)]
pub struct Report {
    /// By case, in the order they ran.
    pub cases: Vec<CaseResult>,
}

impl Report {
    /// How many test cases passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.cases.iter().filter(|case| case.passed()).count()
    }

    /// How many test cases failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.cases.len() - self.passed()
    }

    /// `{"passed", "failed", "cases": [{"file", "case", "node", "passed", "difference"}]}`; the two counts are test
    /// cases, the list has an entry for each result node.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = format!("{{\"passed\":{},\"failed\":{},\"cases\":[", self.passed(), self.failed());
        let mut first = true;
        for case in &self.cases {
            for node in &case.nodes {
                out.push_str(if first { "\n" } else { ",\n" });
                first = false;
                json_node(&mut out, case, node);
            }
        }
        out.push_str("]}");
        out
    }

    /// JUnit's XML: a suite for each file, a test for each case.
    #[must_use]
    pub fn to_junit(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let (all, failed) = (self.cases.len(), self.failed());
        let _ = writeln!(out, "<testsuites tests=\"{all}\" failures=\"{failed}\">");
        for suite in self.cases.chunk_by(|a, b| a.file == b.file) {
            let name = xml_escaped(&suite[0].file);
            let failed = suite.iter().filter(|case| !case.passed()).count();
            let _ = writeln!(
                out,
                "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failed}\">",
                suite.len()
            );
            for case in suite {
                junit_case(&mut out, &name, case);
            }
            out.push_str("  </testsuite>\n");
        }
        out.push_str("</testsuites>\n");
        out
    }
}

/// `passed / failed` by case with the difference, and the sum.
impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in &self.cases {
            let word = if case.passed() { "passed" } else { "failed" };
            writeln!(out, "{word}  {}  {}", case.file, case.case)?;
            for node in &case.nodes {
                if let Some(difference) = &node.difference {
                    writeln!(out, "        {}: {difference}", node.node)?;
                }
            }
        }
        write!(out, "{} passed, {} failed", self.passed(), self.failed())
    }
}

fn json_node(out: &mut String, case: &CaseResult, node: &NodeResult) {
    out.push_str("{\"file\":");
    json_string(out, &case.file);
    out.push_str(",\"case\":");
    json_string(out, &case.case);
    out.push_str(",\"node\":");
    json_string(out, &node.node);
    let _ = write!(out, ",\"passed\":{},\"difference\":", node.difference.is_none());
    match &node.difference {
        Some(difference) => json_string(out, difference),
        None => out.push_str("null"),
    }
    out.push('}');
}

fn json_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn junit_case(out: &mut String, class: &str, case: &CaseResult) {
    let _ = write!(out, "    <testcase classname=\"{class}\" name=\"{}\"", xml_escaped(&case.case));
    if case.passed() {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    for node in &case.nodes {
        if let Some(difference) = &node.difference {
            let text = xml_escaped(&format!("{}: {difference}", node.node));
            let _ = writeln!(out, "      <failure message=\"{text}\"/>");
        }
    }
    out.push_str("    </testcase>\n");
}

/// Text for an attribute; characters that XML cannot hold become U+FFFD.
fn xml_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            c if u32::from(c) < 0x20 || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let node = |difference: Option<&str>| NodeResult {
            node: "n".into(),
            difference: difference.map(Into::into),
        };
        let case = |id: &str, nodes| CaseResult { file: "f.xml".into(), case: id.into(), nodes };
        Report {
            cases: vec![case("1", vec![node(None)]), case("2", vec![node(None), node(Some("a < \"b\""))])],
        }
    }

    #[test]
    fn counts_are_test_cases_and_nodes_are_listed() {
        let report = report();
        assert_eq!((report.passed(), report.failed()), (1, 1));
        assert_eq!(
            report.to_json().replace('\n', ""),
            r#"{"passed":1,"failed":1,"cases":[{"file":"f.xml","case":"1","node":"n","passed":true,"difference":null},{"file":"f.xml","case":"2","node":"n","passed":true,"difference":null},{"file":"f.xml","case":"2","node":"n","passed":false,"difference":"a < \"b\""}]}"#
        );
    }

    #[test]
    fn junit_is_xml_with_the_difference() {
        let text = report().to_junit();
        let document = roxmltree::Document::parse(&text).unwrap();
        let failure = document.descendants().find(|n| n.has_tag_name("failure")).unwrap();
        assert_eq!(failure.attribute("message"), Some("n: a < \"b\""));
    }
}
