//! Facts that stand in the sources once, read from there: limits, calls of the two faces.

use crate::tree::Tree;

/// A limit of a crate.
#[derive(Debug)]
pub(crate) struct Limit {
    /// Where it stands.
    pub(crate) file: String,
    /// Its name, with the unit.
    pub(crate) name: String,
    /// Its value as it is written.
    pub(crate) value: String,
    /// What it limits.
    pub(crate) text: String,
}

/// A call of a contract.
#[derive(Debug)]
pub(crate) struct Call {
    /// Its name in the contract.
    pub(crate) name: String,
    /// How a REST call is asked: method and path. Empty for gRPC.
    pub(crate) route: String,
    /// Whether it is answered; otherwise clients are told that it is not built.
    pub(crate) is_built: bool,
}

/// The crate in whose folder a file is.
pub(crate) fn crate_of(file: &str) -> &str {
    file.strip_prefix("crates/").and_then(|rest| rest.split('/').next()).unwrap_or(file)
}

/// The public constants of every `limits.rs`.
pub(crate) fn limits(tree: &Tree) -> Vec<Limit> {
    let mut limits = Vec::new();
    for file in
        tree.rust().filter(|file| file.path.ends_with("/limits.rs") && file.path.starts_with("crates/"))
    {
        let mut text = String::new();
        for line in file.text.lines().map(str::trim) {
            if let Some(more) = line.strip_prefix("/// ") {
                text = format!("{text} {more}");
                continue;
            }
            let constant = line.strip_prefix("pub const ").and_then(|rest| rest.split_once(": "));
            if let Some((name, rest)) = constant
                && let Some((_, value)) = rest.split_once(" = ")
                && value.ends_with(';')
            {
                limits.push(Limit {
                    file: file.path.clone(),
                    name: name.to_owned(),
                    value: value.trim_end_matches(';').to_owned(),
                    text: text.trim().to_owned(),
                });
            }
            text.clear();
        }
    }
    limits
}

/// The RPCs of the gateway's contract, in its order.
pub(crate) fn rpcs(tree: &Tree) -> Vec<Call> {
    let gateway = tree.text("crates/api/src/grpc/gateway.rs");
    let contract = tree.text("crates/api/proto/gateway.proto");
    let names = names_of_rpcs(contract);
    let call = |name: &str| Call {
        name: name.to_owned(),
        route: String::new(),
        is_built: !gateway.contains(&format!("not_built(\"{name}\")")),
    };
    names.map(call).collect()
}

/// The RPCs that Weir offers beyond the contract.
pub(crate) fn own_rpcs(tree: &Tree) -> Vec<&str> {
    names_of_rpcs(tree.text("crates/api/proto/weir.proto")).collect()
}

fn names_of_rpcs(contract: &str) -> impl Iterator<Item = &str> {
    contract.lines().filter_map(|line| line.trim().strip_prefix("rpc ")?.split([' ', '(']).next())
}

/// The operations of the REST contract, in its order.
pub(crate) fn operations(tree: &Tree) -> Vec<Call> {
    let routes = tree.text("crates/api/src/rest/routes.rs");
    let table = tree.text("crates/api/src/rest/operations.rs");
    let (_, rows) = table.split_once("OPERATIONS: &[Operation] = &[").unwrap_or_default();
    let call = |row: &str| {
        let method = row.split([',', ' ']).next()?;
        let mut texts = row.split('"').skip(1).step_by(2);
        let (path, name) = (texts.next()?, texts.next()?);
        Some(Call {
            name: name.to_owned(),
            route: format!("{method} /v2{path}"),
            is_built: routes.contains(&format!("\"{name}\" => on(")),
        })
    };
    rows.split("Method::").skip(1).filter_map(call).collect()
}
