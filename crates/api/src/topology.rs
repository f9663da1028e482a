//! What both faces say about the server itself.

/// The version of the contract that both faces speak. Clients read it as the gateway's version and decide by it what
/// they may ask for, so it is the contract's and not Weir's own.
pub(crate) const CONTRACT_VERSION: &str = "8.9.0";
