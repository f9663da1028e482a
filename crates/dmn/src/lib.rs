//! DMN: XML to compiled decisions over FEEL. Pure.

mod diagnostic;
mod model;
mod read;
mod xml;

pub use diagnostic::{Diagnostic, Diagnostics, Place};
pub use xml::{MODEL_DEPTH_LIMIT, MODEL_NODE_LIMIT, MODEL_SIZE_LIMIT_BYTES};

#[cfg(test)]
mod tck_read {
    #[test]
    fn reads_all() {
        for e in glob("/work/shared/dmn-tck/TestCases") {
            let b = std::fs::read(&e).unwrap();
            if let Err(d) = super::read::read(&b) { println!("{e}: {d}"); }
        }
    }
    fn glob(d: &str) -> Vec<String> {
        let mut v = vec![];
        for e in std::fs::read_dir(d).unwrap() { let p = e.unwrap().path(); let s = p.to_str().unwrap().to_owned();
            if p.is_dir() { v.extend(glob(&s)); } else if s.ends_with(".dmn") { v.push(s); } }
        v
    }
}
